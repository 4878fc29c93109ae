/* Whether an image is the one that the program was made for, by what it says of its tensors.
 *
 *     static MI_IPU_SubNet_InputOutputDesc_t found;   (43 KB: not on a stack)
 *     MI_IPU_GetInOutTensorDesc(channel, &found);
 *     if (edla_fit_check(model, &found, &problem) != EDLA_OK)
 *         edla_problem_print(&problem);
 */
#ifndef EDLA_FIT_H
#define EDLA_FIT_H

#include "edla_model.h"
#include "edla_port.h"
#include "edla_problem.h"

/* EDLA_IMAGE where number, names, shapes or formats of the tensors are others. Leading axes of length 1 do not
 * count: they change nothing of the data. */
edla_error edla_fit_check(const edla_model *model, const MI_IPU_SubNet_InputOutputDesc_t *found,
                          edla_problem *problem);

#endif
