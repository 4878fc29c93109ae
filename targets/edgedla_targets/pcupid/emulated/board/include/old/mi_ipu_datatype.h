/* Types of MI_IPU in the oldest shape known. edgedla's own header for its emulated board: not a vendor file. */
#ifndef EDLA_BOARD_MI_IPU_DATATYPE_H
#define EDLA_BOARD_MI_IPU_DATATYPE_H

#include "mi_common_datatype.h"

#define MI_IPU_MAX_TENSOR_DIM 8
#define MI_IPU_MAX_INPUT_TENSOR_CNT 13
#define MI_IPU_MAX_OUTPUT_TENSOR_CNT 13
#define MI_IPU_MAX_TENSOR_CNT 13 /* the larger of both */
#define MAX_TENSOR_NAME_LEN 256
#define MAX_IPU_INPUT_OUTPUT_BUF_DEPTH 3

typedef MI_U32 MI_IPU_CHN;

/* Copies `size` bytes from `offset` of an image to `dst_buf`; a negative result says that it could not. */
typedef int (*SerializedReadFunc)(void *dst_buf, int offset, int size, char *ctx);

typedef enum {
    E_IPU_ERR_INVALID_CHNID = 1,
    E_IPU_ERR_CHNID_EXIST = 2,
    E_IPU_ERR_CHNID_UNEXIST = 3,
    E_IPU_ERR_NOMEM = 4,
    E_IPU_ERR_NOBUF = 5,
    E_IPU_ERR_BADADDR = 6,
    E_IPU_ERR_SYS_TIMEOUT = 7,
    E_IPU_ERR_FILE_OPERATION = 8,
    E_IPU_ERR_ILLEGAL_TENSOR_BUFFER_SIZE = 9,
    E_IPU_ERR_ILLEGAL_BUFFER_DEPTH = 10,
    E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_DESC = 11,
    E_IPU_ERR_ILLEGAL_INPUT_OUTPUT_PARAM = 12,
    E_IPU_ERR_MAP = 13,
    E_IPU_ERR_INIT_FIRMWARE = 14,
    E_IPU_ERR_CREATE_CHANNEL = 15,
    E_IPU_ERR_DESTROY_CHANNEL = 16,
    E_IPU_ERR_INVOKE = 17,
    E_IPU_ERR_SET_MALLOC_REGION = 18,
    E_IPU_ERR_SET_IPU_PARAMETER = 19,
    E_IPU_ERR_INVALID_PITCH_ALIGNMENT = 20,
    E_IPU_ERR_NO_CREATED_IPU_DEVICE = 21,
    E_IPU_ERR_FAILED = 22 /* whatever later headers have a number of its own for */
} IPU_ErrCode_e;

typedef enum {
    MI_IPU_FORMAT_U8 = 0,
    MI_IPU_FORMAT_NV12 = 1,
    MI_IPU_FORMAT_INT16 = 2,
    MI_IPU_FORMAT_INT32 = 3,
    MI_IPU_FORMAT_INT8 = 4,
    MI_IPU_FORMAT_FP32 = 5,
    MI_IPU_FORMAT_UNKNOWN = 6
} MI_IPU_ELEMENT_FORMAT;

typedef struct {
    MI_U32 u32TensorDim;              /* dimensions in u32TensorShape */
    MI_IPU_ELEMENT_FORMAT eElmFormat; /* of one element */
    MI_U32 u32TensorShape[MI_IPU_MAX_TENSOR_DIM];
    MI_S8 name[MAX_TENSOR_NAME_LEN];
} MI_IPU_TensorDesc_t;

typedef struct {
    MI_U32 u32InputTensorCount;
    MI_U32 u32OutputTensorCount;
    MI_IPU_TensorDesc_t astMI_InputTensorDescs[MI_IPU_MAX_INPUT_TENSOR_CNT];
    MI_IPU_TensorDesc_t astMI_OutputTensorDescs[MI_IPU_MAX_OUTPUT_TENSOR_CNT];
} MI_IPU_SubNet_InputOutputDesc_t;

typedef struct {
    void *ptTensorData[2];    /* for the CPU; [1] only for second planes */
    MI_PHY phyTensorAddr[2];  /* for the IPU, 64-byte aligned */
} MI_IPU_Tensor_t;

typedef struct {
    MI_U32 u32TensorCount;
    MI_IPU_Tensor_t astArrayTensors[MI_IPU_MAX_TENSOR_CNT];
} MI_IPU_TensorVector_t;

typedef struct {
    MI_U32 u32MaxVariableBufSize;       /* bytes of intermediates, the largest need of all images */
    MI_U32 u32YUV420_W_Pitch_Alignment; /* unused */
    MI_U32 u32YUV420_H_Pitch_Alignment; /* unused */
    MI_U32 u32XRGB_W_Pitch_Alignment;   /* unused */
} MI_IPU_DevAttr_t;

typedef struct {
    MI_U32 u32SubNetId;
    MI_U32 u32OutputBufDepth; /* sets of output buffers that the channel owns; 0: the caller brings them */
    MI_U32 u32InputBufDepth;  /* the same for inputs */
} MI_IPUChnAttr_t;

#endif
