#include <stdio.h>

#include "edla_output_form.h"

void edla_text_begin(const edla_output *output)
{
    const edla_options *options = output->options;

    fputs("inputs: ", stdout);
    for (size_t i = 0; i < options->input_count; i++)
        printf(i ? ", %s" : "%s", options->inputs[i]);
    printf("\nmodel path: %s\n", options->image);
    printf("threshold: %f\n", options->threshold);
}

static void print_classes(const edla_output *output, const edla_result *result)
{
    size_t named = edla_output_named(output, result);

    if (!named)
        puts("class id: -1");
    for (size_t i = 0; i < named; i++) {
        printf("class id: %lu\n", (unsigned long)result->top[i].class_id);
        printf("label: %s\n", output->model->labels[result->top[i].class_id]);
        printf("score: %f\n", result->top[i].score);
    }
}

static void print_values(const edla_tensor *tensor, const float *values)
{
    size_t count = edla_elements(tensor);
    char shape[EDLA_SHAPE_TEXT];

    edla_shape_text(shape, tensor->rank, tensor->shape);
    printf("output %s: %s, %lu values:", tensor->name, shape, (unsigned long)count);
    for (size_t i = 0; i < count && i < EDLA_VALUES_SHOWN; i++)
        printf(" %.9g", (double)values[i]);
    puts(count > EDLA_VALUES_SHOWN ? " ..." : "");
}

void edla_text_result(const edla_output *output, const edla_result *result)
{
    printf("the input image: %s\n", result->input);
    printf("pre process time: %f ms\n", result->median.pre);
    printf("model invoke time: %f ms\n", result->median.net);
    printf("post process time: %f ms\n", result->median.post);
    if (output->model->class_count)
        print_classes(output, result);
    else
        for (size_t i = 0; i < output->model->output_count; i++)
            print_values(&output->model->outputs[i], result->outputs[i]);
}
