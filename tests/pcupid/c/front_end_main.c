/* The front end of the board program by itself: WAV files in, tensors out.
 *
 *     front_end_main RATE LENGTH PEAK start|centre IN.wav OUT.f32 [IN.wav OUT.f32]...
 *     front_end_main --bench RATE LENGTH PEAK start|centre IN.wav REPEAT
 *
 * With --bench: `bench FIRST BEST` in milliseconds of the processor, `memory BYTES` of the front end and `peak
 * KILOBYTES` of the process. Else one line per file: `ok RATE CHANNELS FRAMES ANNOUNCED TRUNCATED`, or `error CODE REASON`. Tensors are float32 in the
 * order of bytes of this machine.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edla_front_end.h"

static const char *const name_of[] = {
#define X(name, status, words) #name,
    EDLA_ERRORS(X)
#undef X
};

/* Of this process, so that others do not count. */
static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int write_tensor(const char *path, const float *tensor, size_t length)
{
    FILE *file = fopen(path, "wb");
    int good = file && fwrite(tensor, sizeof *tensor, length, file) == length;

    return (!file || fclose(file) == 0) && good;
}

static int convert(edla_front_end *front_end, edla_window window, float *tensor, size_t length, char **paths)
{
    edla_recording found;
    edla_error error = edla_front_end_read(front_end, paths[0], window, tensor, &found);

    if (error != EDLA_OK)
        printf("error %s %s\n", name_of[error], found.reason);
    else if (!write_tensor(paths[1], tensor, length))
        return 0;
    else
        printf("ok %lu %lu %llu %llu %d\n", (unsigned long)found.rate, (unsigned long)found.channels,
               (unsigned long long)found.frames, (unsigned long long)found.announced, found.truncated);
    return 1;
}

/* The largest part of memory that this process ever had, in kilobytes; 0 where the system does not say. */
static unsigned long peak_memory(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long kilobytes = 0;
    char line[200];

    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6))
            kilobytes = strtoul(line + 6, NULL, 10);
    if (status)
        fclose(status);
    return kilobytes;
}

/* The first time, which makes the filter as well, and the shortest of the others. */
static void bench(edla_front_end *front_end, edla_window window, float *tensor, const char *path, int repeat)
{
    double first = 0, best = 1e9;

    for (int i = 0; i < repeat; i++) {
        edla_recording found;
        double started = milliseconds(), took;
        edla_error error = edla_front_end_read(front_end, path, window, tensor, &found);

        took = milliseconds() - started;
        if (error != EDLA_OK)
            printf("error %s %s\n", name_of[error], found.reason);
        if (i == 0)
            first = took;
        else if (took < best)
            best = took;
    }
    printf("bench %.3f %.3f\n", first, best);
}

int main(int count, char **words)
{
    int benching = count > 1 && !strcmp(words[1], "--bench"), at = 1 + benching;
    edla_audio audio = {0, 0, 0, EDLA_WINDOW_START};
    edla_front_end *front_end;
    size_t size;
    void *memory;
    float *tensor;

    if (count < at + 6)
        return 2;
    audio.rate = (uint32_t)strtoul(words[at], NULL, 10);
    audio.length = (size_t)strtoul(words[at + 1], NULL, 10);
    audio.peak = strtof(words[at + 2], NULL);
    audio.window = strcmp(words[at + 3], "centre") ? EDLA_WINDOW_START : EDLA_WINDOW_CENTRE;
    size = edla_front_end_size(&audio);
    memory = malloc(size ? size : 1);
    tensor = malloc(audio.length * sizeof *tensor + 1);
    if (!memory || !tensor || edla_front_end_init(&front_end, &audio, memory, size) != EDLA_OK) {
        puts("error init");
    } else if (benching) {
        bench(front_end, audio.window, tensor, words[at + 4], atoi(words[at + 5]));
        printf("memory %lu\npeak %lu\n", (unsigned long)size, peak_memory());
    } else {
        for (at += 4; at + 1 < count; at += 2)
            if (!convert(front_end, audio.window, tensor, audio.length, words + at))
                return 1;
    }
    free(tensor);
    free(memory);
    return 0;
}
