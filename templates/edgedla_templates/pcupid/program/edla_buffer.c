#include "edla_buffer.h"

#include <stdint.h>
#include <string.h>

static size_t align_up(size_t size, size_t alignment)
{
    return alignment > 1 ? (size + alignment - 1) / alignment * alignment : size;
}

/* Bytes of the board's buffer; where the headers cannot tell, as many as are needed. */
static edla_error check_size(edla_buffer *buffer, size_t needed, const MI_IPU_TensorDesc_t *found,
                             edla_problem *problem)
{
#if EDLA_IPU_HEADERS >= EDLA_IPU_MID
    buffer->size = found->s32AlignedBufSize > 0 ? (size_t)found->s32AlignedBufSize : 0;
#else
    (void)found;
    buffer->size = needed;
#endif
    if (buffer->size >= needed)
        return EDLA_OK;
    return edla_problem_set(problem, EDLA_IMAGE, "tensor '%s': the board's buffer has %lu bytes, needed are %lu",
                            buffer->tensor->name, (unsigned long)buffer->size, (unsigned long)needed);
}

/* The scale of a 16-bit tensor. */
static edla_error find_scale(edla_buffer *buffer, const MI_IPU_TensorDesc_t *found, edla_problem *problem)
{
#if EDLA_IPU_HEADERS >= EDLA_IPU_MID
    buffer->scale = found->fScalar;
    buffer->zero_point = (float)found->s64ZeroPoint;
    if (buffer->scale > 0.0f && buffer->scale <= 3.4e38f)
        return EDLA_OK;
    return edla_problem_set(problem, EDLA_IMAGE, "tensor '%s': the image gives it the scale %g",
                            buffer->tensor->name, (double)buffer->scale);
#else
    (void)found;
    edla_problem_set(problem, EDLA_IMAGE, "tensor '%s' has 16 bits, and the headers of this SDK know no scale",
                     buffer->tensor->name);
    edla_problem_hint(problem, "build the model with float inputs and outputs: "
                               "pcupid.input_formats=RAWDATA_F32_NHWC, pcupid.dequantizations=true");
    return EDLA_IMAGE;
#endif
}

static edla_error refuse_padding(const edla_buffer *buffer, unsigned long stride, edla_problem *problem)
{
    edla_problem_set(problem, EDLA_IMAGE,
                     "output '%s': how its %lu rows of %lu bytes lie in %lu bytes with a stride of %lu is not clear",
                     buffer->tensor->name, (unsigned long)buffer->rows, (unsigned long)buffer->width,
                     (unsigned long)buffer->size, stride);
    edla_problem_hint(problem, "build the model with pcupid.dequantizations=true: float outputs have no gaps");
    return EDLA_IMAGE;
}

/* Rows of 16-bit outputs may be padded. Whether u32InnerMostStride counts bytes or elements is not public: what
 * the buffer has room for decides, and where it has room for both, what u32BufSize says is used of it. */
static edla_error find_pitch(edla_buffer *buffer, const MI_IPU_TensorDesc_t *found, edla_problem *problem)
{
#if EDLA_IPU_HEADERS >= EDLA_IPU_NEW
    size_t bytes = found->u32InnerMostStride, elements = bytes * sizeof(int16_t);
    size_t room = buffer->size / buffer->rows;
    int as_bytes = bytes >= buffer->width && bytes <= room && bytes % sizeof(int16_t) == 0;
    int as_elements = elements >= buffer->width && elements <= room;

    if (buffer->rows == 1 || bytes == 0)
        return EDLA_OK;
    if (as_bytes && as_elements) {
        as_bytes = found->u32BufSize == buffer->rows * bytes;
        as_elements = found->u32BufSize == buffer->rows * elements;
    }
    if (as_bytes == as_elements)
        return refuse_padding(buffer, (unsigned long)bytes, problem);
    buffer->pitch = as_bytes ? bytes : elements;
    return EDLA_OK;
#else
    (void)found;
    if (buffer->rows == 1 || buffer->size == buffer->rows * buffer->width)
        return EDLA_OK;
    return refuse_padding(buffer, 0, problem);
#endif
}

/* An image's rows and columns are rounded up to the alignments of its description, if it has any. */
static edla_error find_planes(edla_buffer *buffer, const MI_IPU_TensorDesc_t *found, edla_problem *problem)
{
    const edla_tensor *tensor = buffer->tensor;
    size_t wide = tensor->width_alignment, high = tensor->height_alignment, planes;

#if EDLA_IPU_HEADERS >= EDLA_IPU_NEW
    wide = found->u32InputWidthAlignment ? found->u32InputWidthAlignment : wide;
    high = found->u32InputHeightAlignment ? found->u32InputHeightAlignment : high;
#endif
    edla_image_rows(tensor, &buffer->rows, &buffer->width);
    buffer->plane_rows = tensor->rank == 4 ? tensor->shape[tensor->planes ? 2 : 1] : 1;
    buffer->pitch = align_up(buffer->width, wide);
    buffer->plane = buffer->pitch * align_up(buffer->plane_rows, high);
    planes = buffer->rows / buffer->plane_rows;
    return check_size(buffer, planes * buffer->plane + buffer->rows % buffer->plane_rows * buffer->pitch, found,
                      problem);
}

static void set_dense(edla_buffer *buffer, const edla_tensor *tensor, size_t element)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->tensor = tensor;
    buffer->width = element * (tensor->rank ? tensor->shape[tensor->rank - 1] : 1);
    buffer->rows = edla_elements(tensor) * element / buffer->width;
    buffer->pitch = buffer->width;
    buffer->scale = 1.0f;
}

edla_error edla_buffer_input(edla_buffer *buffer, const edla_tensor *tensor, const MI_IPU_TensorDesc_t *found,
                             edla_problem *problem)
{
    size_t element = tensor->format == EDLA_S16 ? sizeof(int16_t) : sizeof(float);
    edla_error error;

    set_dense(buffer, tensor, element);
    if (edla_is_image(tensor))
        return find_planes(buffer, found, problem);
    error = check_size(buffer, edla_elements(tensor) * element, found, problem);
    if (error == EDLA_OK && tensor->format == EDLA_S16)
        error = find_scale(buffer, found, problem);
    return error;
}

edla_error edla_buffer_output(edla_buffer *buffer, const edla_tensor *tensor, const MI_IPU_TensorDesc_t *found,
                              edla_problem *problem)
{
    size_t element = tensor->format == EDLA_S16 ? sizeof(int16_t) : sizeof(float);
    edla_error error;

    set_dense(buffer, tensor, element);
    error = check_size(buffer, edla_elements(tensor) * element, found, problem);
    if (error == EDLA_OK && tensor->format == EDLA_S16)
        error = find_scale(buffer, found, problem);
    if (error == EDLA_OK && tensor->format == EDLA_S16)
        error = find_pitch(buffer, found, problem);
    return error;
}

/* The level nearest to zero of those beside a value, within what the vendor's simulator clips to. */
static int16_t level(float value, float scale, float zero_point)
{
    float scaled = value / scale + zero_point;

    if (scaled >= 32767.0f)
        return 32767;
    if (scaled <= -32767.0f)
        return -32767;
    return (int16_t)scaled;
}

void edla_buffer_fill(const edla_buffer *buffer, const void *values, void *const data[2])
{
    const edla_tensor *tensor = buffer->tensor;

    if (tensor->format == EDLA_F32) {
        memcpy(data[0], values, buffer->rows * buffer->width);
    } else if (tensor->format == EDLA_S16) {
        const float *from = values;
        int16_t *to = data[0];
        for (size_t i = 0, count = edla_elements(tensor); i < count; i++)
            to[i] = level(from[i], buffer->scale, buffer->zero_point);
    } else {
        const unsigned char *from = values;
        for (size_t row = 0; row < buffer->rows; row++) {
            size_t plane = row / buffer->plane_rows;
            unsigned char *to = data[0];
            if (plane == 1 && tensor->format == EDLA_NV12 && data[1])
                to = data[1]; /* the second plane has an address of its own */
            else
                to += plane * buffer->plane;
            memcpy(to + row % buffer->plane_rows * buffer->pitch, from + row * buffer->width, buffer->width);
        }
    }
}

void edla_buffer_read(const edla_buffer *buffer, const void *data, float *values)
{
    const unsigned char *from = data;

    if (buffer->tensor->format == EDLA_F32) {
        memcpy(values, data, buffer->rows * buffer->width);
        return;
    }
    for (size_t row = 0; row < buffer->rows; row++, from += buffer->pitch)
        for (size_t at = 0; at < buffer->width; at += sizeof(int16_t)) {
            int16_t step;
            memcpy(&step, from + at, sizeof step);
            *values++ = (float)step * buffer->scale;
        }
}
