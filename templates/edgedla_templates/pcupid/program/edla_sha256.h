/* SHA-256 (FIPS 180-4) of a file, by which a build's image is known.
 *
 *     char text[EDLA_SHA256_TEXT];
 *     if (edla_sha256_file("eat.img", text, &size) == EDLA_OK)
 *         puts(text);
 */
#ifndef EDLA_SHA256_H
#define EDLA_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "edla_error.h"

#define EDLA_SHA256_TEXT 65 /* 64 hexadecimal digits and the end */

typedef struct {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} edla_sha256;

void edla_sha256_begin(edla_sha256 *hash);
void edla_sha256_add(edla_sha256 *hash, const void *data, size_t size);
void edla_sha256_end(edla_sha256 *hash, char text[EDLA_SHA256_TEXT]);

/* Digest and size of a whole file, without memory of its own; EDLA_FILE with errno set if it cannot be read. */
edla_error edla_sha256_file(const char *path, char text[EDLA_SHA256_TEXT], uint64_t *size);

#endif
