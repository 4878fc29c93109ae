#include "edla_kernel.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
/* The wide filter is taken this often per sample of the lower rate: its images then lie above the steep one. */
#define WIDE_GRID 4
#define WIDE_TAPS 64

uint32_t edla_common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint32_t odd_part(uint32_t number)
{
    while (number % 2 == 0)
        number /= 2;
    return number;
}

/* Whether soxr filters once. `up` over `down` is the ratio in lowest terms. */
static int is_simple(uint32_t up, uint32_t down)
{
    uint32_t odd = odd_part(up) * odd_part(down);

    return odd == 1 || (odd == 3 && (up <= 4 || odd_part(up) == 3) && (down <= 4 || odd_part(down) == 3)) ||
           (up == 5 && down == 1);
}

/* Of two filters in a row each has to leave half as much of the stop band, and so on: 6 dB, and a longer window,
 * for each doubling. */
static edla_sinc steep(double half, double stages)
{
    edla_sinc sinc = {0.95687, 0, 0};

    sinc.half = half + 5.0 * log2(stages);
    sinc.beta = 13.04 + 0.6712 * log2(stages);
    return sinc;
}

/* Between rates of a simple ratio. Each halving is a stage of its own; going up there are never more than two. */
static edla_sinc simple(uint32_t up, uint32_t down)
{
    double half = up % 3 && down % 3 ? 97.25 : 96.83;
    int stages = up / down > 5 ? 2 : 1;

    for (uint32_t ratio = up == 1 ? down : 1; ratio > 3; ratio /= 2)
        stages++;
    return steep(half, stages);
}

/* Between others the last stage works at twice the higher rate that is left when halving is done; `ratio` is that
 * rate over the lower one. The images that it has to remove begin at 4 * ratio - 1; its number of taps is the
 * smallest at which it weakens the pass band by no more than 0.01 dB. */
static edla_sinc wide(double ratio, double taps)
{
    edla_sinc sinc = {0, 0, 14.09};

    sinc.half = taps / (4.0 * ratio);
    sinc.cutoff = 4.0 * ratio - 1.0 - 4.46 / sinc.half;
    return sinc;
}

edla_kernel edla_kernel_of(uint32_t from, uint32_t to)
{
    uint32_t divisor = edla_common_divisor(from, to);
    double ratio = (double)from / (double)to;
    int halvings = 0;
    edla_kernel kernel;

    memset(&kernel, 0, sizeof kernel);
    if (is_simple(to / divisor, from / divisor)) {
        kernel.steep = simple(to / divisor, from / divisor);
        return kernel;
    }
    if (ratio < 1 || (ratio > 1.5 && ratio < 2)) {
        kernel.steep = steep(97.25, ratio < 0.25 ? 4 : 2);
        kernel.wide = wide(1, 15);
        return kernel;
    }
    for (; ratio >= 2; ratio /= 2)
        halvings++;
    kernel.steep = steep(97.25 - 1.6 * (ratio - 1), halvings > 1 ? 2 * halvings : 2);
    kernel.wide = wide(ratio, ratio < 1.07 ? 16 : ratio < 1.37 ? 14 : 12);
    return kernel;
}

/* The modified Bessel function of the first kind and order zero, by its power series. All terms are positive;
 * those left out add less than 1e-12 up to 20, beyond any beta here. */
static double bessel_i0(double x)
{
    double sum = 1, term = 1, square = x * x / 4;

    for (int k = 1; k < 60 && term > 1e-13 * sum; k++) {
        term *= square / ((double)k * (double)k);
        sum += term;
    }
    return sum;
}

/* At a time; `scale` is 1 / I0(beta). */
static double sinc_at(const edla_sinc *sinc, double time, double scale)
{
    double place = time / sinc->half, angle = PI * sinc->cutoff * time, window;

    if (place >= 1)
        return 0;
    window = bessel_i0(sinc->beta * sqrt(1 - place * place)) * scale;
    return sinc->cutoff * window * (time > 0 ? sin(angle) / angle : 1);
}

/* The wide filter as taps at the times 0, step, 2 * step ...; their sum over both sides is 1. */
static size_t wide_taps(const edla_sinc *sinc, double step, float *taps)
{
    double value[WIDE_TAPS], sum = 0, scale = 1 / bessel_i0(sinc->beta);
    size_t count = 0;

    for (; count < WIDE_TAPS && (double)count * step < sinc->half; count++) {
        value[count] = sinc_at(sinc, (double)count * step, scale);
        sum += count ? 2 * value[count] : value[count];
    }
    for (size_t i = 0; i < count; i++)
        taps[i] = (float)(value[i] / sum);
    return count;
}

/* The steep filter followed by the wide one: a sum of copies, shifted to either side. */
static void add_shifted(const float *from, float *to, size_t count, size_t shift, float factor)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = i < shift ? shift - i : i - shift;
        float sum = before < count ? from[before] : 0;
        if (shift && i + shift < count)
            sum += from[i + shift];
        to[i] += factor * sum;
    }
}

size_t edla_kernel_count(const edla_kernel *kernel, double grid)
{
    return (size_t)ceil((kernel->steep.half + kernel->wide.half) * grid) + 1;
}

void edla_kernel_sample(const edla_kernel *kernel, double grid, float *values, float *scratch, size_t count)
{
    float *plain = kernel->wide.half > 0 ? scratch : values;
    double scale = 1 / bessel_i0(kernel->steep.beta);
    size_t shift = (size_t)(grid / WIDE_GRID), taps;
    float factor[WIDE_TAPS];

    for (size_t i = 0; i < count; i++)
        plain[i] = (float)sinc_at(&kernel->steep, (double)i / grid, scale);
    if (plain == values)
        return;
    shift = shift ? shift : 1;
    taps = wide_taps(&kernel->wide, (double)shift / grid, factor);
    memset(values, 0, count * sizeof *values);
    for (size_t i = 0; i < taps; i++)
        add_shifted(scratch, values, count, i * shift, factor[i]);
}
