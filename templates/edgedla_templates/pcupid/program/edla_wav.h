/* The sound within a WAV file: where it is, and what it is made of. Nothing a header says is believed before it
 * is compared with the size of the file, and nothing past its end is read.
 *
 *     edla_wav wav;
 *     edla_source source = edla_source_of_file(file);
 *     edla_error error = edla_wav_open(&wav, &source);
 *     if (error != EDLA_OK)
 *         fprintf(stderr, "%s\n", wav.reason);
 *     while ((frames = edla_wav_read(&wav, bytes, sizeof bytes)) > 0)
 *         edla_samples_mono(wav.encoding, wav.channels, bytes, frames, mono);
 *
 * Read are RIFF, RF64 and BW64 files (EBU Tech 3306, ITU-R BS.2088) of PCM of 8, 16, 24 and 32 bits, float32 and
 * float64, A-law and mu-law, plain or extensible, of 1 to EDLA_WAV_CHANNELS channels.
 */
#ifndef EDLA_WAV_H
#define EDLA_WAV_H

#include <stdint.h>
#include <stdio.h>

#include "edla_error.h"
#include "edla_samples.h"

#define EDLA_WAV_CHANNELS 64
/* Hz. No sound is recorded outside (768 kHz is the highest rate sold); a header that says so is wrong. */
#define EDLA_LOWEST_RATE 1000
#define EDLA_HIGHEST_RATE 1000000

typedef struct {
    /* Read up to `size` bytes from `position` on; fewer at the end, and where reading fails. */
    size_t (*read)(void *self, uint64_t position, void *to, size_t size);
    void *self;    /* handed to `read` */
    uint64_t size; /* bytes in all */
} edla_source;

typedef struct {
    edla_source source;
    uint32_t rate;          /* Hz */
    uint32_t channels;      /* 1 to EDLA_WAV_CHANNELS */
    edla_encoding encoding; /* of each sample */
    size_t frame_size;      /* bytes of one sample of each channel */
    uint64_t start;         /* where the sound begins in the file */
    uint64_t frames;        /* that are in the file */
    uint64_t announced;     /* that the header promises; `frames` where it leaves that open */
    uint64_t next;          /* frame that is read next */
    char reason[160];       /* why the file was refused, "" if it was not */
} edla_wav;

/* A file that is open for reading and can seek; size 0 where it cannot. */
edla_source edla_source_of_file(FILE *file);

/* Find the sound. EDLA_FORMAT: it is not a WAV file, holds no sound, or sound of another kind. */
edla_error edla_wav_open(edla_wav *wav, const edla_source *source);

/* The next whole frames that fit into `size` bytes, as they are in the file. Returns their number, 0 at the end;
 * fewer than wav->frames in all, where the file cannot be read or has become shorter. */
size_t edla_wav_read(edla_wav *wav, unsigned char *bytes, size_t size);

#endif
