/* From a WAV file to the network's input: mono, resampled, normalised by its peak, one window long.
 *
 *     size_t size = edla_front_end_size(&audio);
 *     edla_front_end *front_end;
 *     edla_recording found;
 *     edla_error error = edla_front_end_init(&front_end, &audio, malloc(size), size);
 *     if (error == EDLA_OK)
 *         error = edla_front_end_read(front_end, "dog.wav", audio.window, tensor, &found);
 *     if (error != EDLA_OK)
 *         fprintf(stderr, "%s: %s\n", edla_strerror(error), found.reason);
 *
 * The numbers are those that Python's `model_input` made for the network when it was trained: the mean over channels,
 * resampling, `peak * x / max|x|` over the whole recording, then the window, with zeros at its end. They are the same
 * where the file has the network's rate; elsewhere see edla_resample.h. Memory does not depend on the file's length,
 * and nothing is allocated.
 */
#ifndef EDLA_FRONT_END_H
#define EDLA_FRONT_END_H

#include <stddef.h>
#include <stdint.h>

#include "edla_error.h"
#include "edla_wav.h"

typedef enum { EDLA_WINDOW_START, EDLA_WINDOW_CENTRE } edla_window;

typedef struct {
    uint32_t rate;      /* Hz the network was trained at */
    float peak;         /* of a normalised recording; full scale is 1 */
    size_t length;      /* samples of the input tensor */
    edla_window window; /* which samples of a longer recording, unless the caller says otherwise */
} edla_audio;

typedef struct {
    uint32_t rate;      /* Hz of the file */
    uint32_t channels;
    uint64_t frames;    /* that were read */
    uint64_t announced; /* that the header promises; more than `frames` where the file is cut short */
    int truncated;      /* nonzero: the sound ends before the header says so; what is there was used */
    char reason[160];   /* why the file was refused, "" if it was not */
} edla_recording;

typedef struct edla_front_end edla_front_end;

/* Bytes of memory for edla_front_end_init, about 1.1 million; 0 where there is no such audio: a rate outside 1000 to
 * 1000000 Hz, no samples, or no peak. */
size_t edla_front_end_size(const edla_audio *audio);

/* Memory is as aligned as malloc's, and stays the caller's.
 * EDLA_USAGE: there is no such audio. EDLA_MEMORY: memory is NULL, or size too small. */
edla_error edla_front_end_init(edla_front_end **front_end, const edla_audio *audio, void *memory, size_t size);

/* Fill audio->length samples of `tensor` from a WAV file; `found` says what is in it.
 * EDLA_FILE: it cannot be read. EDLA_FORMAT: it is no WAV file with sound. EDLA_SOUND: a sample is no level of
 * sound. The tensor is undefined then. */
edla_error edla_front_end_read(edla_front_end *front_end, const char *path, edla_window window, float *tensor,
                               edla_recording *found);

/* The same from anything that can be read like a file. */
edla_error edla_front_end_read_source(edla_front_end *front_end, const edla_source *source, edla_window window,
                                      float *tensor, edla_recording *found);

#endif
