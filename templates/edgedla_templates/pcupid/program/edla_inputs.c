#define _POSIX_C_SOURCE 200809L
#include "edla_inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int has_suffix(const char *name, int tensor)
{
    static const char *const sounds[] = {".wav", NULL}, *const tensors[] = {".f32", ".raw", ".bin", NULL};
    const char *dot = strrchr(name, '.');

    if (!dot || name[0] == '.')
        return 0;
    for (const char *const *suffix = tensor ? tensors : sounds; *suffix; suffix++)
        if (!strcasecmp(dot, *suffix))
            return 1;
    return 0;
}

static int is_folder(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Add `folder`/`name`, or `name` where there is no folder. */
static edla_error add(edla_inputs *inputs, const char *folder, const char *name, edla_problem *problem)
{
    size_t length = (folder ? strlen(folder) + 1 : 0) + strlen(name) + 1;
    char *path = malloc(length), **paths = inputs->paths;

    /* Room for a power of two: grown where the count is one. */
    if (!(inputs->count & (inputs->count - 1)))
        paths = realloc(paths, (inputs->count ? 2 * inputs->count : 1) * sizeof *paths);
    if (paths)
        inputs->paths = paths;
    if (!path || !paths) {
        free(path);
        return edla_problem_set(problem, EDLA_MEMORY, "there is no memory for the names of %lu inputs",
                                (unsigned long)inputs->count + 1);
    }
    path[0] = '\0';
    if (folder)
        strcat(strcat(path, folder), folder[strlen(folder) - 1] == '/' ? "" : "/");
    strcat(path, name);
    inputs->paths[inputs->count++] = path;
    return EDLA_OK;
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static edla_error add_folder(edla_inputs *inputs, const char *folder, int tensor, edla_problem *problem)
{
    size_t first = inputs->count;
    edla_error error = EDLA_OK;
    struct dirent *entry;
    DIR *open = opendir(folder);

    if (!open)
        return edla_problem_set(problem, EDLA_FILE, "%s: %s", folder, strerror(errno));
    while (error == EDLA_OK && (errno = 0, entry = readdir(open)) != NULL) {
        if (!has_suffix(entry->d_name, tensor))
            continue;
        error = add(inputs, folder, entry->d_name, problem);
        if (error == EDLA_OK && is_folder(inputs->paths[inputs->count - 1]))
            free(inputs->paths[--inputs->count]);
    }
    if (error == EDLA_OK && errno)
        error = edla_problem_set(problem, EDLA_FILE, "%s: %s", folder, strerror(errno));
    closedir(open);
    if (error == EDLA_OK && inputs->count == first)
        error = edla_problem_set(problem, EDLA_USAGE, "%s: there is no %s file in this folder", folder,
                                 tensor ? ".f32, .raw or .bin" : ".wav");
    if (error == EDLA_OK)
        qsort(inputs->paths + first, inputs->count - first, sizeof *inputs->paths, compare);
    return error;
}

edla_error edla_inputs_find(edla_inputs *inputs, const edla_model *model, const edla_options *options,
                            edla_problem *problem)
{
    edla_error error = EDLA_OK;

    inputs->paths = NULL;
    inputs->count = 0;
    for (size_t i = 0; i < options->input_count && error == EDLA_OK; i++) {
        const char *path = options->inputs[i];

        if (!is_folder(path))
            error = add(inputs, NULL, path, problem);
        else if (model->input_count > 1)
            error = edla_problem_set(problem, EDLA_USAGE, "%s: a network of %lu inputs takes files, as a,b", path,
                                     (unsigned long)model->input_count);
        else
            error = add_folder(inputs, path, options->tensor, problem);
    }
    return error;
}

void edla_inputs_free(edla_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->paths[i]);
    free(inputs->paths);
    inputs->paths = NULL;
    inputs->count = 0;
}
