#define _POSIX_C_SOURCE 200809L
#include "edla_program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edla_session.h"
#include "edla_stop.h"

edla_error edla_program_check(const edla_model *model, const edla_options *options, char sha256[EDLA_SHA256_TEXT],
                              edla_problem *problem)
{
    uint64_t size;

    if (edla_sha256_file(options->image, sha256, &size) != EDLA_OK) {
        sha256[0] = '\0';
        return edla_problem_set(problem, EDLA_FILE, "%s: %s", options->image, strerror(errno));
    }
    if (strcmp(sha256, model->image_sha256))
        fprintf(stderr, "warning: %s: not the image of the build that made this program (sha256 %s, %llu bytes)\n",
                options->image, model->image_sha256, (unsigned long long)model->image_size);
    if (options->dump && mkdir(options->dump, 0777) != 0 && (errno != EEXIST || access(options->dump, W_OK) != 0))
        return edla_problem_set(problem, EDLA_WRITE, "%s: %s", options->dump, strerror(errno));
    return EDLA_OK;
}

edla_error edla_program_run(const edla_model *model, const edla_options *options, const edla_inputs *inputs,
                            edla_output *output, edla_problem *problem)
{
    edla_session session;
    edla_result result;
    edla_error error = edla_session_open(&session, model, options, problem);

    if (error != EDLA_OK)
        return error;
    for (size_t i = 0; i < inputs->count && error == EDLA_OK && !edla_stop_asked(); i++) {
        error = edla_session_run(&session, i, inputs->paths[i], &result, problem);
        if (error == EDLA_OK) {
            error = edla_output_result(output, &result, problem);
        } else if (edla_session_goes_on(error)) {
            edla_output_failure(output, i, inputs->paths[i], problem);
            problem->error = error = EDLA_OK;
        }
    }
    edla_session_close(&session);
    return error;
}
