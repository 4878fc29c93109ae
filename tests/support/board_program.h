/* What the small programs of the board's tests are written with. `image` is a path, `in` and `out` are tensors. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mi_common_datatype.h"
#include "mi_sys_datatype.h"
#include "mi_sys.h"
#include "mi_ipu.h"

#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT
#define INIT() MI_SYS_Init(0)
#define EXIT() MI_SYS_Exit(0)
#define ALLOC(size, to) MI_SYS_MMA_Alloc(0, NULL, size, to)
#define FREE(phy) MI_SYS_MMA_Free(0, phy)
#define COPY(to, from, size) MI_SYS_MemcpyPa(0, to, from, size)
#else
#define INIT() MI_SYS_Init()
#define EXIT() MI_SYS_Exit()
#define ALLOC(size, to) MI_SYS_MMA_Alloc(NULL, size, to)
#define FREE(phy) MI_SYS_MMA_Free(phy)
#define COPY(to, from, size) MI_SYS_MemcpyPa(to, from, size)
#endif

/* A call that must succeed, and one whose result the test looks at. */
#define OK(call)                                       \
    do {                                               \
        MI_S32 r_ = (call);                            \
        if (r_ != 0) {                                 \
            printf("%s: %d\n", #call, (int)r_);        \
            exit(99);                                  \
        }                                              \
    } while (0)
#define SAY(call) printf("%d\n", (int)(call))

static MI_IPU_CHN channel;
static MI_IPU_TensorVector_t in, out;
static MI_IPU_SubNet_InputOutputDesc_t descriptor;

static MI_S32 device(MI_U32 variable)
{
    MI_IPU_DevAttr_t attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.u32MaxVariableBufSize = variable;
    return MI_IPU_CreateDevice(&attributes, NULL, NULL, 0);
}

static MI_IPUChnAttr_t depths(MI_U32 inputs, MI_U32 outputs)
{
    MI_IPUChnAttr_t attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.u32InputBufDepth = inputs;
    attributes.u32OutputBufDepth = outputs;
    return attributes;
}

static MI_S32 create(char *image, MI_U32 inputs, MI_U32 outputs)
{
    MI_IPUChnAttr_t attributes = depths(inputs, outputs);

    return MI_IPU_CreateCHN(&channel, &attributes, NULL, image);
}

/* MI_SYS, device and channel; then tensors as well. */
static void start(char *image, MI_U32 depth)
{
    OK(INIT());
    OK(device(1 << 20));
    OK(create(image, depth, depth));
}

static void take(char *image)
{
    start(image, 1);
    OK(MI_IPU_GetInputTensors(channel, &in));
    OK(MI_IPU_GetOutputTensors(channel, &out));
}

static void put_back(void)
{
    OK(MI_IPU_PutInputTensors(channel, &in));
    OK(MI_IPU_PutOutputTensors(channel, &out));
}

/* All that `start` made; with `finish`, the tensors before it. */
static void stop(void)
{
    OK(MI_IPU_DestroyCHN(channel));
    OK(MI_IPU_DestroyDevice());
    OK(EXIT());
}

static void finish(void)
{
    put_back();
    stop();
}

/* Mapped memory, and a vector of one tensor that lies in it. */
static void *memory(MI_U32 size, MI_BOOL cached, MI_PHY *physical)
{
    void *bytes;

    OK(ALLOC(size, physical));
    OK(MI_SYS_Mmap(*physical, size, &bytes, cached));
    return bytes;
}

static MI_IPU_TensorVector_t vector(void *bytes, MI_PHY physical)
{
    MI_IPU_TensorVector_t made;

    memset(&made, 0, sizeof made);
    made.u32TensorCount = 1;
    made.astArrayTensors[0].ptTensorData[0] = bytes;
    made.astArrayTensors[0].phyTensorAddr[0] = physical;
    return made;
}

static void release(void *bytes, MI_U32 size, MI_PHY physical)
{
    OK(MI_SYS_Munmap(bytes, size));
    OK(FREE(physical));
}

/* Rounds from stdin to stdout. argv: case, image, inputs, outputs, rounds, then bytes of each input and output. */
static void feed(char **argv, int flush_outputs)
{
    int inputs = atoi(argv[3]), outputs = atoi(argv[4]), rounds = atoi(argv[5]), i;
    char **sizes = argv + 6;

    OK(MI_IPU_GetInOutTensorDesc(channel, &descriptor));
    while (rounds-- > 0) {
        for (i = 0; i < inputs; i++) {
            size_t size = (size_t)atol(sizes[i]);
            void *bytes = in.astArrayTensors[i].ptTensorData[0];

            if (fread(bytes, 1, size, stdin) != size)
                exit(97);
            if (descriptor.astMI_InputTensorDescs[i].eElmFormat != MI_IPU_FORMAT_FP32)
                OK(MI_SYS_FlushInvCache(bytes, (MI_U32)size));
        }
        OK(MI_IPU_Invoke(channel, &in, &out));
        for (i = 0; i < outputs; i++) {
            size_t size = (size_t)atol(sizes[inputs + i]);
            void *bytes = out.astArrayTensors[i].ptTensorData[0];

            if (flush_outputs)
                OK(MI_SYS_FlushInvCache(bytes, (MI_U32)size));
            fwrite(bytes, 1, size, stdout);
        }
    }
}

/* Keeps compilers from calling a helper unused that a set of cases has no use for. */
void use_helpers(char *image);
void use_helpers(char *image)
{
    MI_PHY physical;
    void *bytes = memory(1, 1, &physical);

    take(image);
    in = vector(bytes, physical);
    feed(&image, 1);
    finish();
    release(bytes, 1, physical);
}
