/* The low-pass filter of a resampler: an impulse response over time, for a pair of rates.
 *
 *     edla_kernel kernel = edla_kernel_of(48000, 22050, 0);
 *     size_t count = edla_kernel_count(&kernel, 320);
 *     edla_kernel_sample(&kernel, 320, values, scratch, count);
 *
 * A network is trained, and verified on a computer, with sound that soxr resampled at its quality HQ; this filter has
 * the same frequency response. It is a sinc in a Kaiser window [1, 2] between rates of a simple ratio (2:1, 3:2 ...)
 * and two of them in a row between others, where the second weakens the upper end of the pass band by up to 0.01 dB.
 * Their widths are those at which the responses agree. They were measured with, and how far they agree is shown by
 *
 *     python tests/pcupid/measure_soxr.py
 *
 * From rates below a quarter of the network's soxr filters three times. The third filter is left out here: the first
 * few samples of a recording that begins loud differ, by up to 0.06 of full scale, and from 0.23 to 0.25 of the
 * network's rate the uppermost 5 percent of the sound are weaker in soxr.
 *
 * Times are in samples of the lower rate, frequencies in halves of that rate.
 *
 * [1] J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974.
 * [2] A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", section on the Kaiser window.
 */
#ifndef EDLA_KERNEL_H
#define EDLA_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* No kernel is longer from its middle to its end, up to 8 halvings. */
#define EDLA_KERNEL_HALF 123
/* Values that the first of two filters makes before time 0, and the second would need. */
#define EDLA_KERNEL_LOST 8

typedef struct {
    double cutoff;
    double half; /* from the middle to either end; 0: no filter at all */
    double beta; /* shape of the window: the larger, the less is left of the stop band */
} edla_sinc;

typedef struct {
    edla_sinc first;  /* the order matters where a recording begins */
    edla_sinc second; /* half 0 between rates of a simple ratio */
    int stages;       /* filters in a row, with those that halve */
    double step;      /* from one value to the next of those that the first hands to the second */
} edla_kernel;

uint32_t edla_common_divisor(uint32_t a, uint32_t b);

double edla_sinc_at(const edla_sinc *sinc, double time);

/* From one rate to another, of which the first is less than four times the second: what is more was halved before,
 * `halvings` times. */
edla_kernel edla_kernel_of(uint32_t from, uint32_t to, int halvings);

/* How many values it has from its middle on at `grid` values per sample of the lower rate. */
size_t edla_kernel_count(const edla_kernel *kernel, double grid);

/* Those values: values[i] at the time i / grid, so scaled that the integral over both halves is 1.
 * `scratch` has room for as many. */
void edla_kernel_sample(const edla_kernel *kernel, double grid, float *values, float *scratch, size_t count);

/* In soxr the second filter begins at time 0, and hears nothing of what the first one makes of the recording's
 * beginning before. That is `lost`, for samples at the times 0, 1 / wide, 2 / wide ... */
void edla_kernel_lose(const edla_kernel *kernel, const float *samples, size_t count, double wide,
                      double lost[EDLA_KERNEL_LOST]);

/* What the second would have made of it; to be taken off the result at `time`. 0 from second.half on. */
double edla_kernel_onset(const edla_kernel *kernel, const double lost[EDLA_KERNEL_LOST], double time);

#endif
