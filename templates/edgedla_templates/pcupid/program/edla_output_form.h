/* The two forms of output, behind edla_output.h. */
#ifndef EDLA_OUTPUT_FORM_H
#define EDLA_OUTPUT_FORM_H

#include "edla_output.h"

#define EDLA_VALUES_SHOWN 8 /* of each output of a network without classes */

/* How many of the best classes reach the threshold. */
size_t edla_output_named(const edla_output *output, const edla_result *result);

void edla_text_begin(const edla_output *output);
void edla_text_result(const edla_output *output, const edla_result *result);

void edla_json_begin(const edla_output *output, const char *sha256);
void edla_json_result(const edla_output *output, const edla_result *result);
void edla_json_end(const edla_output *output, int status, const char *code, const char *message);

#endif
