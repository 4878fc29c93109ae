/* Remote hands of the emulated board: every call of MI_SYS and MI_IPU goes over a Unix socket to edgedla's emulator.
 *
 *     edla_board_begin("MI_SYS_MMA_Free");
 *     edla_board_put(physical);
 *     result = edla_board_run(NULL);
 *     return edla_board_end(result, -1);
 *
 * This side decides nothing. While a call is under way, the board may ask for bytes of mapped memory or of an image
 * file, write mapped memory, and have memory mapped and unmapped. One call at a time: `begin` locks, `end` unlocks.
 *
 * Frames, all integers little endian: u32 bytes that follow after the kind, u32 kind, payload.
 *
 *     to the board    HELLO         u32 protocol, u32 major version of MI_SYS, u32 most inputs, u32 most outputs,
 *                                   u32 most dimensions
 *                     CALL          u32 length of the name, name, u64 arguments; none where a pointer was NULL
 *                     ANSWER        what the board has asked for; empty where it could not be had
 *     from the board  DONE          i32 result, u32 length of a text for people, text, values
 *                     READ_MEMORY   u64 address, u32 bytes                 -> ANSWER: the bytes
 *                     WRITE_MEMORY  u64 address, bytes
 *                     MAP           u32 bytes                              -> ANSWER: u64 address
 *                     UNMAP         u64 address
 *                     READ_IMAGE    u32 offset, u32 bytes                  -> ANSWER: the bytes
 */
#ifndef EDLA_BOARD_H
#define EDLA_BOARD_H

#include <stddef.h>
#include <stdint.h>

#define EDLA_BOARD_PROTOCOL 1u
#define EDLA_BOARD_LOST INT32_MIN /* no board, or none that can be understood; said on stderr, once */

typedef struct {
    int (*read)(void *to, int offset, int size, char *context); /* negative: it could not */
    char *context;                                              /* handed to `read` */
} edla_board_image;

/* A call of this name, and its arguments. */
void edla_board_begin(const char *name);
void edla_board_put(uint64_t value);

/* Make the call; the result, or EDLA_BOARD_LOST. `image` is what it may read, NULL where that is none. */
int32_t edla_board_run(const edla_board_image *image);

/* Values of the answer, in order; 0 and "" where there are no more. */
uint64_t edla_board_take(void);
void edla_board_take_text(char *text, size_t size);

/* The result to return: `lost` where there is no board, or where its answer was longer or shorter than what was taken. */
int32_t edla_board_end(int32_t result, int32_t lost);

/* A call with a pointer that is NULL: tells the board. */
int32_t edla_board_null(const char *name, int32_t lost);

#endif
