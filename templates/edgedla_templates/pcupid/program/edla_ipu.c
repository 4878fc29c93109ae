#include "edla_ipu.h"

#include <stdint.h>
#include <string.h>

#include "edla_buffer.h"
#include "edla_clock.h"
#include "edla_fit.h"
#include "edla_mi.h"
#include "edla_port.h"

/* How far edla_ipu_open has come; edla_ipu_close goes back from there. */
typedef enum { CLOSED, SYSTEM, DEVICE, CHANNEL, INPUTS, OUTPUTS } stage;

struct edla_ipu {
    const edla_model *model;
    stage reached;
    MI_IPU_CHN channel;
    MI_IPU_TensorVector_t inputs;               /* the board's buffers */
    MI_IPU_TensorVector_t outputs;              /* the same */
    edla_buffer in[EDLA_TENSORS_MAX];           /* what lies in them, and how */
    edla_buffer out[EDLA_TENSORS_MAX];          /* the same */
    MI_IPU_SubNet_InputOutputDesc_t described;  /* what the image says of its tensors; 43 KB */
};

size_t edla_ipu_size(void)
{
    return sizeof(edla_ipu);
}

static edla_error open_system(edla_ipu *ipu, edla_problem *problem)
{
    MI_S32 code = EDLA_SYS_INIT();

    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_SYS_Init", code);
    ipu->reached = SYSTEM;
    return EDLA_OK;
}

/* Bytes of working memory that the image needs. */
static edla_error find_variable_buffer(const edla_model *model, char *image, MI_U32 *bytes, edla_problem *problem)
{
#if EDLA_IPU_HEADERS >= EDLA_IPU_MID
    MI_IPU_OfflineModelStaticInfo_t info;
    MI_S32 code;

    (void)model;
    memset(&info, 0, sizeof info);
    code = MI_IPU_GetOfflineModeStaticInfo(NULL, image, &info);
    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_GetOfflineModeStaticInfo", code);
    *bytes = info.u32VariableBufferSize;
    return EDLA_OK;
#else
    (void)image;
#ifdef EDLA_VARIABLE_BUFFER
    *bytes = EDLA_VARIABLE_BUFFER;
#else
    *bytes = model->variable_buffer_size;
#endif
    if (*bytes > 0)
        return EDLA_OK;
    edla_problem_set(problem, EDLA_DEVICE, "the headers of this SDK cannot ask how much memory '%s' needs",
                     model->name);
    edla_problem_hint(problem, "compile with -DEDLA_VARIABLE_BUFFER=BYTES, the variable buffer size that the "
                               "toolchain's show_img_info.py prints for the image");
    return EDLA_DEVICE;
#endif
}

static edla_error open_device(edla_ipu *ipu, char *image, char *firmware, edla_problem *problem)
{
    MI_IPU_DevAttr_t attributes;
    edla_error error;
    MI_S32 code;

    memset(&attributes, 0, sizeof attributes);
    error = find_variable_buffer(ipu->model, image, &attributes.u32MaxVariableBufSize, problem);
    if (error != EDLA_OK)
        return error;
    code = MI_IPU_CreateDevice(&attributes, NULL, firmware, 0);
    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_CreateDevice", code);
    ipu->reached = DEVICE;
    return EDLA_OK;
}

static edla_error open_channel(edla_ipu *ipu, char *image, edla_problem *problem)
{
    MI_IPUChnAttr_t attributes;
    MI_S32 code;

    memset(&attributes, 0, sizeof attributes);
    attributes.u32InputBufDepth = 1;
    attributes.u32OutputBufDepth = 1;
    code = MI_IPU_CreateCHN(&ipu->channel, &attributes, NULL, image);
    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_CreateCHN", code);
    ipu->reached = CHANNEL;
    return EDLA_OK;
}

static edla_error check_tensors(edla_ipu *ipu, edla_problem *problem)
{
    const edla_model *model = ipu->model;
    edla_error error;
    MI_S32 code = MI_IPU_GetInOutTensorDesc(ipu->channel, &ipu->described);

    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_GetInOutTensorDesc", code);
    error = edla_fit_check(model, &ipu->described, problem);
    for (size_t i = 0; error == EDLA_OK && i < model->input_count; i++)
        error = edla_buffer_input(&ipu->in[i], &model->inputs[i], &ipu->described.astMI_InputTensorDescs[i],
                                  problem);
    for (size_t i = 0; error == EDLA_OK && i < model->output_count; i++)
        error = edla_buffer_output(&ipu->out[i], &model->outputs[i], &ipu->described.astMI_OutputTensorDescs[i],
                                   problem);
    return error;
}

static edla_error check_vector(const MI_IPU_TensorVector_t *vector, size_t count, const char *call,
                               edla_problem *problem)
{
    if (vector->u32TensorCount != count)
        return edla_problem_set(problem, EDLA_DEVICE, "%s gave %lu buffers, expected %lu", call,
                                (unsigned long)vector->u32TensorCount, (unsigned long)count);
    for (size_t i = 0; i < count; i++)
        if (!vector->astArrayTensors[i].ptTensorData[0])
            return edla_problem_set(problem, EDLA_DEVICE, "%s gave no address for buffer %lu", call,
                                    (unsigned long)i);
    return EDLA_OK;
}

static edla_error take_buffers(edla_ipu *ipu, edla_problem *problem)
{
    edla_error error;
    MI_S32 code = MI_IPU_GetInputTensors(ipu->channel, &ipu->inputs);

    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_GetInputTensors", code);
    ipu->reached = INPUTS;
    code = MI_IPU_GetOutputTensors(ipu->channel, &ipu->outputs);
    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_GetOutputTensors", code);
    ipu->reached = OUTPUTS;
    error = check_vector(&ipu->inputs, ipu->model->input_count, "MI_IPU_GetInputTensors", problem);
    if (error == EDLA_OK)
        error = check_vector(&ipu->outputs, ipu->model->output_count, "MI_IPU_GetOutputTensors", problem);
    return error;
}

edla_error edla_ipu_open(edla_ipu **result, void *memory, const edla_model *model, char *image, char *firmware,
                         edla_problem *problem)
{
    edla_ipu *ipu = memory;
    edla_error error;

    *result = NULL;
    memset(ipu, 0, sizeof *ipu);
    ipu->model = model;
    error = open_system(ipu, problem);
    if (error == EDLA_OK)
        error = open_device(ipu, image, firmware, problem);
    if (error == EDLA_OK)
        error = open_channel(ipu, image, problem);
    if (error == EDLA_OK)
        error = check_tensors(ipu, problem);
    if (error == EDLA_OK)
        error = take_buffers(ipu, problem);
    if (error == EDLA_OK)
        *result = ipu;
    else
        edla_ipu_close(ipu);
    return error;
}

static edla_error flush(const edla_buffer *buffer, void *data, edla_problem *problem)
{
    MI_S32 code;

    if (buffer->tensor->format == EDLA_F32 && !EDLA_FLUSH_F32)
        return EDLA_OK; /* the library turns floats into levels by itself, and flushes those */
    code = MI_SYS_FlushInvCache(data, (MI_U32)buffer->size);
    return code == MI_SUCCESS ? EDLA_OK : edla_mi_refused(problem, "MI_SYS_FlushInvCache", code);
}

edla_error edla_ipu_run(edla_ipu *ipu, const void *const *inputs, float *const *outputs, double *milliseconds,
                        edla_problem *problem)
{
    double started;
    MI_S32 code;

    for (size_t i = 0; i < ipu->model->input_count; i++) {
        void *const *data = ipu->inputs.astArrayTensors[i].ptTensorData;
        edla_error error;

        edla_buffer_fill(&ipu->in[i], inputs[i], data);
        error = flush(&ipu->in[i], data[0], problem);
        if (error != EDLA_OK)
            return error;
    }
    started = edla_clock_milliseconds();
    code = MI_IPU_Invoke(ipu->channel, &ipu->inputs, &ipu->outputs);
    *milliseconds = edla_clock_milliseconds() - started;
    if (code != MI_SUCCESS)
        return edla_mi_refused(problem, "MI_IPU_Invoke", code);
    for (size_t i = 0; i < ipu->model->output_count; i++)
        edla_buffer_read(&ipu->out[i], ipu->outputs.astArrayTensors[i].ptTensorData[0], outputs[i]);
    return EDLA_OK;
}

/* What the calls answer changes nothing any more: there is no other way to give a thing back. */
void edla_ipu_close(edla_ipu *ipu)
{
    if (!ipu)
        return;
    if (ipu->reached >= OUTPUTS)
        MI_IPU_PutOutputTensors(ipu->channel, &ipu->outputs);
    if (ipu->reached >= INPUTS)
        MI_IPU_PutInputTensors(ipu->channel, &ipu->inputs);
    if (ipu->reached >= CHANNEL)
        MI_IPU_DestroyCHN(ipu->channel);
    if (ipu->reached >= DEVICE)
        MI_IPU_DestroyDevice();
    if (ipu->reached >= SYSTEM)
        EDLA_SYS_EXIT();
    ipu->reached = CLOSED;
}
