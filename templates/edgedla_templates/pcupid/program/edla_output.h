/* What the program says: text with the lines of the vendor's samples, or one JSON object.
 *
 *     edla_output output;
 *     edla_output_begin(&output, model, &options, sha256);
 *     edla_output_result(&output, &result);
 *     edla_output_failure(&output, 1, "cat.wav", &problem);
 *     return edla_output_end(&output, &problem);
 */
#ifndef EDLA_OUTPUT_H
#define EDLA_OUTPUT_H

#include <stddef.h>

#include "edla_model.h"
#include "edla_options.h"
#include "edla_problem.h"
#include "edla_session.h"

/* An input of which there is no result. */
typedef struct edla_failure {
    size_t index;
    struct edla_failure *next;
    char *input;  /* in `text` */
    char *reason; /* in `text` */
    char text[];
} edla_failure;

typedef struct {
    const edla_model *model;
    const edla_options *options;
    size_t results;
    size_t failed;
    int status;             /* exit status of the worst failure so far */
    edla_failure *failures; /* for JSON, where they stand behind the results; in their order */
    edla_failure **last;
} edla_output;

/* The head, before the first result; `sha256` is the image's, "" where it is not known. */
void edla_output_begin(edla_output *output, const edla_model *model, const edla_options *options,
                       const char *sha256);

/* One result, with its warning. EDLA_WRITE where stdout takes no more. */
edla_error edla_output_result(edla_output *output, const edla_result *result, edla_problem *problem);

/* An input that failed while others go on. */
void edla_output_failure(edla_output *output, size_t index, const char *input, const edla_problem *problem);

/* The tail, with what stopped the program (EDLA_OK: nothing did); the exit status. `interrupted`: a signal did. */
int edla_output_end(edla_output *output, edla_problem *problem, int interrupted);

#endif
