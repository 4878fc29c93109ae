/* libmi_ipu of the emulated board: device, channels, tensors. edgedla's own: not a vendor file, no hardware. */
#include "mi_ipu.h"

#include <string.h>

#include "edla_board.h"
#include "edla_board_ipu.h"

#define FAILED E_IPU_ERR_FAILED

/* ---- tensors ---- */

/* The count as it is, and as many tensors as there can be. */
static void put_vector(const MI_IPU_TensorVector_t *vector)
{
    MI_U32 count = vector->u32TensorCount;

    edla_board_put(count);
    edla_board_put_tensors(vector->astArrayTensors, count < MI_IPU_MAX_TENSOR_CNT ? count : MI_IPU_MAX_TENSOR_CNT);
}

static MI_S32 get_tensors(const char *name, MI_IPU_CHN channel, MI_IPU_TensorVector_t *vector)
{
    MI_S32 result;

    if (vector == NULL)
        return edla_board_null(name, FAILED);
    edla_board_begin(name);
    edla_board_put(channel);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS)
        vector->u32TensorCount = edla_board_take_tensors(vector->astArrayTensors, MI_IPU_MAX_TENSOR_CNT);
    return edla_board_end(result, FAILED);
}

static MI_S32 put_back(const char *name, MI_IPU_CHN channel, const MI_IPU_TensorVector_t *vector)
{
    MI_S32 result;

    if (vector == NULL)
        return edla_board_null(name, FAILED);
    edla_board_begin(name);
    edla_board_put(channel);
    put_vector(vector);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

/* ---- descriptors ---- */

/* All of the newest shape is on the wire; older shapes leave out what they have no member for. */
static void take_descriptor(MI_IPU_TensorDesc_t *tensor)
{
    MI_U32 i;

    memset(tensor, 0, sizeof *tensor);
    tensor->u32TensorDim = (MI_U32)edla_board_take();
    for (i = 0; i < tensor->u32TensorDim && i < MI_IPU_MAX_TENSOR_DIM; i++)
        tensor->u32TensorShape[i] = (MI_U32)edla_board_take();
    tensor->eElmFormat = (MI_IPU_ELEMENT_FORMAT)edla_board_take();
    edla_board_take_text((char *)tensor->name, sizeof tensor->name);
#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT
    tensor->u32InnerMostStride = (MI_U32)edla_board_take();
    {
        uint32_t bits = (uint32_t)edla_board_take();
        memcpy(&tensor->fScalar, &bits, sizeof tensor->fScalar);
    }
    tensor->s64ZeroPoint = (MI_S64)edla_board_take();
    tensor->s32AlignedBufSize = (MI_S32)edla_board_take();
    tensor->u32BufSize = (MI_U32)edla_board_take();
    tensor->u32InputWidthAlignment = (MI_U32)edla_board_take();
    tensor->u32InputHeightAlignment = (MI_U32)edla_board_take();
    tensor->eLayoutType = (MI_IPU_LayoutType_e)edla_board_take();
#else
    for (i = 0; i < 8; i++)
        edla_board_take();
#endif
}

static MI_U32 take_descriptors(MI_IPU_TensorDesc_t *tensors, MI_U32 most)
{
    uint64_t count = edla_board_take(), i;

    for (i = 0; i < count && i < most; i++)
        take_descriptor(&tensors[i]);
    return (MI_U32)i;
}

MI_S32 MI_IPU_GetInOutTensorDesc(MI_IPU_CHN u32ChnId, MI_IPU_SubNet_InputOutputDesc_t *pstDesc)
{
    MI_S32 result;

    if (pstDesc == NULL)
        return edla_board_null("MI_IPU_GetInOutTensorDesc", FAILED);
    edla_board_begin("MI_IPU_GetInOutTensorDesc");
    edla_board_put(u32ChnId);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS) {
        pstDesc->u32InputTensorCount =
            take_descriptors(pstDesc->astMI_InputTensorDescs, MI_IPU_MAX_INPUT_TENSOR_CNT);
        pstDesc->u32OutputTensorCount =
            take_descriptors(pstDesc->astMI_OutputTensorDescs, MI_IPU_MAX_OUTPUT_TENSOR_CNT);
    }
    return edla_board_end(result, FAILED);
}

/* ---- device and channels ---- */

MI_S32 MI_IPU_CreateDevice(MI_IPU_DevAttr_t *pstIPUDevAttr, SerializedReadFunc pReadFunc, char *pReadCtx,
                           MI_U32 FWSize)
{
    MI_S32 result;

    (void)pReadFunc; /* firmware: the emulated board needs none */
    (void)pReadCtx;
    (void)FWSize;
    if (pstIPUDevAttr == NULL)
        return edla_board_null("MI_IPU_CreateDevice", FAILED);
    edla_board_begin("MI_IPU_CreateDevice");
    edla_board_put(pstIPUDevAttr->u32MaxVariableBufSize);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_IPU_DestroyDevice(void)
{
    MI_S32 result;

    edla_board_begin("MI_IPU_DestroyDevice");
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_IPU_CreateCHN(MI_IPU_CHN *ptChnId, MI_IPUChnAttr_t *pstChnAttr, SerializedReadFunc pReadFunc,
                        char *pReadCtx)
{
    edla_board_image image = edla_board_image_of(pReadFunc, pReadCtx);
    MI_S32 result;

    if (ptChnId == NULL || pstChnAttr == NULL || (pReadFunc == NULL && pReadCtx == NULL))
        return edla_board_null("MI_IPU_CreateCHN", FAILED);
    edla_board_begin("MI_IPU_CreateCHN");
    edla_board_put_attributes(pstChnAttr);
    result = edla_board_run(&image);
    if (result == MI_SUCCESS)
        *ptChnId = (MI_IPU_CHN)edla_board_take();
    return edla_board_end(result, FAILED);
}

MI_S32 MI_IPU_DestroyCHN(MI_IPU_CHN u32ChnId)
{
    MI_S32 result;

    edla_board_begin("MI_IPU_DestroyCHN");
    edla_board_put(u32ChnId);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

/* ---- running ---- */

MI_S32 MI_IPU_GetInputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstInputTensorVector)
{
    return get_tensors("MI_IPU_GetInputTensors", u32ChnId, pstInputTensorVector);
}

MI_S32 MI_IPU_PutInputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstInputTensorVector)
{
    return put_back("MI_IPU_PutInputTensors", u32ChnId, pstInputTensorVector);
}

MI_S32 MI_IPU_GetOutputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstOutputTensorVector)
{
    return get_tensors("MI_IPU_GetOutputTensors", u32ChnId, pstOutputTensorVector);
}

MI_S32 MI_IPU_PutOutputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstOutputTensorVector)
{
    return put_back("MI_IPU_PutOutputTensors", u32ChnId, pstOutputTensorVector);
}

MI_S32 MI_IPU_Invoke(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstInputTensorVector,
                     MI_IPU_TensorVector_t *pstOutputTensorVector)
{
    MI_S32 result;

    if (pstInputTensorVector == NULL || pstOutputTensorVector == NULL)
        return edla_board_null("MI_IPU_Invoke", FAILED);
    edla_board_begin("MI_IPU_Invoke");
    edla_board_put(u32ChnId);
    put_vector(pstInputTensorVector);
    put_vector(pstOutputTensorVector);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}
