/* libmi_ipu of the emulated board: calls that only newer headers have. edgedla's own: not a vendor file, no hardware. */
#include "mi_ipu.h"

#include <string.h>

#include "edla_board.h"
#include "edla_board_ipu.h"

#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT

#define FAILED E_IPU_ERR_FAILED

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
    edla_board_image image = edla_board_image_of(pReadFunc, pReadCtx);
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
    edla_board_put_attributes(pstChnAttr);
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
    edla_board_put_tensors(parameters->astArrayTensors, MI_IPU_MAX_BATCH_TENSOR_CNT);
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
            edla_board_take_tensors(parameters->astArrayTensors + start, MI_IPU_MAX_BATCH_TENSOR_CNT - (MI_U32)start);
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
