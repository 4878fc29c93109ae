#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "edla_wav.h"

#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

/* Sizes from here on are what recorders write to a pipe, where they cannot go back: up to the end of the file. */
#define STREAMED 0x7FFFF000u
#define UNKNOWN 0xFFFFFFFFu
/* A WAV file has a dozen chunks; one that has more is made to keep its reader busy. */
#define MOST_CHUNKS 100000

typedef struct {
    char id[5];
    uint64_t start; /* of its contents */
    uint64_t size;  /* that its header promises */
    uint64_t found; /* bytes of it that are in the file */
} chunk;

typedef struct {
    int wide;      /* RF64 or BW64: sizes of 64 bits in a chunk of their own */
    uint64_t size; /* of the sound, from that chunk; 0: none */
    chunk format;  /* start 0: not met yet */
    chunk data;
} contents;

static edla_error refuse(edla_wav *wav, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(wav->reason, sizeof wav->reason, format, arguments);
    va_end(arguments);
    return EDLA_FORMAT;
}

static uint32_t little16(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t little32(const unsigned char *bytes)
{
    return little16(bytes) | little16(bytes + 2) << 16;
}

static uint64_t little64(const unsigned char *bytes)
{
    return (uint64_t)little32(bytes) | (uint64_t)little32(bytes + 4) << 32;
}

static size_t read_file(void *self, uint64_t position, void *to, size_t size)
{
    return fseeko(self, (off_t)position, SEEK_SET) ? 0 : fread(to, 1, size, self);
}

edla_source edla_source_of_file(FILE *file)
{
    edla_source source = {read_file, file, 0};
    off_t end;

    if (!fseeko(file, 0, SEEK_END) && (end = ftello(file)) > 0)
        source.size = (uint64_t)end;
    return source;
}

/* Whether exactly `size` bytes could be read. */
static int read_exactly(const edla_wav *wav, uint64_t position, void *to, size_t size)
{
    return wav->source.read(wav->source.self, position, to, size) == size;
}

/* The chunk at `position`; 0 where no header fits into the rest of the file. */
static int read_chunk(const edla_wav *wav, uint64_t position, chunk *next)
{
    unsigned char header[8];
    uint64_t left;

    if (position > wav->source.size || wav->source.size - position < sizeof header ||
        !read_exactly(wav, position, header, sizeof header))
        return 0;
    memcpy(next->id, header, 4);
    next->id[4] = '\0';
    next->start = position + sizeof header;
    next->size = little32(header + 4);
    left = wav->source.size - next->start;
    next->found = next->size < left ? next->size : left;
    return 1;
}

static int is_named(const chunk *one, const char *id)
{
    return !memcmp(one->id, id, 4);
}

/* Chunks begin at even places; a byte is left free after those of odd size. */
static uint64_t behind(const chunk *one)
{
    return one->start + one->size + (one->size & 1);
}

/* Whether the chunk that follows one of size 0 is a chunk: then 0 is its size, and was not left open. */
static int is_really_empty(const edla_wav *wav, const chunk *data)
{
    chunk next;

    if (!read_chunk(wav, data->start, &next) || next.found < next.size)
        return 0;
    for (int i = 0; i < 4; i++)
        if (next.id[i] < ' ' || next.id[i] > '~')
            return 0;
    return 1;
}

/* How long the sound is, of all that its headers say. */
static void measure(const edla_wav *wav, const contents *all, chunk *data)
{
    uint64_t left = wav->source.size - data->start;

    if (all->wide && data->size == UNKNOWN && all->size > 0 && all->size < UINT64_MAX / 2)
        data->size = all->size;
    else if ((data->size >= STREAMED && data->size > left) || (data->size == 0 && !is_really_empty(wav, data)))
        data->size = left;
    data->found = data->size < left ? data->size : left;
}

static void take(const edla_wav *wav, contents *all, chunk *next)
{
    unsigned char sizes[16];

    if (is_named(next, "ds64") && all->wide && next->found >= sizeof sizes &&
        read_exactly(wav, next->start, sizes, sizeof sizes)) {
        all->size = little64(sizes + 8); /* after that of the file */
    } else if (is_named(next, "fmt ") && !all->format.start) {
        all->format = *next;
    } else if (is_named(next, "data") && !all->data.start) {
        measure(wav, all, next);
        all->data = *next;
    }
}

static edla_error walk(edla_wav *wav, contents *all)
{
    unsigned char head[12];
    chunk next;
    uint64_t position = sizeof head;

    memset(all, 0, sizeof *all);
    if (wav->source.size < sizeof head || !read_exactly(wav, 0, head, sizeof head))
        return refuse(wav, "too short for a WAV file: %llu bytes", (unsigned long long)wav->source.size);
    if (!memcmp(head, "RIFX", 4))
        return refuse(wav, "a big-endian WAV file (RIFX); convert it to RIFF");
    all->wide = !memcmp(head, "RF64", 4) || !memcmp(head, "BW64", 4);
    if ((!all->wide && memcmp(head, "RIFF", 4)) || memcmp(head + 8, "WAVE", 4))
        return refuse(wav, "not a WAV file: it does not begin with RIFF, RF64 or BW64, and WAVE");
    for (int count = 0; count < MOST_CHUNKS && read_chunk(wav, position, &next); count++) {
        take(wav, all, &next);
        if (all->format.start && all->data.start)
            return EDLA_OK;
        position = behind(&next);
    }
    if (!all->format.start)
        return refuse(wav, "a WAV file without the chunk 'fmt ', which says what its sound is made of");
    return refuse(wav, "a WAV file without the chunk 'data', which holds the sound");
}

static const char *name_of(uint32_t format)
{
    switch (format) {
    case 0x0002:
        return "Microsoft ADPCM";
    case 0x0011:
        return "IMA ADPCM";
    case 0x0031:
        return "GSM 6.10";
    case 0x0050:
    case 0x0055:
        return "MPEG";
    case 0x00FF:
        return "AAC";
    default:
        return "not one this program knows";
    }
}

/* The encoding of samples of `bits`, whatever the sizes of blocks say: writers get those wrong. */
static edla_error find_encoding(edla_wav *wav, uint32_t format, uint32_t bits)
{
    if (format == 6 || format == 7)
        wav->encoding = format == 6 ? EDLA_ALAW : EDLA_MULAW;
    else if (format == 1 && bits >= 1 && bits <= 32)
        wav->encoding = (edla_encoding)(EDLA_PCM8 + (bits - 1) / 8);
    else if (format == 3 && (bits == 32 || bits == 64))
        wav->encoding = bits == 32 ? EDLA_FLOAT32 : EDLA_FLOAT64;
    else if (format == 1 || format == 3)
        return refuse(wav, "%s samples of %u bits; known are %s", format == 1 ? "PCM" : "float", (unsigned)bits,
                      format == 1 ? "1 to 32" : "32 and 64");
    else
        return refuse(wav, "sound of format 0x%04X (%s); convert it to 16-bit PCM", (unsigned)format,
                      name_of(format));
    return EDLA_OK;
}

/* WAVE_FORMAT_EXTENSIBLE: the format is the beginning of a GUID, whose rest is the same for all that are known.
 * Valid bits, at its bytes 18 and 19, are the upper ones of a sample, the others 0: nothing depends on them. */
static edla_error find_extended(edla_wav *wav, const unsigned char *bytes, size_t size, uint32_t *format)
{
    static const unsigned char rest[14] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};

    if (size < 40)
        return refuse(wav, "an extensible WAV file whose chunk 'fmt ' has %u of 40 bytes", (unsigned)size);
    if (memcmp(bytes + 26, rest, sizeof rest))
        return refuse(wav, "an extensible WAV file of a sub-format that is neither PCM nor float, A-law or mu-law");
    *format = little16(bytes + 24);
    return EDLA_OK;
}

static edla_error read_format(edla_wav *wav, const chunk *found)
{
    unsigned char bytes[40];
    size_t size = found->found < sizeof bytes ? (size_t)found->found : sizeof bytes;
    uint32_t format;
    edla_error error = EDLA_OK;

    if (size < 16 || !read_exactly(wav, found->start, bytes, size))
        return refuse(wav, "its chunk 'fmt ' has %u bytes, and needs 16", (unsigned)size);
    format = little16(bytes);
    wav->channels = little16(bytes + 2);
    wav->rate = little32(bytes + 4);
    if (format == 0xFFFE)
        error = find_extended(wav, bytes, size, &format);
    if (error == EDLA_OK)
        error = find_encoding(wav, format, little16(bytes + 14));
    if (error != EDLA_OK)
        return error;
    if (wav->channels < 1 || wav->channels > EDLA_WAV_CHANNELS)
        return refuse(wav, "its header says it has %u channels; known are 1 to %d", (unsigned)wav->channels,
                      EDLA_WAV_CHANNELS);
    if (wav->rate < EDLA_LOWEST_RATE || wav->rate > EDLA_HIGHEST_RATE)
        return refuse(wav, "a sample rate of %lu Hz is not in %d to %d Hz", (unsigned long)wav->rate,
                      EDLA_LOWEST_RATE, EDLA_HIGHEST_RATE);
    return EDLA_OK;
}

edla_error edla_wav_open(edla_wav *wav, const edla_source *source)
{
    contents all;
    edla_error error;

    memset(wav, 0, sizeof *wav);
    wav->source = *source;
    error = walk(wav, &all);
    if (error == EDLA_OK)
        error = read_format(wav, &all.format);
    if (error != EDLA_OK)
        return error;
    wav->frame_size = wav->channels * edla_sample_size(wav->encoding);
    wav->start = all.data.start;
    wav->frames = all.data.found / wav->frame_size;
    wav->announced = all.data.size / wav->frame_size;
    return wav->frames ? EDLA_OK : refuse(wav, "it holds no sound (0 frames)");
}

size_t edla_wav_read(edla_wav *wav, unsigned char *bytes, size_t size)
{
    uint64_t left = wav->frames - wav->next;
    size_t frames = size / wav->frame_size;

    if (frames > left)
        frames = (size_t)left;
    frames = wav->source.read(wav->source.self, wav->start + wav->next * wav->frame_size, bytes,
                              frames * wav->frame_size) / wav->frame_size;
    wav->next += frames;
    return frames;
}
