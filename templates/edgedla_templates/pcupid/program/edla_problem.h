/* Why something did not work, for the person at the terminal.
 *
 *     edla_problem problem = {0};
 *     if (edla_tensor_read(path, tensor, values, &problem) != EDLA_OK)
 *         edla_problem_print(&problem);
 */
#ifndef EDLA_PROBLEM_H
#define EDLA_PROBLEM_H

#include "edla_error.h"

typedef struct {
    edla_error error;
    char message[640]; /* what happened and where, one line */
    char hint[400];    /* what to do about it; "" where there is nothing to say */
} edla_problem;

/* Note what happened, in the words of printf; what does not fit is cut. Returns `error`. */
edla_error edla_problem_set(edla_problem *problem, edla_error error, const char *format, ...);

/* Note what to do about it. */
void edla_problem_hint(edla_problem *problem, const char *format, ...);

/* `error: …` and, where there is one, `hint: …` on stderr; line ends within become blanks. */
void edla_problem_print(const edla_problem *problem);

/* Send on what was printed so far; EDLA_WRITE where stdout takes no more. */
edla_error edla_problem_flush(edla_problem *problem);

#endif
