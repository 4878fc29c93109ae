/* A file that is bytes in memory, which ends the program when it is read past its end. */
#ifndef MEMORY_FILE_H
#define MEMORY_FILE_H

#include <stdlib.h>
#include <string.h>

#include "edla_wav.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

typedef struct {
    const unsigned char *data;
    size_t size;
} memory_file;

static size_t read_memory(void *self, uint64_t position, void *to, size_t size)
{
    const memory_file *file = self;

    if (position > file->size || size > file->size - position)
        abort(); /* the readers know how long the file is */
    memcpy(to, file->data + position, size);
    return size;
}

#endif
