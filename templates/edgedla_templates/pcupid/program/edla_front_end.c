#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "edla_front_end.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "edla_resample.h"

#define FRAMES 4096  /* decoded and resampled at once */
#define BYTES 32768  /* read at once; a frame has up to EDLA_WAV_CHANNELS * 8 */

struct edla_front_end {
    edla_audio audio;
    edla_resample *resample;
    unsigned char bytes[BYTES]; /* of the file */
    float mono[FRAMES];         /* the same, decoded */
    float made[FRAMES];         /* and resampled */
    union {                     /* the resampler's memory begins here, aligned for anything in it */
        double number;
        uint64_t whole;
        void *address;
    } rest[];
};

/* What is kept of the recording while it goes by. */
typedef struct {
    float *tensor;  /* the window */
    size_t length;  /* samples it has room for */
    size_t kept;    /* samples in it */
    uint64_t first; /* sample of the recording with which it begins */
    uint64_t seen;  /* samples of the recording so far */
    float peak;     /* the largest of them, without sign */
} window_of;

static edla_error refuse(edla_recording *found, edla_error error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(found->reason, sizeof found->reason, format, arguments);
    va_end(arguments);
    return error;
}

size_t edla_front_end_size(const edla_audio *audio)
{
    if (audio->rate < EDLA_LOWEST_RATE || audio->rate > EDLA_HIGHEST_RATE || audio->length == 0 ||
        !(audio->peak > 0 && audio->peak <= EDLA_LOUDEST))
        return 0;
    return sizeof(edla_front_end) + edla_resample_size();
}

edla_error edla_front_end_init(edla_front_end **front_end, const edla_audio *audio, void *memory, size_t size)
{
    size_t needed = edla_front_end_size(audio);

    *front_end = NULL;
    if (!needed)
        return EDLA_USAGE;
    if (!memory || size < needed)
        return EDLA_MEMORY;
    *front_end = memory;
    (*front_end)->audio = *audio;
    (*front_end)->resample = edla_resample_init(audio->rate, (*front_end)->rest);
    return EDLA_OK;
}

static void keep(window_of *window, const float *samples, size_t count)
{
    uint64_t skipped = window->first > window->seen ? window->first - window->seen : 0;

    for (size_t i = 0; i < count; i++)
        if (fabsf(samples[i]) > window->peak)
            window->peak = fabsf(samples[i]);
    if (skipped < count && window->kept < window->length) {
        size_t more = count - (size_t)skipped, room = window->length - window->kept;
        more = more < room ? more : room;
        memcpy(window->tensor + window->kept, samples + skipped, more * sizeof *samples);
        window->kept += more;
    }
    window->seen += count;
}

static void keep_resampled(edla_front_end *front_end, window_of *window)
{
    size_t count;

    while ((count = edla_resample_read(front_end->resample, front_end->made, FRAMES)) > 0)
        keep(window, front_end->made, count);
}

static void resample(edla_front_end *front_end, window_of *window, const float *samples, size_t count)
{
    while (count > 0) {
        size_t taken = edla_resample_write(front_end->resample, samples, count);
        samples += taken;
        count -= taken;
        keep_resampled(front_end, window);
    }
}

/* The whole recording goes by, as its peak may be anywhere. */
static edla_error listen(edla_front_end *front_end, edla_wav *wav, window_of *window, edla_recording *found)
{
    int same = wav->rate == front_end->audio.rate;
    size_t room = wav->frame_size * FRAMES < BYTES ? wav->frame_size * FRAMES : BYTES, frames, good;

    if (!same)
        edla_resample_start(front_end->resample, wav->rate);
    for (; (frames = edla_wav_read(wav, front_end->bytes, room)) > 0; found->frames += frames) {
        good = edla_samples_mono(wav->encoding, wav->channels, front_end->bytes, frames, front_end->mono);
        if (good < frames)
            return refuse(found, EDLA_SOUND, "frame %llu holds no level of sound (NaN, infinite or above %g)",
                          (unsigned long long)(found->frames + good), (double)EDLA_LOUDEST);
        if (same)
            keep(window, front_end->mono, frames);
        else
            resample(front_end, window, front_end->mono, frames);
    }
    if (found->frames < wav->frames)
        return refuse(found, EDLA_FILE, "reading fails after frame %llu of %llu", (unsigned long long)found->frames,
                      (unsigned long long)wav->frames);
    if (!same) {
        edla_resample_finish(front_end->resample);
        keep_resampled(front_end, window);
    }
    return EDLA_OK;
}

/* Normalise what was kept, and end it with zeros. A peak below the smallest normal float is silence: there are only
 * rounding steps down there. */
static void complete(const window_of *window, float peak)
{
    size_t kept = window->peak >= FLT_MIN ? window->kept : 0;

    for (size_t i = 0; i < kept; i++)
        /* Multiplied first: the quotient of the two peaks may be more than a float holds. */
        window->tensor[i] = peak * window->tensor[i] / window->peak;
    for (size_t i = kept; i < window->length; i++)
        window->tensor[i] = 0;
}

edla_error edla_front_end_read_source(edla_front_end *front_end, const edla_source *source, edla_window window,
                                      float *tensor, edla_recording *found)
{
    const edla_audio *audio = &front_end->audio;
    window_of kept = {tensor, audio->length, 0, 0, 0, 0};
    edla_wav wav;
    uint64_t length;
    edla_error error = edla_wav_open(&wav, source);

    memset(found, 0, sizeof *found);
    if (error != EDLA_OK)
        return refuse(found, error, "%s", wav.reason);
    found->rate = wav.rate;
    found->channels = wav.channels;
    found->announced = wav.announced;
    found->truncated = wav.frames < wav.announced;
    length = edla_resample_length(wav.frames, wav.rate, audio->rate);
    if (window == EDLA_WINDOW_CENTRE && length > audio->length)
        kept.first = (length - audio->length) / 2;
    error = listen(front_end, &wav, &kept, found);
    if (error == EDLA_OK)
        complete(&kept, audio->peak);
    return error;
}

/* Pipes and devices may never answer, or never end. */
static edla_error check_kind(const char *path, edla_recording *found)
{
    struct stat status;

    if (stat(path, &status))
        return refuse(found, EDLA_FILE, "%s", strerror(errno));
    if (S_ISDIR(status.st_mode))
        return refuse(found, EDLA_FILE, "it is a folder");
    if (!S_ISREG(status.st_mode))
        return refuse(found, EDLA_FILE, "it is not a regular file");
    if (status.st_size == 0)
        return refuse(found, EDLA_FILE, "it is empty (0 bytes)");
    return EDLA_OK;
}

edla_error edla_front_end_read(edla_front_end *front_end, const char *path, edla_window window, float *tensor,
                               edla_recording *found)
{
    edla_source source;
    edla_error error;
    FILE *file;

    memset(found, 0, sizeof *found);
    error = check_kind(path, found);
    if (error != EDLA_OK)
        return error;
    file = fopen(path, "rb");
    if (!file)
        return refuse(found, EDLA_FILE, "%s", strerror(errno));
    setvbuf(file, NULL, _IONBF, 0); /* what is read is large already */
    source = edla_source_of_file(file);
    error = edla_front_end_read_source(front_end, &source, window, tensor, found);
    fclose(file);
    return error;
}
