#include <stdio.h>

#include "edla_clock.h"
#include "edla_json.h"
#include "edla_output_form.h"

/* `,"key":` */
static void key(const char *name)
{
    printf(",\"%s\":", name);
}

static void string(const char *name, const char *text)
{
    key(name);
    edla_json_string(stdout, text);
}

static void number(const char *name, double value)
{
    key(name);
    edla_json_number(stdout, value);
}

static void print_times(const edla_times *times)
{
    fputs("{\"pre\":", stdout);
    edla_json_number(stdout, times->pre);
    number("net", times->net);
    number("post", times->post);
    putchar('}');
}

static void print_class(const edla_model *model, const edla_score *score)
{
    printf("\"class_id\":%lu", (unsigned long)score->class_id);
    string("label", model->labels[score->class_id]);
    number("score", score->score);
}

static void print_classes(const edla_output *output, const edla_result *result)
{
    putchar(',');
    if (edla_output_named(output, result)) {
        print_class(output->model, &result->top[0]);
    } else {
        fputs("\"class_id\":null,\"label\":null,\"score\":", stdout);
        if (result->top_count)
            edla_json_number(stdout, result->top[0].score);
        else
            fputs("null", stdout);
    }
    fputs(",\"top\":[", stdout);
    for (size_t i = 0; i < result->top_count; i++) {
        fputs(i ? ",{" : "{", stdout);
        print_class(output->model, &result->top[i]);
        putchar('}');
    }
    putchar(']');
}

/* The outputs of a network without classes: what they are, and their first values. */
static void print_outputs(const edla_model *model, float *const *outputs)
{
    fputs(",\"outputs\":[", stdout);
    for (size_t i = 0; i < model->output_count; i++) {
        const edla_tensor *tensor = &model->outputs[i];
        size_t count = edla_elements(tensor);

        fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
        edla_json_string(stdout, tensor->name);
        fputs(",\"shape\":[", stdout);
        for (uint32_t axis = 0; axis < tensor->rank; axis++)
            printf(axis ? ",%lu" : "%lu", (unsigned long)tensor->shape[axis]);
        printf("],\"count\":%lu,\"first\":[", (unsigned long)count);
        for (size_t at = 0; at < count && at < EDLA_VALUES_SHOWN; at++) {
            if (at)
                putchar(',');
            edla_json_number(stdout, (double)outputs[i][at]);
        }
        fputs("]}", stdout);
    }
    putchar(']');
}

void edla_json_begin(const edla_output *output, const char *sha256)
{
    fputs("{\"schema\":\"edgedla.board/1\"", stdout);
    string("program", output->model->program);
    string("model", output->model->name);
    string("image_sha256", sha256[0] ? sha256 : NULL);
    fputs(",\"results\":[", stdout);
}

void edla_json_result(const edla_output *output, const edla_result *result)
{
    printf("%s{\"index\":%lu", output->results ? "," : "", (unsigned long)result->index);
    string("input", result->input);
    print_classes(output, result);
    if (!output->model->class_count)
        print_outputs(output->model, result->outputs);
    key("ms");
    print_times(&result->median);
    key("runs");
    for (size_t i = 0; i < result->run_count; i++) {
        putchar(i ? ',' : '[');
        print_times(&result->runs[i]);
    }
    fputs("],\"warnings\":[", stdout);
    if (result->warning[0])
        edla_json_string(stdout, result->warning);
    fputs("]}", stdout);
}

void edla_json_end(const edla_output *output, int status, const char *code, const char *message)
{
    long long memory = edla_peak_memory();

    fputs("],\"failed\":[", stdout);
    for (const edla_failure *failure = output->failures; failure; failure = failure->next) {
        printf("%s{\"index\":%lu", failure == output->failures ? "" : ",", (unsigned long)failure->index);
        string("input", failure->input);
        string("reason", failure->reason);
        putchar('}');
    }
    putchar(']');
    key("peak_memory_bytes");
    if (memory < 0)
        fputs("null", stdout);
    else
        printf("%lld", memory);
    key("error");
    if (code) {
        fputs("{\"code\":", stdout);
        edla_json_string(stdout, code);
        string("message", message);
        putchar('}');
    } else {
        fputs("null", stdout);
    }
    printf(",\"ok\":%s,\"exit_code\":%d}\n", status ? "false" : "true", status);
}
