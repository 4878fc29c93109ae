/* The low-pass filter of a resampler: an impulse response over time, for any pair of rates.
 *
 *     edla_kernel kernel = edla_kernel_of(48000, 22050);
 *     edla_kernel_sample(&kernel, 320, values, scratch, edla_kernel_count(&kernel, 320));
 *
 * It is a sinc in a Kaiser window [1, 2], as are the filters of soxr at its quality HQ, which makes the input when
 * the network is trained and verified on a computer. The widths below are those at which the two frequency
 * responses agree; they were measured with
 *
 *     python tests/pcupid/measure_soxr.py
 *
 * which also prints by how much they differ. Between rates of a simple ratio (2:1, 3:1, 1:4 ...) soxr filters once;
 * between others it filters twice, and the second, wider filter weakens the upper end of the pass band by up to
 * 0.01 dB.
 *
 * [1] J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974.
 * [2] A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", section 7.5.3.
 */
#ifndef EDLA_KERNEL_H
#define EDLA_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* A sinc in a Kaiser window. Times are in samples of the lower rate, frequencies in halves of that rate. */
typedef struct {
    double cutoff;
    double half; /* from the middle to either end; 0: no filter at all */
    double beta; /* shape of the window: the larger, the less is left of the stop band */
} edla_sinc;

typedef struct {
    edla_sinc steep; /* separates what can be kept from what cannot */
    edla_sinc wide;  /* applied on top; half 0 between rates of a simple ratio */
} edla_kernel;

/* No kernel is longer from its middle to its end, in samples of the lower rate, for rates of which one is up to
 * 1000 times the other. */
#define EDLA_KERNEL_HALF 123

/* Of two rates above 0. */
edla_kernel edla_kernel_of(uint32_t from, uint32_t to);

uint32_t edla_common_divisor(uint32_t a, uint32_t b);

/* How many values it has from its middle on at `grid` values per sample of the lower rate. */
size_t edla_kernel_count(const edla_kernel *kernel, double grid);

/* Those values: values[i] at the time i / grid, so scaled that the integral over time, both halves, is 1.
 * `scratch` has room for as many. */
void edla_kernel_sample(const edla_kernel *kernel, double grid, float *values, float *scratch, size_t count);

#endif
