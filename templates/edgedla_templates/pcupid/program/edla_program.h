/* The steps between the command line and the results.
 *
 *     edla_error error = edla_program_check(model, &options, sha256, &problem);
 */
#ifndef EDLA_PROGRAM_H
#define EDLA_PROGRAM_H

#include "edla_inputs.h"
#include "edla_model.h"
#include "edla_options.h"
#include "edla_output.h"
#include "edla_problem.h"
#include "edla_sha256.h"

/* Read the image for its digest, say so if it is not the one of the build, and make the folder for --dump.
 * EDLA_FILE, EDLA_WRITE. */
edla_error edla_program_check(const edla_model *model, const edla_options *options, char sha256[EDLA_SHA256_TEXT],
                              edla_problem *problem);

/* Open the image, run all inputs and print what comes out; a signal stops it between two of them. */
edla_error edla_program_run(const edla_model *model, const edla_options *options, const edla_inputs *inputs,
                            edla_output *output, edla_problem *problem);

#endif
