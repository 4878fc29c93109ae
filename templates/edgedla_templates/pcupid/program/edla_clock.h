/* Time and memory that the program has used.
 *
 *     double started = edla_clock_milliseconds();
 *     ...
 *     printf("%f ms\n", edla_clock_milliseconds() - started);
 */
#ifndef EDLA_CLOCK_H
#define EDLA_CLOCK_H

#include <stddef.h>

/* A clock that only goes forward; its beginning means nothing. */
double edla_clock_milliseconds(void);

/* The middle one of `count` numbers, or the mean of the two in the middle; sorts them. */
double edla_median(double *numbers, size_t count);

/* The most memory the process has had so far, bytes; -1 where the kernel does not tell. */
long long edla_peak_memory(void);

#endif
