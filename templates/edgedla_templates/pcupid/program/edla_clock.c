#define _POSIX_C_SOURCE 200809L
#include "edla_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double edla_clock_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* Shell's sort, because qsort may allocate. */
static void sort(double *numbers, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < count; i++) {
            double moved = numbers[i];
            size_t at = i;

            for (; at >= gap && numbers[at - gap] > moved; at -= gap)
                numbers[at] = numbers[at - gap];
            numbers[at] = moved;
        }
}

double edla_median(double *numbers, size_t count)
{
    if (!count)
        return 0;
    sort(numbers, count);
    return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

long long edla_peak_memory(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    long long kilobytes = -1;
    char line[128];

    if (!status)
        return -1;
    while (kilobytes < 0 && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6))
            kilobytes = strtoll(line + 6, NULL, 10);
    fclose(status);
    return kilobytes < 0 ? -1 : kilobytes * 1024;
}
