/* Runs a network on the board over recordings or tensors, and says what it heard. */
#include <stdio.h>

#include "edla_program.h"
#include "edla_self_test.h"
#include "edla_stop.h"

int main(int argc, char **argv)
{
    const edla_model *model = edla_made_for;
    edla_options options;
    edla_inputs inputs = {NULL, 0};
    edla_output output;
    edla_problem problem = {EDLA_OK, "", ""};
    char sha256[EDLA_SHA256_TEXT] = "";
    int status;

    edla_stop_install();
    if (edla_options_parse(&options, model, argc, argv, &problem) == EDLA_OK) {
        if (options.help || options.version)
            return edla_options_answer(model, &options);
        if (options.self_test)
            return edla_self_test(model, &options, argv[0]);
        if (edla_inputs_find(&inputs, model, &options, &problem) == EDLA_OK)
            edla_program_check(model, &options, sha256, &problem);
    }
    edla_output_begin(&output, model, &options, sha256);
    if (problem.error == EDLA_OK)
        edla_program_run(model, &options, &inputs, &output, &problem);
    status = edla_output_end(&output, &problem, edla_stop_asked());
    edla_inputs_free(&inputs);
    return status;
}
