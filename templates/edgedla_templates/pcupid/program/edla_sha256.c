#include "edla_sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t word, int bits)
{
    return word >> bits | word << (32 - bits);
}

static void schedule(uint32_t words[64], const unsigned char *block)
{
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | (uint32_t)block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t early = words[i - 15], late = words[i - 2];
        words[i] = words[i - 16] + words[i - 7] + (turn(early, 7) ^ turn(early, 18) ^ early >> 3) +
                   (turn(late, 17) ^ turn(late, 19) ^ late >> 10);
    }
}

static void mix(uint32_t state[8], const unsigned char *block)
{
    uint32_t words[64], s[8];

    schedule(words, block);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t first = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + choice + constants[i] + words[i];
        uint32_t second = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + majority;

        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += first;
        s[0] = first + second;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

void edla_sha256_begin(edla_sha256 *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(hash->state, start, sizeof start);
    hash->length = 0;
}

void edla_sha256_add(edla_sha256 *hash, const void *data, size_t size)
{
    const unsigned char *from = data;
    size_t held = (size_t)(hash->length % 64);

    hash->length += size;
    while (held + size >= 64) {
        memcpy(hash->block + held, from, 64 - held);
        mix(hash->state, hash->block);
        from += 64 - held;
        size -= 64 - held;
        held = 0;
    }
    memcpy(hash->block + held, from, size);
}

void edla_sha256_end(edla_sha256 *hash, char text[EDLA_SHA256_TEXT])
{
    static const unsigned char end[64] = {0x80};
    uint64_t bits = hash->length * 8;
    unsigned char length[8];

    edla_sha256_add(hash, end, 1 + (119 - (size_t)(hash->length % 64)) % 64);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    edla_sha256_add(hash, length, sizeof length);
    for (int i = 0; i < 8; i++)
        snprintf(text + 8 * i, 9, "%08lx", (unsigned long)hash->state[i]);
}

edla_error edla_sha256_file(const char *path, char text[EDLA_SHA256_TEXT], uint64_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char data[4096];
    edla_sha256 hash;
    size_t count;
    int number;

    if (!file)
        return EDLA_FILE;
    edla_sha256_begin(&hash);
    while ((count = fread(data, 1, sizeof data, file)) > 0)
        edla_sha256_add(&hash, data, count);
    number = ferror(file) ? errno : 0;
    fclose(file);
    *size = hash.length;
    edla_sha256_end(&hash, text);
    errno = number;
    return number ? EDLA_FILE : EDLA_OK;
}
