#include "edla_resample.h"

#include <math.h>
#include <string.h>

#include "edla_kernel.h"

/* A sum is taken in so many parts, which do not wait for each other: compilers make vectors of them. */
#define PARTS 16
/* Samples that find room in the line when a result needs more of them. */
#define BLOCK 4096
#define HIGHEST 1000000.0

struct edla_resample {
    uint32_t to;       /* Hz of the result */
    uint32_t from;     /* Hz of the recording; 0: none yet */
    uint32_t up, down; /* to / from in lowest terms */
    size_t taps;       /* of each phase, a multiple of PARTS */
    size_t phases;     /* per sample of the recording */
    int exact;         /* nonzero: those are all the phases there are, and none lies between them */
    size_t line_size;  /* floats that have room in `line` */
    size_t filled;     /* floats that are in it */
    size_t at;         /* where in it the first tap of the next result is; may be beyond `filled` */
    uint32_t phase;    /* how much later the next result is, in parts of `up` of a sample */
    uint64_t taken;    /* samples of the recording so far */
    uint64_t left;     /* samples of the result that can still be read, once finished */
    uint64_t made;     /* samples of the result so far */
    int finished;
    float *table; /* a row of taps for each phase, and one more to interpolate to */
    float *half;  /* the filter from its middle to its end */
    float *line;  /* samples of the recording that are still needed */
};

/* Samples of the recording per sample of the lower of the two rates. */
static double stretch(double from, double to)
{
    return fmax(1, from / to);
}

/* Taps of one row, on both sides of the middle. */
static size_t row_taps(double half, double wide)
{
    size_t taps = 2 * (size_t)ceil(half * wide) + 2;

    return (taps + PARTS - 1) / PARTS * PARTS;
}

/* Floats of the largest table: rows are (2 * HALF * wide + a few) long, and there are up to GRID / wide and one of
 * them, or two, where they are so long. Exact ones are no larger. */
static size_t most_table(double wide)
{
    size_t grid = (size_t)(fmax(EDLA_RESAMPLE_GRID, wide) + wide) + 1;

    return 2 * EDLA_KERNEL_HALF * grid + (PARTS + 4) * (EDLA_RESAMPLE_GRID + 2);
}

static size_t most_half(double wide)
{
    return (size_t)(EDLA_KERNEL_HALF * fmax(EDLA_RESAMPLE_GRID, wide)) + 2;
}

static size_t most_line(double wide)
{
    return row_taps(EDLA_KERNEL_HALF, wide) + BLOCK;
}

size_t edla_resample_size(uint32_t to)
{
    double wide = stretch(HIGHEST, to);

    return sizeof(edla_resample) + (most_table(wide) + most_half(wide) + most_line(wide)) * sizeof(float);
}

edla_resample *edla_resample_init(uint32_t to, void *memory)
{
    edla_resample *resample = memory;
    double wide = stretch(HIGHEST, to);

    memset(resample, 0, sizeof *resample);
    resample->to = to;
    resample->table = (float *)(resample + 1);
    resample->half = resample->table + most_table(wide);
    resample->line = resample->half + most_half(wide);
    resample->line_size = most_line(wide);
    return resample;
}

/* Each row is the filter as the samples around a result see it that is `phase` of `phases` parts of a sample later
 * than the middle one of them. */
static void fill_row(const edla_resample *resample, size_t phase, size_t count, float gain)
{
    float *row = resample->table + phase * resample->taps;
    size_t middle = resample->taps / 2 - 1;

    for (size_t i = 0; i < resample->taps; i++) {
        size_t distance = i <= middle ? (middle - i) * resample->phases + phase
                                      : (i - middle) * resample->phases - phase;
        row[i] = distance < count ? gain * resample->half[distance] : 0;
    }
}

static void make_table(edla_resample *resample)
{
    edla_kernel kernel = edla_kernel_of(resample->from, resample->to);
    double wide = stretch(resample->from, resample->to), grid;
    size_t count;

    resample->exact = resample->up <= EDLA_RESAMPLE_GRID && resample->down <= EDLA_RESAMPLE_GRID;
    resample->phases = resample->exact ? resample->up : (size_t)fmax(1, EDLA_RESAMPLE_GRID / wide);
    resample->taps = row_taps(kernel.steep.half + kernel.wide.half, wide);
    grid = (double)resample->phases * wide;
    count = edla_kernel_count(&kernel, grid);
    edla_kernel_sample(&kernel, grid, resample->half, resample->table, count); /* the table is not in use yet */
    for (size_t phase = 0; phase < resample->phases + !resample->exact; phase++)
        fill_row(resample, phase, count, (float)(1 / wide));
}

void edla_resample_start(edla_resample *resample, uint32_t from)
{
    if (resample->from != from) {
        uint32_t divisor = edla_common_divisor(from, resample->to);

        resample->from = from;
        resample->up = resample->to / divisor;
        resample->down = from / divisor;
        make_table(resample);
    }
    resample->filled = resample->taps / 2 - 1; /* of silence, before the first sample */
    memset(resample->line, 0, resample->filled * sizeof(float));
    resample->at = 0;
    resample->phase = 0;
    resample->taken = resample->made = 0;
    resample->finished = 0;
}

/* Forget the samples before the first tap. */
static void move_up(edla_resample *resample)
{
    size_t gone = resample->at < resample->filled ? resample->at : resample->filled;

    memmove(resample->line, resample->line + gone, (resample->filled - gone) * sizeof(float));
    resample->filled -= gone;
    resample->at -= gone;
}

size_t edla_resample_write(edla_resample *resample, const float *samples, size_t count)
{
    if (count > resample->line_size - resample->filled)
        move_up(resample);
    if (count > resample->line_size - resample->filled)
        count = resample->line_size - resample->filled;
    memcpy(resample->line + resample->filled, samples, count * sizeof(float));
    resample->filled += count;
    resample->taken += count;
    return count;
}

void edla_resample_finish(edla_resample *resample)
{
    resample->left = edla_resample_length(resample->taken, resample->from, resample->to) - resample->made;
    resample->finished = 1;
}

static float product(const float *a, const float *b, size_t count)
{
    float sum[PARTS] = {0};

    for (size_t i = 0; i < count; i += PARTS)
        for (size_t part = 0; part < PARTS; part++)
            sum[part] += a[i + part] * b[i + part];
    for (size_t parts = PARTS / 2; parts > 0; parts /= 2)
        for (size_t part = 0; part < parts; part++)
            sum[part] += sum[part + parts];
    return sum[0];
}

static float result(const edla_resample *resample)
{
    const float *samples = resample->line + resample->at, *row;
    uint64_t place = (uint64_t)resample->phase * resample->phases;
    float before, after, between;

    row = resample->table + (size_t)(place / resample->up) * resample->taps;
    before = product(samples, row, resample->taps);
    if (resample->exact)
        return before;
    after = product(samples, row + resample->taps, resample->taps);
    between = (float)(place % resample->up) / (float)resample->up;
    return before + between * (after - before);
}

static void advance(edla_resample *resample)
{
    resample->at += resample->down / resample->up;
    resample->phase += resample->down % resample->up;
    if (resample->phase >= resample->up) {
        resample->phase -= resample->up;
        resample->at++;
    }
    resample->made++;
}

/* Whether all samples of the next result are in the line. */
static int is_ready(edla_resample *resample)
{
    if (resample->finished && resample->left == 0)
        return 0;
    if (resample->at + resample->taps <= resample->filled)
        return 1;
    if (!resample->finished)
        return 0;
    move_up(resample); /* silence follows the last sample */
    memset(resample->line + resample->filled, 0, (resample->line_size - resample->filled) * sizeof(float));
    resample->filled = resample->line_size;
    return 1;
}

size_t edla_resample_read(edla_resample *resample, float *to, size_t room)
{
    size_t count = 0;

    for (; count < room && is_ready(resample); count++) {
        to[count] = result(resample);
        advance(resample);
        resample->left -= resample->finished != 0;
    }
    return count;
}

uint64_t edla_resample_length(uint64_t count, uint32_t from, uint32_t to)
{
    return count / from * to + (2 * (count % from) * to + from) / (2 * (uint64_t)from);
}
