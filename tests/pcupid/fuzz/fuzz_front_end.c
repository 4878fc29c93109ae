/* Any bytes through the whole front end: the tensor is finite, no louder than its peak, and 0 where the sound has
 * ended. */
#include "memory_file.h"

#include "edla_front_end.h"
#include "edla_resample.h"

#define LENGTH 3000

static const edla_audio audio = {22050, 0.95f, LENGTH, EDLA_WINDOW_START};

static void check(int holds)
{
    if (!holds)
        abort();
}

static edla_front_end *front_end(void)
{
    static edla_front_end *made;

    if (!made) {
        size_t size = edla_front_end_size(&audio);
        check(edla_front_end_init(&made, &audio, malloc(size), size) == EDLA_OK);
    }
    return made;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static float tensor[LENGTH];
    memory_file file;
    edla_source source;
    edla_recording found;
    edla_window window = size & 1 ? EDLA_WINDOW_START : EDLA_WINDOW_CENTRE;
    uint64_t length;

    file.data = data;
    file.size = size;
    source.read = read_memory;
    source.self = &file;
    source.size = size;
    if (edla_front_end_read_source(front_end(), &source, window, tensor, &found) != EDLA_OK) {
        check(found.reason[0] != '\0');
        return 0;
    }
    check(found.frames >= 1 && found.frames <= size && found.announced >= found.frames);
    check(found.truncated == (found.announced > found.frames));
    length = edla_resample_length(found.frames, found.rate, audio.rate);
    for (size_t i = 0; i < LENGTH; i++) {
        check(tensor[i] >= -0.9501f && tensor[i] <= 0.9501f);
        check(i < length || tensor[i] == 0);
    }
    return 0;
}
