/* Types of MI_IPU in the shape of header version v1.0.3. edgedla's own header for its emulated board: not a vendor file. */
#ifndef EDLA_BOARD_MI_IPU_DATATYPE_H
#define EDLA_BOARD_MI_IPU_DATATYPE_H

#include "mi_common_datatype.h"

#define MI_IPU_HEAD_VER "v1.0.3"
#define MI_IPU_MAX_TENSOR_DIM 10
#define MI_IPU_MAX_INPUT_TENSOR_CNT 60
#define MI_IPU_MAX_OUTPUT_TENSOR_CNT 60
#define MI_IPU_MAX_TENSOR_CNT 60 /* the larger of both */
#define MAX_TENSOR_NAME_LEN 256
#define MAX_IPU_INPUT_OUTPUT_BUF_DEPTH 3
#define MI_IPU_MAX_BATCH_TYPE_NUM 10
#define MI_IPU_MAX_BATCH_TENSOR_CNT 256

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
    E_IPU_ERR_GET_IPU_VERSION = 22,
    E_IPU_ERR_MISMATCH_IPU_HEAD_FILE = 23,
    E_IPU_ERR_NO_SUPPORT_REQ = 24,
    E_IPU_ERR_FAILED = 25,
    E_IPU_ERR_SEND_REQUEST = 26,
    E_IPU_ERR_GET_FIRMWARE_INFO = 27,
    E_IPU_ERR_INVALID_IPUCORE_BOOTING_PARAM = 28,
    E_IPU_ERR_INVALID_IPUCORE_SHUTDOWNING_PARAM = 29,
    E_IPU_ERR_NO_MULTICORE_ENV = 30,
    E_IPU_ERR_INVALID_TASK_PRIORITY = 31,
    E_IPU_ERR_DEV_SHUTDOWN = 32,
    E_IPU_ERR_DEV_FAIL_RESET = 33,
    E_IPU_ERR_DEV_FAIL_SHUTDOWN = 34,
    E_IPU_ERR_NO_AVAILABLE_DEV = 35,
    E_IPU_ERR_RESET_OFF = 36,
    E_IPU_ERR_INVALID_BATCH_NUM = 37,
    E_IPU_ERR_BATCH_TYPE = 38,
    E_IPU_ERR_BATCH_MODE = 39,
    E_IPU_ERR_NO_AVAILABLE_BATCH_MODE = 40,
    E_IPU_ERR_IPU_HANG = 41,
    E_IPU_ERR_NO_RESET_DEV = 42,
    E_IPU_ERR_NO_BATCH_PARAM = 43,
    E_IPU_ERR_INVALID_MODEL_BUFFER = 44,
    E_IPU_ERR_INVALID_VARIABLE_BUFFER = 45,
    E_IPU_ERR_NOT_ASSIGN_CORE = 46,
    E_IPU_ERR_SWDISP_NOT_REGISTER = 47,
    E_IPU_ERR_SWDISP_NOT_FIND_TASKID = 48,
    E_IPU_ERR_SWDISP_INVALID_PARAM = 49,
    E_IPU_ERR_SWDISP_UNEXPECTED = 50,
    E_IPU_ERR_SWDISP_UNKNOWN = 51,
    E_IPU_ERR_BAD_PHY_ADDR_ALIGNMENT = 52,
    E_IPU_ERR_MISMATCH_INVOKE_FUNC = 53,
    E_IPU_ERR_MISMATCH_MODEL = 54,
    E_IPU_ERR_NO_AVAILABLE_CHNID = 256
} IPU_ErrCode_e;

typedef enum {
    MI_IPU_FORMAT_U8 = 0,
    MI_IPU_FORMAT_NV12 = 1,
    MI_IPU_FORMAT_INT16 = 2,
    MI_IPU_FORMAT_INT32 = 3,
    MI_IPU_FORMAT_INT8 = 4,
    MI_IPU_FORMAT_FP32 = 5,
    MI_IPU_FORMAT_UNKNOWN = 6,
    MI_IPU_FORMAT_ARGB8888 = 7,
    MI_IPU_FORMAT_ABGR8888 = 8,
    MI_IPU_FORMAT_GRAY = 9,
    MI_IPU_FORMAT_COMPLEX64 = 10
} MI_IPU_ELEMENT_FORMAT;

typedef enum {
    E_IPU_BATCH_N_BUF_MODE = 0,
    E_IPU_BATCH_ONE_BUF_MODE = 1
} MI_IPU_BatchMode_e;

typedef enum {
    E_IPU_LAYOUT_TYPE_NHWC = 0,
    E_IPU_LAYOUT_TYPE_NCHW = 1
} MI_IPU_LayoutType_e;

typedef enum {
    E_IPU_IPU_WORK_MODE_SINGLECORE = 0,
    E_IPU_IPU_WORK_MODE_MULTICORE = 1
} MI_IPU_IpuWorkMode_e;

typedef struct {
    MI_U32 u32TensorDim;                         /* dimensions in u32TensorShape */
    MI_IPU_ELEMENT_FORMAT eElmFormat;            /* of one element */
    MI_U32 u32TensorShape[MI_IPU_MAX_TENSOR_DIM];
    char name[MAX_TENSOR_NAME_LEN];
    MI_U32 u32InnerMostStride;                   /* bytes of the innermost dimension, with padding */
    MI_FLOAT fScalar;                            /* value = element * fScalar */
    MI_S64 s64ZeroPoint;                         /* element that stands for 0 */
    MI_S32 s32AlignedBufSize;                    /* bytes of a buffer for it */
    MI_U32 u32BufSize;                           /* bytes of its elements */
    MI_U32 u32InputWidthAlignment;               /* of image inputs */
    MI_U32 u32InputHeightAlignment;              /* of image inputs */
    MI_IPU_LayoutType_e eLayoutType;             /* of 4-D tensors */
    MI_U32 au32Reserve[4];
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
    MI_U32 au32Reserve[8];
} MI_IPU_DevAttr_t;

typedef struct {
    MI_U32 u32SubNetId;
    MI_U32 u32OutputBufDepth; /* sets of output buffers that the channel owns; 0: the caller brings them */
    MI_U32 u32InputBufDepth;  /* the same for inputs */
    MI_U32 u32BatchMax;
    MI_U32 au32Reserve[8];
} MI_IPUChnAttr_t;

typedef struct {
    MI_PHY u64VarBufPhyAddr; /* of MI_IPU_Invoke2Custom: a buffer for intermediates */
    MI_U32 u32VarBufSize;
    MI_U32 u32BatchN;
    MI_S32 s32TaskPrio;      /* -10 to -1 real time, 0 to 39 normal; smaller is more urgent */
    MI_U32 u32IpuAffinity;   /* 0: whichever core is free, else a mask of cores */
    MI_IPU_Tensor_t astArrayTensors[MI_IPU_MAX_BATCH_TENSOR_CNT]; /* inputs, then outputs */
    MI_U32 au32Reserve[8];
} MI_IPU_BatchInvokeParam_t;

typedef struct {
    MI_U64 u64BandWidth;
    MI_U64 u64IpuTime;         /* microseconds */
    MI_U64 u64BandWidthRead;
    MI_U64 u64BandWidthWrite;
    MI_U32 au32Reserve[8];
} MI_IPU_RuntimeInfo_t;

typedef struct {
    MI_U32 u32VariableBufferSize; /* bytes of intermediates that the image needs */
    MI_U32 u32OfflineModelSize;   /* bytes of the image */
    MI_IPU_BatchMode_e eBatchMode;
    MI_U32 u32TotalBatchNumTypes; /* in au32BatchNumTypes */
    MI_U32 au32BatchNumTypes[MI_IPU_MAX_BATCH_TYPE_NUM];
    MI_IPU_IpuWorkMode_e eIpuWorkMode;
    MI_U32 au32Reserve[8];
} MI_IPU_OfflineModelStaticInfo_t;

#endif
