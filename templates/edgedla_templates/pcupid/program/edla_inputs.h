/* The files that the user named: themselves, or what is in a folder.
 *
 *     edla_inputs inputs;
 *     if (edla_inputs_find(&inputs, model, &options, &problem) == EDLA_OK)
 *         for (size_t i = 0; i < inputs.count; i++)
 *             puts(inputs.paths[i]);
 *     edla_inputs_free(&inputs);
 */
#ifndef EDLA_INPUTS_H
#define EDLA_INPUTS_H

#include <stddef.h>

#include "edla_model.h"
#include "edla_options.h"
#include "edla_problem.h"

typedef struct {
    char **paths; /* in the order given, those of a folder by name */
    size_t count;
} edla_inputs;

/* The .wav files of a folder, or the .f32, .raw and .bin files where inputs are tensors; not of folders in it,
 * and none that begins with a dot. What is no folder is taken as it is, even if it is not there: reading it says
 * why. EDLA_FILE: a folder cannot be read. EDLA_USAGE: there is nothing in it. EDLA_MEMORY. */
edla_error edla_inputs_find(edla_inputs *inputs, const edla_model *model, const edla_options *options,
                            edla_problem *problem);

void edla_inputs_free(edla_inputs *inputs);

#endif
