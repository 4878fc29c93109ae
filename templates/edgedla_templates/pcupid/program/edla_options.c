#include "edla_options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edla_port.h"

/* What an option sets; exactly one of the last three. */
typedef struct {
    const char *name;
    int *flag;
    char **text;
    edla_error (*parse)(edla_options *, const edla_model *, char *, edla_problem *);
} option;

static edla_error wrong(const char *name, const char *value, const char *range, edla_problem *problem)
{
    return edla_problem_set(problem, EDLA_USAGE, "%s takes %s, not '%s'", name, range, value);
}

/* A whole number in 1 … limit, or 0. */
static size_t count_of(const char *value, unsigned long limit)
{
    unsigned long number;
    char *end;

    if (*value < '0' || *value > '9')
        return 0;
    errno = 0;
    number = strtoul(value, &end, 10);
    return *end || errno || number > limit ? 0 : (size_t)number;
}

static edla_error parse_top(edla_options *options, const edla_model *model, char *value, edla_problem *problem)
{
    options->top = count_of(value, 1000000);
    if (!options->top)
        return wrong("-k", value, "a whole number from 1 to 1000000", problem);
    if (model->class_count && options->top > model->class_count)
        options->top = model->class_count;
    return EDLA_OK;
}

static edla_error parse_repeat(edla_options *options, const edla_model *model, char *value,
                               edla_problem *problem)
{
    (void)model;
    options->repeat = count_of(value, EDLA_REPEAT_MAX);
    return options->repeat ? EDLA_OK : wrong("-n", value, "a whole number from 1 to 10000", problem);
}

static edla_error parse_threshold(edla_options *options, const edla_model *model, char *value,
                                  edla_problem *problem)
{
    int scores = model->scores != EDLA_NONE; /* without them the threshold is one of the output's own values */
    char *end;

    options->threshold = strtod(value, &end);
    if (end == value || *end || !isfinite(options->threshold) ||
        (scores && (options->threshold < 0 || options->threshold > 1)))
        return wrong("-t", value, scores ? "a number from 0 to 1" : "a number", problem);
    return EDLA_OK;
}

static edla_error parse_window(edla_options *options, const edla_model *model, char *value,
                               edla_problem *problem)
{
    if (!model->audio)
        return edla_problem_set(problem, EDLA_USAGE, "--window is for recordings, and '%s' does not take any",
                                model->name);
    if (strcmp(value, "start") && strcmp(value, "centre"))
        return wrong("--window", value, "start or centre", problem);
    options->window = *value == 's' ? EDLA_WINDOW_START : EDLA_WINDOW_CENTRE;
    return EDLA_OK;
}

static edla_error add_input(edla_options *options, const edla_model *model, char *value, edla_problem *problem)
{
    (void)model;
    if (!*value)
        return edla_problem_set(problem, EDLA_USAGE, "the name of an input is empty");
    options->inputs[options->input_count++] = value;
    return EDLA_OK;
}

/* Handle argv[*at] and, where the option takes one, the value behind it. */
static edla_error take(edla_options *options, const edla_model *model, char **argv, int *at, edla_problem *problem)
{
    const option known[] = {
        {"-i", NULL, NULL, add_input},
        {"-m", NULL, &options->image, NULL},
        {"-t", NULL, NULL, parse_threshold},
        {"-k", NULL, NULL, parse_top},
        {"-n", NULL, NULL, parse_repeat},
        {"--window", NULL, NULL, parse_window},
        {"--tensor", &options->tensor, NULL, NULL},
        {"--dump", NULL, &options->dump, NULL},
        {"--json", &options->json, NULL, NULL},
        {"--self-test", &options->self_test, NULL, NULL},
        {"--golden", NULL, &options->golden, NULL},
        {"--firmware", NULL, &options->firmware, NULL},
        {"--version", &options->version, NULL, NULL},
        {"--help", &options->help, NULL, NULL},
        {"-h", &options->help, NULL, NULL},
    };
    const char *name = argv[*at];
    char *value = argv[*at + 1];

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name))
            continue;
        if (known[i].flag) {
            *known[i].flag = 1;
            return EDLA_OK;
        }
        if (!value)
            return edla_problem_set(problem, EDLA_USAGE, "%s takes a value", name);
        ++*at;
        if (known[i].text) {
            *known[i].text = value;
            return *value ? EDLA_OK : wrong(name, value, "a path", problem);
        }
        return known[i].parse(options, model, value, problem);
    }
    return edla_problem_set(problem, EDLA_USAGE, *name == '-' ? "there is no option '%s'" : "what is '%s' for?", name);
}

static edla_error check(const edla_options *options, edla_problem *problem)
{
    if (options->help || options->version)
        return EDLA_OK;
    if (!options->image)
        return edla_problem_set(problem, EDLA_USAGE, "-m IMAGE is missing");
    if (options->self_test && options->json)
        return edla_problem_set(problem, EDLA_USAGE, "--self-test answers in TAP, not in JSON");
    if (options->self_test && options->input_count)
        return edla_problem_set(problem, EDLA_USAGE, "--self-test has inputs of its own and takes no -i");
    if (!options->self_test && !options->input_count)
        return edla_problem_set(problem, EDLA_USAGE, "-i PATH is missing");
    return EDLA_OK;
}

edla_error edla_options_parse(edla_options *options, const edla_model *model, int argc, char **argv,
                              edla_problem *problem)
{
    edla_error error = EDLA_OK;

    memset(options, 0, sizeof *options);
    options->inputs = argv + 1; /* there is room: each input takes two words */
    options->threshold = 0.5;
    options->top = options->repeat = 1;
    options->tensor = !model->audio;
    options->window = model->audio ? model->audio->window : EDLA_WINDOW_START;
    for (int at = 1; at < argc; at++)
        if (!strcmp(argv[at], "--json"))
            options->json = 1;
    for (int at = 1; at < argc && error == EDLA_OK; at++)
        error = take(options, model, argv, &at, problem);
    if (error == EDLA_OK)
        error = check(options, problem);
    if (error != EDLA_OK)
        edla_problem_hint(problem, "%s --help", model->program);
    return error;
}

static void print_help(const edla_model *model)
{
    printf("usage: %s -i PATH [-i PATH]... -m IMAGE [options]\n\n"
           "Runs the network '%s' on the board.\n\n"
           "  -i PATH          %s, or a folder of them%s\n"
           "  -m IMAGE         the network, as the build made it\n"
           "  -t THRESHOLD     lowest score of a class that is named (0.5)\n"
           "  -k TOP           how many classes are named at most (1)\n"
           "  -n REPEAT        run each input so many times; times are medians (1)\n"
           "%s"
           "  --dump DIR       write the network's outputs as float32 to DIR/<index>.<tensor>.f32\n"
           "  --json           one JSON object on stdout\n"
           "  --self-test      hold image and numbers against those of the build; answers in TAP\n"
           "  --golden DIR     inputs of the self-test (golden/ beside the program)\n"
           "  --firmware PATH  firmware of the IPU, which older boards need\n"
           "  --version        what the program was made for\n"
           "  --help           this text\n\n"
           "Exit status: 0 done, 1 a check said no, 2 wrong option or input, 4 the board, 130 interrupted.\n",
           model->program, model->name, model->audio ? "a WAV file" : "a tensor file",
           model->input_count > 1 ? "; one for each input: a,b" : "",
           model->audio ? "  --window WHICH   start or centre of a recording longer than the input\n"
                          "  --tensor         inputs are files of float32, little endian, as the network takes them\n"
                        : "");
}

static void print_version(const edla_model *model)
{
    static const char *const headers[] = {"", "ten functions", "without batches", "with batches"};

    printf("%s for the model %s\nimage: sha256 %s, %llu bytes\nmi_ipu: headers %s\nMI_SYS_Init: %s\n",
           model->program, model->name, model->image_sha256, (unsigned long long)model->image_size,
           headers[EDLA_IPU_HEADERS], EDLA_SYS_SOC_ID ? "with the chip's number" : "without arguments");
    if (model->notice[0])
        printf("note: %s\n", model->notice);
}

int edla_options_answer(const edla_model *model, const edla_options *options)
{
    edla_problem problem;

    if (options->help)
        print_help(model);
    else
        print_version(model);
    if (edla_problem_flush(&problem) == EDLA_OK)
        return 0;
    edla_problem_print(&problem);
    return edla_exit_status(problem.error);
}
