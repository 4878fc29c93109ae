/* From one sample rate to another, block by block, with the numbers that soxr's quality HQ gives.
 *
 *     edla_resample *resample = edla_resample_init(22050, malloc(edla_resample_size()));
 *     edla_resample_start(resample, 48000);
 *     while (count > 0) {
 *         taken = edla_resample_write(resample, samples, count);
 *         samples += taken, count -= taken;
 *         while ((made = edla_resample_read(resample, out, room)) > 0)
 *             ...
 *     }
 *     edla_resample_finish(resample);
 *     while ((made = edla_resample_read(resample, out, room)) > 0)
 *         ...
 *
 * Sample n of the result belongs to the time n / to, and time is counted in whole numbers: it does not drift. Before
 * the first and after the last sample there is silence. Where two rates have few phases to each other, as 48000 and
 * 22050 Hz have 147, each phase has its own coefficients. Elsewhere coefficients are interpolated between phases, of
 * which there are EDLA_RESAMPLE_GRID per sample of the lower rate: the error is below (pi / grid)^2 / 8 = 3e-6 of full
 * scale.
 */
#ifndef EDLA_RESAMPLE_H
#define EDLA_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define EDLA_RESAMPLE_GRID 640

typedef struct edla_resample edla_resample;

/* Bytes for any rate from 1000 to 1000000 Hz to another. */
size_t edla_resample_size(void);

/* To the rate `to`. Memory is as aligned as malloc's, and stays the caller's. */
edla_resample *edla_resample_init(uint32_t to, void *memory);

/* Begin a recording of the rate `from`. Filters are made anew where it is not that of the one before. */
void edla_resample_start(edla_resample *resample, uint32_t from);

/* Take up to `count` samples. Returns how many there was room for: at least one, once _read has returned 0. */
size_t edla_resample_write(edla_resample *resample, const float *samples, size_t count);

/* The recording has ended; what is left can be read. */
void edla_resample_finish(edla_resample *resample);

/* Up to `room` samples of the result; 0: it needs more samples, or, once finished, that was all. */
size_t edla_resample_read(edla_resample *resample, float *to, size_t room);

/* How long a recording of `count` samples becomes: count * to / from, rounded, as soxr does. */
uint64_t edla_resample_length(uint64_t count, uint32_t from, uint32_t to);

#endif
