/* Bytes of a WAV file as mono sound.
 *
 *     size_t size = edla_sample_size(EDLA_PCM16);                      2
 *     size_t good = edla_samples_mono(EDLA_PCM16, 2, bytes, frames, mono);
 *     if (good < frames)
 *         ... frame `good` holds no level of sound ...
 */
#ifndef EDLA_SAMPLES_H
#define EDLA_SAMPLES_H

#include <stddef.h>

typedef enum {
    EDLA_PCM8,  /* unsigned, 128 is silence */
    EDLA_PCM16, /* signed, little endian, as all that follow */
    EDLA_PCM24,
    EDLA_PCM32,
    EDLA_FLOAT32, /* full scale is 1 */
    EDLA_FLOAT64,
    EDLA_ALAW, /* ITU-T G.711 */
    EDLA_MULAW
} edla_encoding;

/* A sample beyond this, or one that is no number, is no level of sound; full scale is 1. */
#define EDLA_LOUDEST 1e30f

/* Bytes of one sample of one channel. */
size_t edla_sample_size(edla_encoding encoding);

/* The mean over the channels of each frame, taken in float64; full scale is 1. Samples lie channel by channel,
 * without gaps. Returns how many frames were made: fewer than asked for where the next one holds a sample that
 * is no level of sound. */
size_t edla_samples_mono(edla_encoding encoding, size_t channels, const unsigned char *bytes, size_t frames,
                         float *mono);

#endif
