/* All that a run needs, taken once: memory, front end, board. What follows takes no memory any more.
 *
 *     edla_session session;
 *     edla_result result;
 *     if (edla_session_open(&session, model, &options, &problem) == EDLA_OK) {
 *         edla_session_run(&session, 0, "dog.wav", &result, &problem);
 *         edla_session_close(&session);
 *     }
 */
#ifndef EDLA_SESSION_H
#define EDLA_SESSION_H

#include <stddef.h>

#include "edla_front_end.h"
#include "edla_ipu.h"
#include "edla_model.h"
#include "edla_options.h"
#include "edla_problem.h"
#include "edla_scores.h"

#define EDLA_PATH_SIZE 4096

/* Milliseconds of one run. */
typedef struct {
    double pre;  /* reading the input and making a tensor of it */
    double net;  /* the network on the board */
    double post; /* making scores of its output */
} edla_times;

/* What came out of one input; its memory is the session's, until the next run. */
typedef struct {
    size_t index;          /* among all inputs, from 0 */
    const char *input;     /* as the user, or his folder, named it */
    const edla_score *top; /* best classes, best first */
    size_t top_count;      /* none where the network has no classes */
    float *const *outputs; /* of the last run */
    const edla_times *runs;
    size_t run_count;
    edla_times median;
    char warning[200]; /* "" where there is none */
} edla_result;

typedef struct {
    const edla_model *model;
    const edla_options *options;
    edla_ipu *ipu;
    edla_front_end *front_end;       /* NULL where the model hears nothing */
    void *inputs[EDLA_TENSORS_MAX];  /* tensors as the network takes them */
    float *outputs[EDLA_TENSORS_MAX];
    edla_score *top;
    edla_times *runs;
    double *sorted;                  /* one time of each run */
    char path[EDLA_PATH_SIZE];       /* of the file at work */
    void *memory;                    /* everything above lies in it */
} edla_session;

/* EDLA_MEMORY, or what the board says; nothing is left open then. */
edla_error edla_session_open(edla_session *session, const edla_model *model, const edla_options *options,
                             edla_problem *problem);

/* Read one input, run the network as often as the options say, or until a signal comes, make scores, and write
 * the outputs if asked to.
 * Where edla_session_goes_on(error), the next input may do better. */
edla_error edla_session_run(edla_session *session, size_t index, const char *input, edla_result *result,
                            edla_problem *problem);

/* Whether a failure is the input's own. */
int edla_session_goes_on(edla_error error);

/* Fill the inputs: the first from a recording, unless `tensor`; `paths` names a file for each, after commas.
 * `warning` has 200 characters. */
edla_error edla_session_read(edla_session *session, const char *paths, int tensor, edla_window window,
                             char *warning, edla_problem *problem);

void edla_session_close(edla_session *session);

#endif
