#include "edla_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edla_output_form.h"
#include "edla_stop.h"

size_t edla_output_named(const edla_output *output, const edla_result *result)
{
    size_t named = 0;

    while (named < result->top_count && result->top[named].score >= output->options->threshold)
        named++;
    return named;
}

void edla_output_begin(edla_output *output, const edla_model *model, const edla_options *options, const char *sha256)
{
    memset(output, 0, sizeof *output);
    output->model = model;
    output->options = options;
    output->last = &output->failures;
    if (options->json)
        edla_json_begin(output, sha256);
    else if (sha256[0]) /* what cannot begin says why, and nothing else */
        edla_text_begin(output);
}

edla_error edla_output_result(edla_output *output, const edla_result *result, edla_problem *problem)
{
    if (result->warning[0])
        fprintf(stderr, "warning: %s: %s\n", result->input, result->warning);
    if (output->options->json)
        edla_json_result(output, result);
    else
        edla_text_result(output, result);
    output->results++;
    return edla_problem_flush(problem);
}

/* The reason without the name of the input before it. */
static const char *reason_of(const char *message, const char *input)
{
    size_t length = strlen(input);

    return !strncmp(message, input, length) && !strncmp(message + length, ": ", 2) ? message + length + 2 : message;
}

void edla_output_failure(edla_output *output, size_t index, const char *input, const edla_problem *problem)
{
    const char *reason = reason_of(problem->message, input);
    size_t first = strlen(input) + 1, second = strlen(reason) + 1;
    edla_failure *failure = output->options->json ? malloc(sizeof *failure + first + second) : NULL;

    edla_problem_print(problem);
    output->failed++;
    if (edla_exit_status(problem->error) > output->status)
        output->status = edla_exit_status(problem->error);
    if (!failure) /* text has said it; without memory for JSON the count still tells */
        return;
    failure->index = index;
    failure->next = NULL;
    failure->input = failure->text;
    failure->reason = failure->text + first;
    memcpy(failure->input, input, first);
    memcpy(failure->reason, reason, second);
    *output->last = failure;
    output->last = &failure->next;
}

static const char *code_of(int status)
{
    switch (status) {
    case 1:
        return "gate";
    case 2:
        return "usage";
    case 4:
        return "device";
    case EDLA_INTERRUPTED:
        return "interrupted";
    }
    return "bug";
}

int edla_output_end(edla_output *output, edla_problem *problem, int interrupted)
{
    int status = problem->error == EDLA_OK ? output->status : edla_exit_status(problem->error);
    char message[80] = "interrupted";
    const char *words = problem->error == EDLA_OK ? message : problem->message;

    if (problem->error == EDLA_OK && interrupted)
        status = EDLA_INTERRUPTED;
    else
        snprintf(message, sizeof message, "%lu of %lu inputs failed", (unsigned long)output->failed,
                 (unsigned long)(output->failed + output->results));
    if (output->options->json)
        edla_json_end(output, status, status ? code_of(status) : NULL, words);
    if (problem->error == EDLA_OK && edla_problem_flush(problem) != EDLA_OK)
        status = edla_exit_status(problem->error);
    if (problem->error != EDLA_OK)
        edla_problem_print(problem);
    else if (interrupted)
        fputs("error: interrupted\n", stderr);
    while (output->failures) {
        edla_failure *next = output->failures->next;
        free(output->failures);
        output->failures = next;
    }
    return status;
}
