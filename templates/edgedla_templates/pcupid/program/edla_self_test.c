#define _POSIX_C_SOURCE 200809L
#include "edla_self_test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edla_json.h"
#include "edla_session.h"
#include "edla_sha256.h"
#include "edla_stop.h"
#include "edla_tensor_file.h"

typedef struct {
    edla_session session;
    const edla_model *model;
    char folder[EDLA_PATH_SIZE];   /* of the clips */
    char path[2 * EDLA_PATH_SIZE]; /* of the file at work */
    float *wanted;                 /* the first input as the build made it */
    unsigned long number;          /* of the last test */
    int failed;                    /* nonzero once a test was not ok */
    edla_problem problem;
} state;

/* One line of TAP, and why it is not ok. */
static void report(state *test, int ok, const char *clip, const char *what, const char *message)
{
    printf("%s %lu - %s%s%s\n", ok ? "ok" : "not ok", ++test->number, clip ? clip : "", clip ? ": " : "", what);
    if (!ok) {
        test->failed = 1;
        fputs("  ---\n  message: ", stdout);
        edla_json_string(stdout, message);
        fputs("\n  ...\n", stdout);
    }
    fflush(stdout);
}

/* The folder of the program: /proc knows it even where it was found on PATH. */
static void find_folder(state *test, const edla_options *options, const char *program)
{
    char *folder = test->folder, *slash;
    ssize_t length;

    if (options->golden) {
        snprintf(folder, sizeof test->folder, "%s", options->golden);
        return;
    }
    length = readlink("/proc/self/exe", folder, sizeof test->folder - sizeof "golden" - 1);
    if (length > 0)
        folder[length] = '\0';
    else
        snprintf(folder, sizeof test->folder - sizeof "golden", "%s", program);
    slash = strrchr(folder, '/');
    strcpy(slash ? slash + 1 : folder, "golden");
}

/* The file of a clip: its sound, or one of its tensors. */
static const char *file_of(state *test, const edla_clip *clip, const edla_tensor *tensor)
{
    if (!tensor)
        snprintf(test->path, sizeof test->path, "%s/%s.wav", test->folder, clip->name);
    else
        snprintf(test->path, sizeof test->path, "%s/%s.%s.%s", test->folder, clip->name, tensor->name,
                 edla_is_image(tensor) ? "bin" : "f32");
    return test->path;
}

static void test_image(state *test, const char *sha256)
{
    char message[200];

    snprintf(message, sizeof message, "its sha256 is %s, the build's was %s", sha256, test->model->image_sha256);
    report(test, !strcmp(sha256, test->model->image_sha256), NULL, "the image is that of the build", message);
}

static void test_front_end(state *test, const edla_clip *clip)
{
    const edla_tensor *tensor = &test->model->inputs[0];
    const char *what = "the front end makes the build's tensor of its recording";
    const float *made = test->session.inputs[0];
    double largest = 0;
    char message[200];

    if (edla_tensor_read(file_of(test, clip, tensor), tensor, test->wanted, &test->problem) != EDLA_OK ||
        edla_session_read(&test->session, file_of(test, clip, NULL), 0, test->model->audio->window, message,
                          &test->problem) != EDLA_OK) {
        report(test, 0, clip->name, what, test->problem.message);
        return;
    }
    for (size_t i = 0, count = edla_elements(tensor); i < count; i++)
        largest = fmax(largest, fabs((double)made[i] - (double)test->wanted[i]));
    snprintf(message, sizeof message, "largest difference %.3g of full scale, allowed %.3g", largest,
             EDLA_FRONT_END_TOLERANCE);
    report(test, largest <= EDLA_FRONT_END_TOLERANCE, clip->name, what, message);
}

/* Whether one output has the values of the build; where not, the first of them that is another. */
static int is_expected(state *test, size_t index, const edla_expected *expected, char *message, size_t size)
{
    for (size_t i = 0; i < expected->count; i++) {
        double found = (double)test->session.outputs[index][i * expected->step];
        double wanted = (double)expected->values[i];

        if (!(fabs(found - wanted) <= test->model->tolerance * fmax(1, fabs(wanted)))) {
            snprintf(message, size, "%s[%lu] is %.9g, the build's was %.9g, tolerance %.3g",
                     test->model->outputs[index].name, (unsigned long)(i * expected->step), found, wanted,
                     test->model->tolerance);
            return 0;
        }
    }
    return 1;
}

static void test_network(state *test, const edla_clip *clip)
{
    const edla_model *model = test->model;
    edla_session *session = &test->session;
    const char *what = "the network answers as in the build", *class_what = "its class is that of the build";
    char message[EDLA_PATH_SIZE];
    edla_error error = EDLA_OK;
    double milliseconds;
    int ok = 1;

    for (size_t i = 0; i < model->input_count && error == EDLA_OK; i++)
        error = edla_tensor_read(file_of(test, clip, &model->inputs[i]), &model->inputs[i], session->inputs[i],
                                 &test->problem);
    if (error == EDLA_OK)
        error = edla_ipu_run(session->ipu, (const void *const *)session->inputs, session->outputs, &milliseconds,
                             &test->problem);
    if (error != EDLA_OK) {
        report(test, 0, clip->name, what, test->problem.message);
        if (model->class_count)
            report(test, 0, clip->name, class_what, "the network did not answer");
        return;
    }
    for (size_t i = 0; i < model->output_count && ok; i++)
        ok = is_expected(test, i, &clip->expected[i], message, sizeof message);
    report(test, ok, clip->name, what, message);
    if (!model->class_count)
        return;
    ok = edla_scores(session->outputs[0], model->class_count, model->scores, session->top, 1) == 1 &&
         (long)session->top[0].class_id == clip->class_id;
    snprintf(message, sizeof message, "the best class is %lu, the build's was %ld",
             (unsigned long)session->top[0].class_id, clip->class_id);
    report(test, ok, clip->name, class_what, message);
}

/* The tests that need an open image. */
static int test_board(state *test, const edla_options *options)
{
    const edla_model *model = test->model;
    edla_error error = edla_session_open(&test->session, model, options, &test->problem);

    if (error != EDLA_OK && error != EDLA_IMAGE) {
        printf("Bail out! %s\n", test->problem.message);
        edla_problem_print(&test->problem);
        return edla_exit_status(error);
    }
    report(test, error == EDLA_OK, NULL, "the image's tensors are those of the program", test->problem.message);
    if (error != EDLA_OK) {
        puts("Bail out! nothing can be run on this image");
        return 1;
    }
    for (size_t i = 0; i < model->clip_count && !edla_stop_asked(); i++) {
        if (model->audio)
            test_front_end(test, &model->clips[i]);
        test_network(test, &model->clips[i]);
    }
    edla_session_close(&test->session);
    return edla_stop_asked() ? EDLA_INTERRUPTED : test->failed;
}

static int run(state *test, const edla_options *options)
{
    const edla_model *model = test->model;
    size_t for_each = (model->audio ? 2u : 1u) + (model->class_count ? 1u : 0u);
    char sha256[EDLA_SHA256_TEXT];
    uint64_t size;
    int status;

    if (edla_sha256_file(options->image, sha256, &size) != EDLA_OK) {
        edla_problem_set(&test->problem, EDLA_FILE, "%s: %s", options->image, strerror(errno));
        edla_problem_print(&test->problem);
        return edla_exit_status(EDLA_FILE);
    }
    printf("TAP version 13\n1..%lu\n", (unsigned long)(2 + model->clip_count * for_each));
    test_image(test, sha256);
    status = test_board(test, options);
    if (edla_problem_flush(&test->problem) == EDLA_OK)
        return status;
    edla_problem_print(&test->problem);
    return edla_exit_status(EDLA_WRITE);
}

int edla_self_test(const edla_model *model, const edla_options *options, const char *program)
{
    state *test = calloc(1, sizeof *test);
    int status = edla_exit_status(EDLA_MEMORY);

    if (test)
        test->wanted = malloc(edla_bytes(&model->inputs[0]));
    if (test && test->wanted) {
        test->model = model;
        find_folder(test, options, program);
        status = run(test, options);
    } else {
        fputs("error: there is no memory\n", stderr);
    }
    if (test)
        free(test->wanted);
    free(test);
    return status;
}
