#include "edla_resample.h"

#include <math.h>
#include <string.h>

#include "edla_halve.h"
#include "edla_kernel.h"

/* A sum is taken in so many parts, which do not wait for each other: compilers make vectors of them. */
#define PARTS 16
#define HALVINGS 8 /* of the highest rate, to less than four times the lowest */
#define WIDEST 4
#define LONGEST (2 * EDLA_KERNEL_HALF * WIDEST + PARTS + 2)
/* A table has a row for each phase, and one to interpolate to: GRID / wide rows of 2 * HALF * wide taps. */
#define TABLE (2 * EDLA_KERNEL_HALF * (EDLA_RESAMPLE_GRID + WIDEST) + (PARTS + 4) * (EDLA_RESAMPLE_GRID + 1))
#define LINE (LONGEST + 4 * EDLA_HALVE_BLOCK)

struct edla_resample {
    uint32_t to;       /* Hz of the result */
    uint32_t from;     /* Hz of the recording; 0: none yet */
    uint32_t up, down; /* to / from in lowest terms, behind the halvings */
    double wide;       /* samples in the line per sample of the lower rate */
    int halvings;
    size_t taps;   /* of each phase, a multiple of PARTS */
    size_t phases; /* per sample in the line */
    int exact;     /* nonzero: those are all the phases there are, and none lies between them */

    size_t filled;  /* samples in the line */
    size_t at;      /* where in it the first tap of the next result is; may be beyond `filled` */
    uint32_t phase; /* how much later the next result is, in parts of `up` of a sample */
    uint64_t taken; /* samples of the recording so far */
    uint64_t made;  /* samples of the result so far */
    uint64_t total; /* of the result; as many as can be made until it has ended */
    int finished;

    edla_kernel kernel;
    double lost[EDLA_KERNEL_LOST]; /* of the kernel */
    edla_halver halver[HALVINGS];
    float block[EDLA_HALVE_BLOCK];                                    /* on its way through them */
    float line[LINE];                                                 /* samples that are still needed */
    float table[TABLE];                                               /* a row of taps for each phase */
    float half[EDLA_KERNEL_HALF * EDLA_RESAMPLE_GRID + 2]; /* the kernel, while the table is made */
};

size_t edla_resample_size(void)
{
    return sizeof(edla_resample);
}

edla_resample *edla_resample_init(uint32_t to, void *memory)
{
    edla_resample *resample = memory;

    resample->to = to;
    resample->from = 0;
    return resample;
}

/* Each row is the kernel as the samples around a result see it that is `phase` of `phases` parts of a sample later
 * than the middle one of them. */
static void fill_row(edla_resample *resample, size_t phase, size_t count, float gain)
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
    double grid = (double)resample->phases * resample->wide;
    size_t count = edla_kernel_count(&resample->kernel, grid);

    /* The table is not in use yet, and has room for what only the kernel needs. */
    edla_kernel_sample(&resample->kernel, grid, resample->half, resample->table, count);
    for (size_t phase = 0; phase < resample->phases + !resample->exact; phase++)
        fill_row(resample, phase, count, (float)(1 / resample->wide));
}

/* Everything that follows from the two rates, but for the table. */
static void plan(edla_resample *resample, uint32_t from)
{
    uint32_t to = resample->to, divisor;
    double reach;

    for (resample->halvings = 0; from / to >= WIDEST; to *= 2)
        resample->halvings++;
    divisor = edla_common_divisor(from, to);
    resample->from = from;
    resample->up = to / divisor;
    resample->down = from / divisor;
    resample->wide = fmax(1, (double)from / (double)to);
    resample->kernel = edla_kernel_of(from, to, resample->halvings);
    reach = (resample->kernel.first.half + resample->kernel.second.half) * resample->wide;
    resample->taps = (2 * (size_t)ceil(reach) + 2 + PARTS - 1) / PARTS * PARTS;
    resample->exact = resample->up <= EDLA_RESAMPLE_GRID && resample->down <= EDLA_RESAMPLE_GRID;
    resample->phases = resample->exact ? resample->up : (size_t)(EDLA_RESAMPLE_GRID / resample->wide);
}

void edla_resample_start(edla_resample *resample, uint32_t from)
{
    if (resample->from != from) {
        plan(resample, from);
        make_table(resample);
    }
    for (int i = 0; i < resample->halvings; i++)
        edla_halve_start(&resample->halver[i], resample->kernel.stages);
    resample->filled = resample->taps / 2 - 1; /* of silence, before the first sample */
    memset(resample->line, 0, resample->filled * sizeof(float));
    resample->at = 0;
    resample->phase = 0;
    resample->taken = resample->made = 0;
    resample->total = UINT64_MAX;
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

/* `count` samples of the block into the line, which has room for them. */
static void feed(edla_resample *resample, size_t count)
{
    for (int i = 0; i < resample->halvings; i++)
        count = edla_halve(&resample->halver[i], resample->block, count);
    memcpy(resample->line + resample->filled, resample->block, count * sizeof(float));
    resample->filled += count;
}

size_t edla_resample_write(edla_resample *resample, const float *samples, size_t count)
{
    count = count < EDLA_HALVE_BLOCK ? count : EDLA_HALVE_BLOCK;
    if (LINE - resample->filled < count)
        move_up(resample);
    if (LINE - resample->filled < count)
        count = LINE - resample->filled;
    memcpy(resample->block, samples, count * sizeof *samples);
    feed(resample, count);
    resample->taken += count;
    return count;
}

void edla_resample_finish(edla_resample *resample)
{
    resample->total = edla_resample_length(resample->taken, resample->from, resample->to);
    resample->finished = 1;
}

/* Whether all samples of the next result are in the line. After the last one silence follows. */
static int is_ready(edla_resample *resample)
{
    if (resample->made >= resample->total)
        return 0;
    while (resample->finished && resample->at + resample->taps > resample->filled) {
        move_up(resample);
        memset(resample->block, 0, sizeof resample->block);
        feed(resample, EDLA_HALVE_BLOCK);
    }
    return resample->at + resample->taps <= resample->filled;
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

static float filtered(const edla_resample *resample)
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

/* The same where the recording begins. */
static float begun(edla_resample *resample)
{
    double time = (double)resample->made * (double)resample->down / ((double)resample->up * resample->wide);
    size_t first = resample->taps / 2 - 1;

    if (time >= resample->kernel.second.half)
        return filtered(resample);
    if (resample->made == 0)
        edla_kernel_lose(&resample->kernel, resample->line + first, resample->filled - first, resample->wide,
                         resample->lost);
    return filtered(resample) - (float)edla_kernel_onset(&resample->kernel, resample->lost, time);
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

size_t edla_resample_read(edla_resample *resample, float *to, size_t room)
{
    size_t count = 0;

    for (; count < room && is_ready(resample); count++) {
        to[count] = begun(resample);
        advance(resample);
    }
    return count;
}

uint64_t edla_resample_length(uint64_t count, uint32_t from, uint32_t to)
{
    return count / from * to + (2 * (count % from) * to + from) / (2 * (uint64_t)from);
}
