#include "edla_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edla_clock.h"
#include "edla_stop.h"
#include "edla_tensor_file.h"

/* Hands out one block of memory piece by piece; without a block it only counts. */
typedef struct {
    char *block;
    size_t used;
} arena;

static void *piece(arena *from, size_t size)
{
    size_t at = from->used;

    from->used += (size + 63) / 64 * 64;
    return from->block ? from->block + at : NULL;
}

/* Everything a session holds, in one order for counting and for handing out. */
static void *share_out(edla_session *session, arena *from, void **front_end)
{
    const edla_model *model = session->model;
    size_t top = session->options->top, repeat = session->options->repeat;

    for (size_t i = 0; i < model->input_count; i++)
        session->inputs[i] = piece(from, edla_bytes(&model->inputs[i]));
    for (size_t i = 0; i < model->output_count; i++)
        session->outputs[i] = piece(from, edla_elements(&model->outputs[i]) * sizeof(float));
    session->top = piece(from, (model->class_count ? top : 1) * sizeof *session->top);
    session->runs = piece(from, repeat * sizeof *session->runs);
    session->sorted = piece(from, repeat * sizeof *session->sorted);
    *front_end = piece(from, model->audio ? edla_front_end_size(model->audio) : 0);
    return piece(from, edla_ipu_size());
}

edla_error edla_session_open(edla_session *session, const edla_model *model, const edla_options *options,
                             edla_problem *problem)
{
    void *front_end, *ipu;
    arena from = {0};
    edla_error error = EDLA_OK;

    memset(session, 0, sizeof *session);
    session->model = model;
    session->options = options;
    share_out(session, &from, &front_end);
    from.block = session->memory = malloc(from.used);
    if (!from.block)
        return edla_problem_set(problem, EDLA_MEMORY, "there is no memory: %lu bytes", (unsigned long)from.used);
    memset(from.block, 0, from.used);
    from.used = 0;
    ipu = share_out(session, &from, &front_end);
    if (model->audio)
        error = edla_front_end_init(&session->front_end, model->audio, front_end, edla_front_end_size(model->audio));
    if (error != EDLA_OK)
        edla_problem_set(problem, error, "the front end cannot start: %s", edla_strerror(error));
    else
        error = edla_ipu_open(&session->ipu, ipu, model, options->image, options->firmware, problem);
    if (error != EDLA_OK)
        edla_session_close(session);
    return error;
}

void edla_session_close(edla_session *session)
{
    edla_ipu_close(session->ipu);
    free(session->memory);
    memset(session, 0, sizeof *session);
}

int edla_session_goes_on(edla_error error)
{
    return error != EDLA_DEVICE && error != EDLA_MEMORY && error != EDLA_WRITE;
}

static edla_error read_recording(edla_session *session, const char *path, edla_window window, char *warning,
                                 edla_problem *problem)
{
    edla_recording found;
    edla_error error;

    memset(&found, 0, sizeof found);
    error = edla_front_end_read(session->front_end, path, window, session->inputs[0], &found);
    if (error != EDLA_OK)
        return edla_problem_set(problem, error, "%s: %s", path, found.reason[0] ? found.reason : edla_strerror(error));
    if (found.truncated)
        snprintf(warning, 200, "the file ends early: %llu of %llu samples were there and were used",
                 (unsigned long long)found.frames, (unsigned long long)found.announced);
    return EDLA_OK;
}

edla_error edla_session_read(edla_session *session, const char *paths, int tensor, edla_window window, char *warning,
                             edla_problem *problem)
{
    const edla_model *model = session->model;
    char *path = session->path;
    edla_error error = EDLA_OK;

    warning[0] = '\0';
    if (strlen(paths) >= sizeof session->path)
        return edla_problem_set(problem, EDLA_FILE, "%s: the name is longer than %d characters", paths, EDLA_PATH_SIZE);
    strcpy(path, paths);
    for (size_t i = 0; i < model->input_count && error == EDLA_OK; i++) {
        char *comma = i + 1 < model->input_count ? strchr(path, ',') : NULL;

        if (i + 1 < model->input_count && !comma)
            return edla_problem_set(problem, EDLA_USAGE, "%s: the network has %lu inputs, and takes as many files: a,b",
                                    paths, (unsigned long)model->input_count);
        if (comma)
            *comma = '\0';
        if (i == 0 && !tensor)
            error = read_recording(session, path, window, warning, problem);
        else
            error = edla_tensor_read(path, &model->inputs[i], session->inputs[i], problem);
        path = comma ? comma + 1 : path;
    }
    return error;
}

/* From file to scores, once. */
static edla_error run_once(edla_session *session, edla_times *times, edla_result *result, edla_problem *problem)
{
    const edla_model *model = session->model;
    double started = edla_clock_milliseconds(), ready;
    edla_error error = edla_session_read(session, result->input, session->options->tensor, session->options->window,
                                         result->warning, problem);

    if (error != EDLA_OK)
        return error;
    times->pre = edla_clock_milliseconds() - started;
    error = edla_ipu_run(session->ipu, (const void *const *)session->inputs, session->outputs, &times->net, problem);
    if (error != EDLA_OK || !model->class_count)
        return error;
    ready = edla_clock_milliseconds();
    result->top_count = edla_scores(session->outputs[0], model->class_count, model->scores, session->top,
                                    session->options->top);
    times->post = edla_clock_milliseconds() - ready;
    if (!result->top_count)
        return edla_problem_set(problem, EDLA_NUMBER, "%s: the network answers with values that are no numbers",
                                result->input);
    return EDLA_OK;
}

static double median_of(edla_session *session, size_t count, size_t member)
{
    for (size_t i = 0; i < count; i++)
        memcpy(&session->sorted[i], (const char *)&session->runs[i] + member, sizeof(double));
    return edla_median(session->sorted, count);
}

static edla_error dump(edla_session *session, const edla_result *result, edla_problem *problem)
{
    const edla_model *model = session->model;
    edla_error error = EDLA_OK;

    for (size_t i = 0; i < model->output_count && error == EDLA_OK; i++) {
        int length = snprintf(session->path, sizeof session->path, "%s/%lu.%s.f32", session->options->dump,
                              (unsigned long)result->index, model->outputs[i].name);

        if (length < 0 || (size_t)length >= sizeof session->path)
            return edla_problem_set(problem, EDLA_WRITE, "%s: the name is too long", session->options->dump);
        error = edla_tensor_write(session->path, session->outputs[i], edla_elements(&model->outputs[i]), problem);
    }
    return error;
}

edla_error edla_session_run(edla_session *session, size_t index, const char *input, edla_result *result,
                            edla_problem *problem)
{
    edla_error error = EDLA_OK;

    memset(result, 0, sizeof *result);
    result->index = index;
    result->input = input;
    result->top = session->top;
    result->outputs = session->outputs;
    result->runs = session->runs;
    while (result->run_count < session->options->repeat && error == EDLA_OK &&
           !(result->run_count && edla_stop_asked())) {
        edla_times *times = &session->runs[result->run_count++];

        memset(times, 0, sizeof *times);
        error = run_once(session, times, result, problem);
    }
    if (error != EDLA_OK)
        return error;
    result->median.pre = median_of(session, result->run_count, offsetof(edla_times, pre));
    result->median.net = median_of(session, result->run_count, offsetof(edla_times, net));
    result->median.post = median_of(session, result->run_count, offsetof(edla_times, post));
    return session->options->dump ? dump(session, result, problem) : EDLA_OK;
}
