#include "edla_fit.h"

#include <stdio.h>
#include <string.h>

/* Numbers of MI_IPU_ELEMENT_FORMAT. The last three are missing in old headers, so that no name can stand here. */
enum { ARGB8888 = 7, ABGR8888 = 8, GRAY = 9 };

static const char *const format_names[] = {"U8",   "NV12",    "INT16",    "INT32",    "INT8",
                                           "FP32", "UNKNOWN", "ARGB8888", "ABGR8888", "GRAY"};

static int is_format(edla_format made_for, int found)
{
    switch (made_for) {
    case EDLA_F32:
        return found == (int)MI_IPU_FORMAT_FP32;
    case EDLA_S16:
        return found == (int)MI_IPU_FORMAT_INT16;
    case EDLA_U8:
        return found == (int)MI_IPU_FORMAT_U8 || found == GRAY;
    case EDLA_RGBA:
        return found == ABGR8888;
    case EDLA_BGRA:
        return found == ARGB8888;
    case EDLA_NV12:
        return found == (int)MI_IPU_FORMAT_NV12;
    }
    return 0;
}

static const char *made_for_name(edla_format format)
{
    static const char *const names[] = {"FP32", "INT16", "U8", "ABGR8888", "ARGB8888", "NV12"};

    return names[format];
}

static const char *format_name(int format, char *text, size_t size)
{
    if (format >= 0 && (size_t)format < sizeof format_names / sizeof format_names[0])
        return format_names[format];
    snprintf(text, size, "format %d", format);
    return text;
}

/* Skip leading axes of length 1. */
static const MI_U32 *without_ones(const MI_U32 *shape, uint32_t *rank)
{
    while (*rank > 0 && *shape == 1) {
        shape++;
        --*rank;
    }
    return shape;
}

static int is_shape(const edla_tensor *tensor, const MI_IPU_TensorDesc_t *found)
{
    uint32_t rank = tensor->rank, found_rank = found->u32TensorDim;
    const MI_U32 *axes = without_ones(tensor->shape, &rank);
    const MI_U32 *found_axes = without_ones(found->u32TensorShape, &found_rank);

    /* How many channels the board counts for pixels in another form than in training is not public. */
    if (edla_is_image(tensor) && tensor->format != EDLA_U8)
        return rank == found_rank && rank > 1 && !memcmp(axes, found_axes, (rank - 1) * sizeof *axes);
    return rank == found_rank && !memcmp(axes, found_axes, rank * sizeof *axes);
}

static edla_error refuse(const char *kind, const edla_tensor *tensor, const MI_IPU_TensorDesc_t *found,
                         const char *name, edla_problem *problem)
{
    char shape[EDLA_SHAPE_TEXT], made_for[EDLA_SHAPE_TEXT], format[24];
    uint32_t rank = found->u32TensorDim, axes[EDLA_DIMENSIONS_MAX];

    rank = rank < EDLA_DIMENSIONS_MAX ? rank : EDLA_DIMENSIONS_MAX;
    for (uint32_t axis = 0; axis < rank; axis++)
        axes[axis] = found->u32TensorShape[axis];
    edla_shape_text(shape, rank, axes);
    edla_shape_text(made_for, tensor->rank, tensor->shape);
    edla_problem_set(problem, EDLA_IMAGE,
                     "the image has the %s '%s' of %s, %s; this program is made for '%s' of %s, %s", kind, name,
                     shape, format_name((int)found->eElmFormat, format, sizeof format), tensor->name, made_for,
                     made_for_name(tensor->format));
    edla_problem_hint(problem, "take program and image from the same build, or compile this program anew");
    return EDLA_IMAGE;
}

static edla_error check(const char *kind, const edla_tensor *tensor, const MI_IPU_TensorDesc_t *found,
                        edla_problem *problem)
{
    char name[MAX_TENSOR_NAME_LEN + 1];

    memcpy(name, found->name, MAX_TENSOR_NAME_LEN);
    name[MAX_TENSOR_NAME_LEN] = '\0';
    if (found->u32TensorDim <= sizeof found->u32TensorShape / sizeof found->u32TensorShape[0] &&
        is_shape(tensor, found) && is_format(tensor->format, (int)found->eElmFormat) &&
        (!EDLA_CHECK_NAMES || !strcmp(name, tensor->name)))
        return EDLA_OK;
    if (found->u32TensorDim > sizeof found->u32TensorShape / sizeof found->u32TensorShape[0]) {
        edla_problem_set(problem, EDLA_IMAGE, "the image's %s '%s' has %lu axes, the headers know of %lu", kind,
                         name, (unsigned long)found->u32TensorDim,
                         (unsigned long)(sizeof found->u32TensorShape / sizeof found->u32TensorShape[0]));
        edla_problem_hint(problem, "compile with the headers of the SDK that runs on the board");
        return EDLA_IMAGE;
    }
    return refuse(kind, tensor, found, name, problem);
}

edla_error edla_fit_check(const edla_model *model, const MI_IPU_SubNet_InputOutputDesc_t *found,
                          edla_problem *problem)
{
    if (found->u32InputTensorCount != model->input_count || found->u32OutputTensorCount != model->output_count) {
        edla_problem_set(problem, EDLA_IMAGE,
                         "the image has %lu inputs and %lu outputs; this program is made for %lu and %lu",
                         (unsigned long)found->u32InputTensorCount, (unsigned long)found->u32OutputTensorCount,
                         (unsigned long)model->input_count, (unsigned long)model->output_count);
        edla_problem_hint(problem, "take program and image from the same build, or compile this program anew");
        return EDLA_IMAGE;
    }
    for (size_t i = 0; i < model->input_count; i++)
        if (check("input", &model->inputs[i], &found->astMI_InputTensorDescs[i], problem) != EDLA_OK)
            return EDLA_IMAGE;
    for (size_t i = 0; i < model->output_count; i++)
        if (check("output", &model->outputs[i], &found->astMI_OutputTensorDescs[i], problem) != EDLA_OK)
            return EDLA_IMAGE;
    return EDLA_OK;
}
