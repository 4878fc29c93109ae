/* Any bytes as a WAV file: what is found lies within them, and is as long as was said. */
#include "memory_file.h"

#include "edla_samples.h"

#define ROOM 2000

static void check(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    memory_file file;
    edla_source source;
    edla_wav wav;
    unsigned char bytes[ROOM];
    float mono[ROOM];
    uint64_t frames = 0;
    size_t count;

    file.data = data;
    file.size = size;
    source.read = read_memory;
    source.self = &file;
    source.size = size;
    if (edla_wav_open(&wav, &source) != EDLA_OK) {
        check(wav.reason[0] != '\0');
        return 0;
    }
    check(wav.channels >= 1 && wav.channels <= EDLA_WAV_CHANNELS && wav.frame_size > 0 && wav.frames > 0);
    check(wav.start <= size && wav.frames <= (size - wav.start) / wav.frame_size && wav.frames <= wav.announced);
    while ((count = edla_wav_read(&wav, bytes, sizeof bytes)) > 0) {
        size_t good = edla_samples_mono(wav.encoding, wav.channels, bytes, count, mono);
        check(good <= count);
        for (size_t i = 0; i < good; i++)
            check(mono[i] >= -EDLA_LOUDEST && mono[i] <= EDLA_LOUDEST);
        frames += count;
    }
    check(frames == wav.frames);
    return 0;
}
