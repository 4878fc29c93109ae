#include "edla_tensor_file.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Turn little-endian float32 into this machine's, in place. */
static void decode(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[4];
        uint32_t bits;

        memcpy(bytes, values + i, sizeof bytes);
        bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        memcpy(values + i, &bits, sizeof bits);
    }
}

static edla_error check_finite(const char *path, const float *values, size_t count, edla_problem *problem)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return edla_problem_set(problem, EDLA_SOUND, "%s: value %lu is no finite number", path, (unsigned long)i);
    return EDLA_OK;
}

/* How long a file is from here on. */
static unsigned long long rest(FILE *file)
{
    unsigned long long count = 0;
    char data[4096];
    size_t got;

    while ((got = fread(data, 1, sizeof data, file)) > 0)
        count += got;
    return count;
}

edla_error edla_tensor_read(const char *path, const edla_tensor *tensor, void *values, edla_problem *problem)
{
    size_t size = edla_bytes(tensor), got;
    char shape[EDLA_SHAPE_TEXT];
    unsigned long long found;
    FILE *file = fopen(path, "rb");
    int number;

    if (!file)
        return edla_problem_set(problem, EDLA_FILE, "%s: %s", path, strerror(errno));
    got = fread(values, 1, size, file);
    found = got + rest(file);
    number = ferror(file) ? errno : 0;
    fclose(file);
    if (number)
        return edla_problem_set(problem, EDLA_FILE, "%s: %s", path, strerror(number));
    if (found != size) {
        edla_shape_text(shape, tensor->rank, tensor->shape);
        return edla_problem_set(problem, EDLA_LENGTH, "%s: %llu bytes, but '%s' has %lu (%s of %s)", path, found,
                                tensor->name, (unsigned long)size, shape,
                                edla_is_image(tensor) ? "bytes" : "float32");
    }
    if (edla_is_image(tensor))
        return EDLA_OK;
    decode(values, size / sizeof(float));
    return check_finite(path, values, size / sizeof(float), problem);
}

static int write_all(FILE *file, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        unsigned char bytes[4];

        memcpy(&bits, values + i, sizeof bits);
        for (int shift = 0; shift < 4; shift++)
            bytes[shift] = (unsigned char)(bits >> 8 * shift);
        if (fwrite(bytes, 1, sizeof bytes, file) != sizeof bytes)
            return 0;
    }
    return fflush(file) == 0;
}

edla_error edla_tensor_write(const char *path, const float *values, size_t count, edla_problem *problem)
{
    FILE *file = fopen(path, "wb");
    int number = 0;

    if (!file)
        return edla_problem_set(problem, EDLA_WRITE, "%s: %s", path, strerror(errno));
    if (!write_all(file, values, count))
        number = errno;
    if (fclose(file) && !number)
        number = errno;
    if (!number)
        return EDLA_OK;
    remove(path);
    return edla_problem_set(problem, EDLA_WRITE, "%s: %s", path, strerror(number));
}
