/* What the calls of MI_IPU have in common: images, tensors and attributes on their way to the board and back.
 *
 *     edla_board_image image = edla_board_image_of(pReadFunc, pReadCtx);
 *     edla_board_begin("MI_IPU_CreateCHN");
 *     edla_board_put_attributes(attributes);
 *     result = edla_board_run(&image);
 */
#ifndef EDLA_BOARD_IPU_H
#define EDLA_BOARD_IPU_H

#include "edla_board.h"
#include "mi_ipu.h"

/* An image that `read` reads; with NULL, the file whose path is `context`. */
edla_board_image edla_board_image_of(SerializedReadFunc read, char *context);

void edla_board_put_attributes(const MI_IPUChnAttr_t *attributes);

void edla_board_put_tensors(const MI_IPU_Tensor_t *tensors, MI_U32 count);

/* A count, and that many tensors; more than `most` are left in the answer, which is an error at its end. */
MI_U32 edla_board_take_tensors(MI_IPU_Tensor_t *tensors, MI_U32 most);

#endif
