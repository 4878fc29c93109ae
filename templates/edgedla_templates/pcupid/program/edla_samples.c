#include "edla_samples.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

size_t edla_sample_size(edla_encoding encoding)
{
    static const unsigned char size_of[] = {
        [EDLA_PCM8] = 1,    [EDLA_PCM16] = 2,   [EDLA_PCM24] = 3, [EDLA_PCM32] = 4,
        [EDLA_FLOAT32] = 4, [EDLA_FLOAT64] = 8, [EDLA_ALAW] = 1,  [EDLA_MULAW] = 1,
    };

    return size_of[encoding];
}

static uint32_t little32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The value of a two's complement number of 32 bits; a cast would leave it to the compiler. */
static int32_t signed32(uint32_t bits)
{
    return bits < 0x80000000u ? (int32_t)bits : (int32_t)(bits - 0x80000000u) - 0x7FFFFFFF - 1;
}

static float pcm8(const unsigned char *bytes)
{
    return (float)(bytes[0] - 128) / 128.0f;
}

static float pcm16(const unsigned char *bytes)
{
    int level = bytes[0] | bytes[1] << 8;

    return (float)(level < 0x8000 ? level : level - 0x10000) / 32768.0f;
}

static float pcm24(const unsigned char *bytes)
{
    int32_t level = (int32_t)bytes[0] | (int32_t)bytes[1] << 8 | (int32_t)bytes[2] << 16;

    return (float)(level < 0x800000 ? level : level - 0x1000000) / 8388608.0f;
}

static float pcm32(const unsigned char *bytes)
{
    return (float)signed32(little32(bytes)) / 2147483648.0f;
}

static float float32(const unsigned char *bytes)
{
    uint32_t bits = little32(bytes);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float64(const unsigned char *bytes)
{
    uint64_t bits = (uint64_t)little32(bytes) | (uint64_t)little32(bytes + 4) << 32;
    double value;

    memcpy(&value, &bits, sizeof value);
    /* What a float cannot hold must not be converted to one (C99, 6.3.1.5). */
    return fabs(value) <= 2.0 * (double)EDLA_LOUDEST ? (float)value : INFINITY;
}

/* ITU-T G.711, A-law: even bits inverted; three bits of exponent, four of mantissa, 13 bits in all. */
static float alaw(const unsigned char *bytes)
{
    unsigned code = bytes[0] ^ 0x55u, exponent = code >> 4 & 7, mantissa = code & 15;
    unsigned level = exponent ? (2 * mantissa + 33) << (exponent - 1) : 2 * mantissa + 1;

    return (float)level / (code & 0x80 ? 4096.0f : -4096.0f);
}

/* ITU-T G.711, mu-law: all bits inverted; 14 bits in all, with a bias of 33. */
static float mulaw(const unsigned char *bytes)
{
    unsigned code = bytes[0] ^ 0xFFu, exponent = code >> 4 & 7, mantissa = code & 15;
    unsigned level = ((2 * mantissa + 33) << exponent) - 33;

    return (float)level / (code & 0x80 ? -8192.0f : 8192.0f);
}

typedef float decode(const unsigned char *bytes);

static int is_level(float value)
{
    return fabsf(value) <= EDLA_LOUDEST; /* NaN compares false */
}

/* One channel: its samples as they are. Inlined for each encoding, which keeps the call out of the loop. */
static inline size_t single(decode *sample, size_t size, const unsigned char *bytes, size_t frames, float *mono)
{
    for (size_t i = 0; i < frames; i++, bytes += size) {
        mono[i] = sample(bytes);
        if (!is_level(mono[i]))
            return i;
    }
    return frames;
}

static size_t several(decode *sample, size_t size, size_t channels, const unsigned char *bytes, size_t frames,
                      float *mono)
{
    for (size_t i = 0; i < frames; i++) {
        double sum = 0;
        for (size_t channel = 0; channel < channels; channel++, bytes += size) {
            float level = sample(bytes);
            if (!is_level(level))
                return i;
            sum += (double)level;
        }
        mono[i] = (float)(sum / (double)channels);
    }
    return frames;
}

size_t edla_samples_mono(edla_encoding encoding, size_t channels, const unsigned char *bytes, size_t frames,
                         float *mono)
{
    static decode *const decode_of[] = {
        [EDLA_PCM8] = pcm8,       [EDLA_PCM16] = pcm16,     [EDLA_PCM24] = pcm24, [EDLA_PCM32] = pcm32,
        [EDLA_FLOAT32] = float32, [EDLA_FLOAT64] = float64, [EDLA_ALAW] = alaw,   [EDLA_MULAW] = mulaw,
    };

    if (encoding == EDLA_PCM16 && channels == 1) /* by far the most common */
        return single(pcm16, 2, bytes, frames, mono);
    if (channels == 1)
        return single(decode_of[encoding], edla_sample_size(encoding), bytes, frames, mono);
    return several(decode_of[encoding], edla_sample_size(encoding), channels, bytes, frames, mono);
}
