#include "edla_model.h"

#include <stdio.h>

size_t edla_elements(const edla_tensor *tensor)
{
    size_t count = 1;

    for (uint32_t axis = 0; axis < tensor->rank; axis++)
        count *= tensor->shape[axis];
    return count;
}

int edla_is_image(const edla_tensor *tensor)
{
    return tensor->format != EDLA_F32 && tensor->format != EDLA_S16;
}

size_t edla_bytes(const edla_tensor *tensor)
{
    size_t rows, width;

    if (!edla_is_image(tensor))
        return edla_elements(tensor) * sizeof(float);
    edla_image_rows(tensor, &rows, &width);
    return rows * width;
}

void edla_image_rows(const edla_tensor *tensor, size_t *rows, size_t *width)
{
    size_t height, channels;

    if (tensor->rank != 4) { /* bytes in a row */
        *rows = 1;
        *width = edla_elements(tensor);
        return;
    }
    height = tensor->shape[tensor->planes ? 2 : 1];
    *width = tensor->shape[tensor->planes ? 3 : 2];
    channels = tensor->shape[tensor->planes ? 1 : 3];
    *rows = height;
    if (tensor->format == EDLA_NV12)
        *rows += height / 2;
    else if (tensor->format != EDLA_U8)
        *width *= 4;
    else if (tensor->planes)
        *rows *= channels;
    else
        *width *= channels;
}

void edla_shape_text(char *text, uint32_t rank, const uint32_t *shape)
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t axis = 0; axis < rank && axis < EDLA_DIMENSIONS_MAX; axis++)
        used += (size_t)snprintf(text + used, EDLA_SHAPE_TEXT - used, axis ? "x%lu" : "%lu",
                                 (unsigned long)shape[axis]);
}
