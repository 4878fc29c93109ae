/* MI_IPU in the oldest shape known: ten functions. edgedla's own header for its emulated board: not a vendor file.
 *
 *     MI_IPU_DevAttr_t device = {0};
 *     MI_IPUChnAttr_t attributes = {0};
 *     MI_IPU_TensorVector_t inputs, outputs;
 *     MI_IPU_CHN channel;
 *
 *     MI_SYS_Init();
 *     device.u32MaxVariableBufSize = what the build of the image says;
 *     MI_IPU_CreateDevice(&device, NULL, NULL, 0);
 *     attributes.u32InputBufDepth = attributes.u32OutputBufDepth = 1;
 *     MI_IPU_CreateCHN(&channel, &attributes, NULL, path);
 *     MI_IPU_GetInputTensors(channel, &inputs);
 *     MI_IPU_GetOutputTensors(channel, &outputs);
 *     ... fill inputs; MI_SYS_FlushInvCache, unless they are FP32; then, as often as needed: ...
 *     MI_IPU_Invoke(channel, &inputs, &outputs);
 *     ...
 *     MI_IPU_PutInputTensors(channel, &inputs);
 *     MI_IPU_PutOutputTensors(channel, &outputs);
 *     MI_IPU_DestroyCHN(channel);
 *     MI_IPU_DestroyDevice();
 *     MI_SYS_Exit();
 *
 * All functions return MI_SUCCESS or a number of IPU_ErrCode_e.
 */
#ifndef EDLA_BOARD_MI_IPU_H
#define EDLA_BOARD_MI_IPU_H

#include "mi_ipu_datatype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Once per program; NULL, NULL, 0 on chips whose firmware is loaded by the driver. */
MI_S32 MI_IPU_CreateDevice(MI_IPU_DevAttr_t *pstIPUDevAttr, SerializedReadFunc pReadFunc, char *pReadCtx,
                           MI_U32 FWSize);
MI_S32 MI_IPU_DestroyDevice(void);

/* [out] ptChnId. With pReadFunc NULL, pReadCtx is the path of the image. */
MI_S32 MI_IPU_CreateCHN(MI_IPU_CHN *ptChnId, MI_IPUChnAttr_t *pstChnAttr, SerializedReadFunc pReadFunc,
                        char *pReadCtx);
MI_S32 MI_IPU_DestroyCHN(MI_IPU_CHN u32ChnId);

MI_S32 MI_IPU_GetInOutTensorDesc(MI_IPU_CHN u32ChnId, MI_IPU_SubNet_InputOutputDesc_t *pstDesc);

/* Take a set of the channel's buffers, and put it back. */
MI_S32 MI_IPU_GetInputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstInputTensorVector);
MI_S32 MI_IPU_PutInputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstInputTensorVector);
MI_S32 MI_IPU_GetOutputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstOutputTensorVector);
MI_S32 MI_IPU_PutOutputTensors(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstOutputTensorVector);

/* Run once, and wait for it. The run may overwrite FP32 inputs. */
MI_S32 MI_IPU_Invoke(MI_IPU_CHN u32ChnId, MI_IPU_TensorVector_t *pstInputTensorVector,
                     MI_IPU_TensorVector_t *pstOutputTensorVector);

#ifdef __cplusplus
}
#endif

#endif
