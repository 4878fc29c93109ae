/* What the user typed.
 *
 *     edla_options options;
 *     if (edla_options_parse(&options, model, argc, argv, &problem) != EDLA_OK)
 *         edla_problem_print(&problem);
 *     else if (options.help)
 *         return edla_options_answer(model, &options);
 */
#ifndef EDLA_OPTIONS_H
#define EDLA_OPTIONS_H

#include <stddef.h>

#include "edla_model.h"
#include "edla_problem.h"

#define EDLA_REPEAT_MAX 10000

typedef struct {
    char **inputs;      /* -i; stands in argv */
    size_t input_count; /* how many */
    char *image;        /* -m */
    double threshold;   /* -t */
    size_t top;         /* -k; no more than there are classes */
    size_t repeat;      /* -n */
    edla_window window; /* --window; the model's own where not given */
    int tensor;         /* --tensor, or the model hears nothing */
    char *dump;         /* --dump; NULL */
    int json;           /* --json */
    int self_test;      /* --self-test */
    char *golden;       /* --golden; NULL: beside the program */
    char *firmware;     /* --firmware; NULL */
    int version;        /* --version */
    int help;           /* --help */
} edla_options;

/* EDLA_USAGE: an option is unknown, lacks its value or has a wrong one. `json` is right even then, so that the
 * problem can be told in the form that was asked for. */
edla_error edla_options_parse(edla_options *options, const edla_model *model, int argc, char **argv,
                              edla_problem *problem);

/* Answer --help or --version on stdout; the exit status. */
int edla_options_answer(const edla_model *model, const edla_options *options);

#endif
