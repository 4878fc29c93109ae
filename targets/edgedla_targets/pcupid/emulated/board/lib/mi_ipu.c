/* libmi_ipu of the emulated board: device, channels, tensors. edgedla's own: not a vendor file, no hardware. */
#define _POSIX_C_SOURCE 200809L

#include "mi_ipu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "edla_board.h"

#define FAILED E_IPU_ERR_FAILED

/* ---- images ---- */

/* Reads all that is asked for, of a file whose path is `context`. */
static int read_file(void *to, int offset, int size, char *context)
{
    char *next = to;
    int fd = open(context, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    while (size > 0) {
        ssize_t got = pread(fd, next, (size_t)size, offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        next += got;
        offset += (int)got;
        size -= (int)got;
    }
    close(fd);
    return size == 0 ? 0 : -1;
}

static edla_board_image image_of(SerializedReadFunc read, char *context)
{
    edla_board_image image;

    image.read = read != NULL ? read : read_file;
    image.context = context;
    return image;
}

/* ---- tensors ---- */

static void put_tensors(const MI_IPU_Tensor_t *tensors, MI_U32 count)
{
    MI_U32 i;

    for (i = 0; i < count; i++) {
        edla_board_put((uintptr_t)tensors[i].ptTensorData[0]);
        edla_board_put(tensors[i].phyTensorAddr[0]);
    }
}

/* The count as it is, and as many tensors as there can be. */
static void put_vector(const MI_IPU_TensorVector_t *vector)
{
    MI_U32 count = vector->u32TensorCount;

    edla_board_put(count);
    put_tensors(vector->astArrayTensors, count < MI_IPU_MAX_TENSOR_CNT ? count : MI_IPU_MAX_TENSOR_CNT);
}

/* A count, and that many tensors; more than `most` are left in the answer, which is an error at its end. */
static MI_U32 take_tensors(MI_IPU_Tensor_t *tensors, MI_U32 most)
{
    uint64_t count = edla_board_take(), i;

    for (i = 0; i < count && i < most; i++) {
        memset(&tensors[i], 0, sizeof tensors[i]);
        tensors[i].ptTensorData[0] = (void *)(uintptr_t)edla_board_take();
        tensors[i].phyTensorAddr[0] = edla_board_take();
    }
    return (MI_U32)i;
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
        vector->u32TensorCount = take_tensors(vector->astArrayTensors, MI_IPU_MAX_TENSOR_CNT);
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

static void put_attributes(const MI_IPUChnAttr_t *attributes)
{
    edla_board_put(attributes->u32SubNetId);
    edla_board_put(attributes->u32OutputBufDepth);
    edla_board_put(attributes->u32InputBufDepth);
#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT
    edla_board_put(attributes->u32BatchMax);
#else
    edla_board_put(1);
#endif
}

MI_S32 MI_IPU_CreateCHN(MI_IPU_CHN *ptChnId, MI_IPUChnAttr_t *pstChnAttr, SerializedReadFunc pReadFunc,
                        char *pReadCtx)
{
    edla_board_image image = image_of(pReadFunc, pReadCtx);
    MI_S32 result;

    if (ptChnId == NULL || pstChnAttr == NULL || (pReadFunc == NULL && pReadCtx == NULL))
        return edla_board_null("MI_IPU_CreateCHN", FAILED);
    edla_board_begin("MI_IPU_CreateCHN");
    put_attributes(pstChnAttr);
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

#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT

/* ---- calls of newer headers ---- */

static void take_information(MI_IPU_OfflineModelStaticInfo_t *information)
{
    uint64_t types, i;

    memset(information, 0, sizeof *information);
    information->u32VariableBufferSize = (MI_U32)edla_board_take();
    information->u32OfflineModelSize = (MI_U32)edla_board_take();
    information->eBatchMode = (MI_IPU_BatchMode_e)edla_board_take();
    types = edla_board_take();
    for (i = 0; i < types && i < MI_IPU_MAX_BATCH_TYPE_NUM; i++)
        information->au32BatchNumTypes[i] = (MI_U32)edla_board_take();
    information->u32TotalBatchNumTypes = (MI_U32)i;
    information->eIpuWorkMode = E_IPU_IPU_WORK_MODE_SINGLECORE;
}

MI_S32 MI_IPU_GetOfflineModeStaticInfo(SerializedReadFunc pReadFunc, char *pReadCtx,
                                       MI_IPU_OfflineModelStaticInfo_t *pStaticInfo)
{
    edla_board_image image = image_of(pReadFunc, pReadCtx);
    MI_S32 result;

    if (pStaticInfo == NULL || (pReadFunc == NULL && pReadCtx == NULL))
        return edla_board_null("MI_IPU_GetOfflineModeStaticInfo", FAILED);
    edla_board_begin("MI_IPU_GetOfflineModeStaticInfo");
    edla_board_put(1); /* an image can be asked for */
    result = edla_board_run(&image);
    if (result == MI_SUCCESS)
        take_information(pStaticInfo);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_IPU_CreateCHNWithUserMem(MI_IPU_CHN *ptChnId, MI_IPUChnAttr_t *pstChnAttr, MI_PHY u64ModelPA)
{
    MI_S32 result;

    if (ptChnId == NULL || pstChnAttr == NULL)
        return edla_board_null("MI_IPU_CreateCHNWithUserMem", FAILED);
    edla_board_begin("MI_IPU_CreateCHNWithUserMem");
    put_attributes(pstChnAttr);
    edla_board_put(u64ModelPA);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS)
        *ptChnId = (MI_IPU_CHN)edla_board_take();
    return edla_board_end(result, FAILED);
}

static void put_parameters(const MI_IPU_BatchInvokeParam_t *parameters)
{
    edla_board_put(parameters->u64VarBufPhyAddr);
    edla_board_put(parameters->u32VarBufSize);
    edla_board_put(parameters->u32BatchN);
    edla_board_put((uint64_t)(int64_t)parameters->s32TaskPrio);
    edla_board_put(parameters->u32IpuAffinity);
    put_tensors(parameters->astArrayTensors, MI_IPU_MAX_BATCH_TENSOR_CNT);
}

/* The answer says from where on in the array the tensors go: outputs come behind inputs. */
static MI_S32 get_tensors_2(const char *name, MI_IPU_CHN channel, MI_IPU_BatchInvokeParam_t *parameters)
{
    MI_S32 result;

    if (parameters == NULL)
        return edla_board_null(name, FAILED);
    edla_board_begin(name);
    edla_board_put(channel);
    edla_board_put(parameters->u32BatchN);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS) {
        uint64_t start = edla_board_take();

        if (start <= MI_IPU_MAX_BATCH_TENSOR_CNT)
            take_tensors(parameters->astArrayTensors + start, MI_IPU_MAX_BATCH_TENSOR_CNT - (MI_U32)start);
    }
    return edla_board_end(result, FAILED);
}

static MI_S32 put_back_2(const char *name, MI_IPU_CHN channel, const MI_IPU_BatchInvokeParam_t *parameters)
{
    MI_S32 result;

    if (parameters == NULL)
        return edla_board_null(name, FAILED);
    edla_board_begin(name);
    edla_board_put(channel);
    put_parameters(parameters);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

static MI_S32 invoke_2(const char *name, MI_IPU_CHN channel, const MI_IPU_BatchInvokeParam_t *parameters,
                       MI_IPU_RuntimeInfo_t *information)
{
    MI_S32 result;

    if (parameters == NULL || information == NULL)
        return edla_board_null(name, FAILED);
    edla_board_begin(name);
    edla_board_put(channel);
    put_parameters(parameters);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS) {
        memset(information, 0, sizeof *information); /* traffic on its bus is nothing that an emulator knows */
        information->u64IpuTime = edla_board_take();
    }
    return edla_board_end(result, FAILED);
}

MI_S32 MI_IPU_GetInputTensors2(MI_IPU_CHN u32ChnId, MI_IPU_BatchInvokeParam_t *pstInvokeParam)
{
    return get_tensors_2("MI_IPU_GetInputTensors2", u32ChnId, pstInvokeParam);
}

MI_S32 MI_IPU_PutInputTensors2(MI_IPU_CHN u32ChnId, MI_IPU_BatchInvokeParam_t *pstInvokeParam)
{
    return put_back_2("MI_IPU_PutInputTensors2", u32ChnId, pstInvokeParam);
}

MI_S32 MI_IPU_GetOutputTensors2(MI_IPU_CHN u32ChnId, MI_IPU_BatchInvokeParam_t *pstInvokeParam)
{
    return get_tensors_2("MI_IPU_GetOutputTensors2", u32ChnId, pstInvokeParam);
}

MI_S32 MI_IPU_PutOutputTensors2(MI_IPU_CHN u32ChnId, MI_IPU_BatchInvokeParam_t *pstInvokeParam)
{
    return put_back_2("MI_IPU_PutOutputTensors2", u32ChnId, pstInvokeParam);
}

MI_S32 MI_IPU_Invoke2(MI_IPU_CHN u32ChnId, MI_IPU_BatchInvokeParam_t *pstInvokeParam,
                      MI_IPU_RuntimeInfo_t *pstRuntimeInfo)
{
    return invoke_2("MI_IPU_Invoke2", u32ChnId, pstInvokeParam, pstRuntimeInfo);
}

MI_S32 MI_IPU_Invoke2Custom(MI_IPU_CHN u32ChnId, MI_IPU_BatchInvokeParam_t *pstInvokeParam,
                            MI_IPU_RuntimeInfo_t *pstRuntimeInfo)
{
    return invoke_2("MI_IPU_Invoke2Custom", u32ChnId, pstInvokeParam, pstRuntimeInfo);
}

#endif
