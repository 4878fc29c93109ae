/* Tensors as files: float32, little endian, dense, in the board's order of axes; images as their bytes.
 *
 *     float *values = malloc(edla_bytes(tensor));
 *     if (edla_tensor_read("clip_0.images.f32", tensor, values, &problem) == EDLA_OK)
 *         ...
 */
#ifndef EDLA_TENSOR_FILE_H
#define EDLA_TENSOR_FILE_H

#include "edla_model.h"
#include "edla_problem.h"

/* Read edla_bytes(tensor) from a file that has to be exactly as long.
 * EDLA_FILE, EDLA_LENGTH; EDLA_SOUND where a number is not finite, which no network takes. */
edla_error edla_tensor_read(const char *path, const edla_tensor *tensor, void *values, edla_problem *problem);

/* Write floats; EDLA_WRITE. What cannot be written whole is removed. */
edla_error edla_tensor_write(const char *path, const float *values, size_t count, edla_problem *problem);

#endif
