/* The network on the board: open the image once, run it many times, give everything back.
 *
 *     void *memory = malloc(edla_ipu_size());
 *     edla_ipu *ipu;
 *     if (edla_ipu_open(&ipu, memory, model, "eat.img", NULL, &problem) == EDLA_OK) {
 *         edla_ipu_run(ipu, inputs, outputs, &milliseconds, &problem);
 *         edla_ipu_close(ipu);
 *     }
 *
 * One image may be open at a time in a process, because MI_SYS and the IPU's device belong to the process.
 */
#ifndef EDLA_IPU_H
#define EDLA_IPU_H

#include <stddef.h>

#include "edla_model.h"
#include "edla_problem.h"

typedef struct edla_ipu edla_ipu;

/* Bytes of memory to hand to edla_ipu_open, aligned as malloc does. */
size_t edla_ipu_size(void);

/* Start the board, load the image and hold its tensors against the model. On failure everything that was
 * taken is given back and there is nothing to close.
 *
 *   ipu       [out] the open image, in `memory`
 *   image     [in] path of the image; the board's library wants it not to be const
 *   firmware  [in, optional] path of the firmware that older boards need
 *
 * EDLA_DEVICE: the board refused a call. EDLA_IMAGE: the image is not what the program was made for. */
edla_error edla_ipu_open(edla_ipu **ipu, void *memory, const edla_model *model, char *image, char *firmware,
                         edla_problem *problem);

/* Run the network once. Inputs are put into the board's buffers anew, since a run may overwrite them.
 *
 *   inputs        [in] one for each input: floats, or bytes of images; see edla_bytes
 *   outputs       [out] one for each output: edla_elements floats
 *   milliseconds  [out] that MI_IPU_Invoke took */
edla_error edla_ipu_run(edla_ipu *ipu, const void *const *inputs, float *const *outputs, double *milliseconds,
                        edla_problem *problem);

/* Give everything back, in the reverse order; NULL does nothing. */
void edla_ipu_close(edla_ipu *ipu);

#endif
