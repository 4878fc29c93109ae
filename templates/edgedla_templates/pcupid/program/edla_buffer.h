/* One tensor between the program, where it is dense floats or bytes, and the board's own buffer.
 *
 *     edla_buffer buffer;
 *     if (edla_buffer_input(&buffer, tensor, &description, &problem) != EDLA_OK)
 *         ... the image is another than the program was made for ...
 *     edla_buffer_fill(&buffer, values, board->ptTensorData);
 */
#ifndef EDLA_BUFFER_H
#define EDLA_BUFFER_H

#include "edla_model.h"
#include "edla_port.h"
#include "edla_problem.h"

typedef struct {
    const edla_tensor *tensor;
    size_t size;  /* bytes of the board's buffer */
    size_t rows;  /* stretches that lie apart in it: of an image, or along the innermost axis */
    size_t width; /* bytes of one */
    size_t pitch; /* bytes from one to the next */
    size_t plane_rows; /* of an image: rows until the next plane begins */
    size_t plane;      /* bytes from one plane to the next */
    float scale;       /* of one step of a 16-bit tensor */
    float zero_point;  /* its level that stands for 0 */
} edla_buffer;

/* What an input is on this board, from its description in the image.
 * EDLA_IMAGE: it is not what the program was made for. */
edla_error edla_buffer_input(edla_buffer *buffer, const edla_tensor *tensor,
                             const MI_IPU_TensorDesc_t *found, edla_problem *problem);

/* The same for an output. */
edla_error edla_buffer_output(edla_buffer *buffer, const edla_tensor *tensor,
                              const MI_IPU_TensorDesc_t *found, edla_problem *problem);

/* Put edla_bytes() of values into an input's buffer: floats as they are or scaled, images row by row. */
void edla_buffer_fill(const edla_buffer *buffer, const void *values, void *const data[2]);

/* Take edla_elements() floats out of an output's buffer. */
void edla_buffer_read(const edla_buffer *buffer, const void *data, float *values);

#endif
