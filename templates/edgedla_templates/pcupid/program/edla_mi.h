/* A refused MI call in words: the number, its name where that is the same in all SDKs, and what helps.
 *
 *     MI_S32 code = MI_IPU_CreateDevice(...);
 *     if (code != MI_SUCCESS)
 *         return edla_mi_refused(problem, "MI_IPU_CreateDevice", code);
 */
#ifndef EDLA_MI_H
#define EDLA_MI_H

#include "edla_port.h"
#include "edla_problem.h"

/* Notes EDLA_DEVICE with all that is known of `code`, and returns it. */
edla_error edla_mi_refused(edla_problem *problem, const char *call, MI_S32 code);

#endif
