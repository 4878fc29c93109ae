#include "edla_kernel.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
/* The shorter filter of two is taken this often per sample of the lower rate: its images lie above the other then. */
#define GRID 4

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
    uint32_t odd_up = odd_part(up), odd_down = odd_part(down);

    if (odd_up == 1 && odd_down == 1)
        return 1;
    if (odd_up == 3 && odd_down == 1)
        return down <= 4;
    if (odd_up == 1 && odd_down == 3)
        return up <= 4;
    return up == 5 && down == 1;
}

/* The filter that separates what can be kept from what cannot. It works on sound of `ratio` times twice the lower
 * rate, and has 4 * m + 1 taps on it. Where several filter in a row, each has to leave as much less of the stop band:
 * 6 dB, and a longer window, for each doubling of their number. */
static edla_sinc steep(int stages, double ratio)
{
    edla_sinc sinc = {0.956872, 0, 0};

    sinc.half = (ceil((96.33 + 4.92 * log2(stages)) * ratio) + 0.25) / ratio;
    sinc.beta = 13.04 + 0.6712 * log2(stages);
    return sinc;
}

/* The filter between the phases of any two rates. It works on sound of twice the higher rate (1.5 to 2: on that of
 * the recording), where `ratio` is that rate over the lower one; its taps on that sound are a whole number, few enough
 * that it weakens the pass band by no more than 0.01 dB. */
static edla_sinc wide(double cutoff, double taps, double ratio)
{
    edla_sinc sinc = {0, 0, 14.06};

    sinc.cutoff = cutoff;
    sinc.half = taps / (4.0 * ratio);
    return sinc;
}

static edla_kernel simple_kernel(uint32_t up, uint32_t down, int halvings)
{
    edla_kernel kernel;

    double ratio = up % 3 == 0 || down % 3 == 0 ? 1.5 : up == 5 ? 2.5 : 1;

    memset(&kernel, 0, sizeof kernel);
    kernel.stages = up / down > 5 ? 2 : 1 + halvings;
    kernel.first = steep(kernel.stages, ratio);
    return kernel;
}

edla_kernel edla_kernel_of(uint32_t from, uint32_t to, int halvings)
{
    uint32_t divisor = edla_common_divisor(from, to);
    double ratio = (double)from / (double)to;
    edla_kernel kernel;

    if (is_simple(to / divisor, from / divisor))
        return simple_kernel(to / divisor, from / divisor, halvings);
    kernel.stages = ratio < 0.25 ? 4 : 2 * (1 + halvings);
    kernel.step = 0.5;
    if (ratio < 1) {
        kernel.first = steep(kernel.stages, 1);
        kernel.second = wide(1.8179, 15, 1);
    } else if (ratio > 1.5 && ratio < 2) {
        kernel.first = wide(1.8068, ceil(7.48 * ratio), ratio / 2);
        kernel.second = steep(kernel.stages, 1);
    } else {
        ratio = ratio < 2 ? ratio : ratio / 2;
        kernel.first = steep(kernel.stages, ratio);
        kernel.second = wide(1.8179 + 1.7122 * (ratio - 1), ratio < 1.0725 ? 16 : ratio < 1.365 ? 14 : 12, ratio);
        kernel.step = 0.5 / ratio;
    }
    return kernel;
}

/* The modified Bessel function of the first kind and order zero, by its power series: all terms are positive. */
static double bessel_i0(double x)
{
    double sum = 1, term = 1, square = x * x / 4;

    for (int k = 1; term > 1e-10 * sum; k++) {
        term *= square / ((double)k * (double)k);
        sum += term;
    }
    return sum;
}

/* Times I0(beta). */
static double unscaled(const edla_sinc *sinc, double time)
{
    double place = time / sinc->half, angle = PI * sinc->cutoff * time;
    double square = 1 - place * place;

    if (square <= 0)
        return 0;
    return sinc->cutoff * bessel_i0(sinc->beta * sqrt(square)) * (fabs(angle) > 1e-9 ? sin(angle) / angle : 1);
}

double edla_sinc_at(const edla_sinc *sinc, double time)
{
    return unscaled(sinc, time) / bessel_i0(sinc->beta);
}

/* A sum of copies of a filter, shifted to either side. */
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

/* One filter after another. */
static void convolve(const edla_sinc *sinc, double grid, const float *from, float *to, size_t count)
{
    size_t shift = grid > GRID ? (size_t)(grid / GRID) : 1;
    double step = (double)shift / grid;

    memset(to, 0, count * sizeof *to);
    for (size_t i = 0; (double)i * step < sinc->half; i++)
        add_shifted(from, to, count, i * shift, (float)(step * edla_sinc_at(sinc, (double)i * step)));
}

size_t edla_kernel_count(const edla_kernel *kernel, double grid)
{
    return (size_t)ceil((kernel->first.half + kernel->second.half) * grid) + 1;
}

void edla_kernel_sample(const edla_kernel *kernel, double grid, float *values, float *scratch, size_t count)
{
    int is_swapped = kernel->second.half > kernel->first.half;
    const edla_sinc *longer = is_swapped ? &kernel->second : &kernel->first;
    const edla_sinc *shorter = is_swapped ? &kernel->first : &kernel->second;
    float *plain = shorter->half > 0 ? scratch : values;
    double scale = 1 / bessel_i0(longer->beta);

    for (size_t i = 0; i < count; i++)
        plain[i] = (float)(unscaled(longer, (double)i / grid) * scale);
    if (shorter->half > 0)
        convolve(shorter, grid, scratch, values, count);
}

void edla_kernel_lose(const edla_kernel *kernel, const float *samples, size_t count, double wide,
                      double lost[EDLA_KERNEL_LOST])
{
    double scale = 1 / (wide * bessel_i0(kernel->first.beta));

    for (size_t i = 0; i < EDLA_KERNEL_LOST; i++) {
        double before = (double)(i + 1) * kernel->step;

        lost[i] = 0;
        for (size_t j = 0; j < count && before + (double)j / wide < kernel->first.half; j++)
            lost[i] += (double)samples[j] * unscaled(&kernel->first, before + (double)j / wide);
        lost[i] *= scale;
    }
}

double edla_kernel_onset(const edla_kernel *kernel, const double lost[EDLA_KERNEL_LOST], double time)
{
    double sum = 0;

    for (size_t i = 0; i < EDLA_KERNEL_LOST; i++)
        sum += lost[i] * edla_sinc_at(&kernel->second, time + (double)(i + 1) * kernel->step);
    return sum * kernel->step;
}
