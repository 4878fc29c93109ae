#define _POSIX_C_SOURCE 200809L

#include "edla_board.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "edla_board_area.h"
#include "mi_ipu.h"
#include "mi_sys.h"

enum { HELLO = 1, CALL, ANSWER };                                      /* to the board */
enum { DONE = 1, READ_MEMORY, WRITE_MEMORY, MAP, UNMAP, READ_IMAGE }; /* from it */

static struct {
    pthread_mutex_t lock;         /* held from begin to end */
    enum { NEW, OPEN, LOST } state;
    int fd;                       /* of the socket, where OPEN */
    size_t at, end;               /* call: end of what was put; answer: next value, and the end of them */
    int torn;                     /* more was taken than there was, or put than fits */
    unsigned char buffer[262144]; /* call, answer, or a piece of an image */
} board = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* ---- bytes ---- */

static void store(unsigned char *to, uint64_t value, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> (8 * i) & 0xff);
}

static uint64_t load(const unsigned char *from, size_t size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | from[size];
    return value;
}

static int send_all(const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(board.fd, bytes, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        bytes += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static int receive_all(unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = recv(board.fd, bytes, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        bytes += got;
        size -= (size_t)got;
    }
    return 0;
}

static int send_frame(uint32_t kind, const unsigned char *bytes, size_t size)
{
    unsigned char head[8];

    store(head, size, 4);
    store(head + 4, kind, 4);
    return send_all(head, sizeof head) != 0 || send_all(bytes, size) != 0 ? -1 : 0;
}

/* ---- the connection ---- */

static int32_t lost(const char *reason)
{
    if (board.state != LOST)
        fprintf(stderr, "emulated board: %s\n", reason);
    if (board.fd >= 0)
        close(board.fd);
    board.fd = -1;
    board.state = LOST;
    return EDLA_BOARD_LOST;
}

static int greet(void)
{
    unsigned char hello[20];

    store(hello, EDLA_BOARD_PROTOCOL, 4);
    store(hello + 4, SYS_MAJOR_VERSION, 4);
    store(hello + 8, MI_IPU_MAX_INPUT_TENSOR_CNT, 4);
    store(hello + 12, MI_IPU_MAX_OUTPUT_TENSOR_CNT, 4);
    store(hello + 16, MI_IPU_MAX_TENSOR_DIM, 4);
    return send_frame(HELLO, hello, sizeof hello);
}

static int32_t open_board(void)
{
    const char *path = getenv("EDGEDLA_BOARD");
    struct sockaddr_un address;

    if (path == NULL || path[0] == '\0')
        return lost("the environment variable EDGEDLA_BOARD names none; "
                    "start the program with `python -m edgedla_targets.pcupid.emulated.board -- PROGRAM`");
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address.sun_path)
        return lost("the path in EDGEDLA_BOARD is too long for a socket");
    memcpy(address.sun_path, path, strlen(path) + 1);
    board.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (board.fd < 0 || fcntl(board.fd, F_SETFD, FD_CLOEXEC) < 0)
        return lost("no socket to be had");
    if (connect(board.fd, (struct sockaddr *)&address, sizeof address) != 0 || greet() != 0)
        return lost("nobody serves the socket in EDGEDLA_BOARD");
    board.state = OPEN;
    return 0;
}

/* ---- what the board asks for: 0, or -1 where it may not ---- */

static int read_memory(uint32_t length)
{
    unsigned char asked[12];
    uint64_t address, size;

    if (length != sizeof asked || receive_all(asked, sizeof asked) != 0)
        return -1;
    address = load(asked, 8);
    size = load(asked + 8, 4);
    if (!edla_board_has_area(address, size))
        return -1;
    return send_frame(ANSWER, (const unsigned char *)(uintptr_t)address, (size_t)size);
}

static int write_memory(uint32_t length)
{
    unsigned char where[8];
    size_t size = length - sizeof where;

    if (length < sizeof where || receive_all(where, sizeof where) != 0 || !edla_board_has_area(load(where, 8), size))
        return -1;
    return receive_all((unsigned char *)(uintptr_t)load(where, 8), size);
}

static int map(uint32_t length)
{
    unsigned char asked[4], address[8];

    if (length != sizeof asked || receive_all(asked, sizeof asked) != 0)
        return -1;
    store(address, edla_board_new_area((size_t)load(asked, 4)), sizeof address);
    return send_frame(ANSWER, address, sizeof address);
}

static int unmap(uint32_t length)
{
    unsigned char asked[8];

    if (length != sizeof asked || receive_all(asked, sizeof asked) != 0)
        return -1;
    return edla_board_delete_area(load(asked, sizeof asked));
}

static int read_image(uint32_t length, const edla_board_image *image)
{
    unsigned char asked[8];
    uint64_t offset, size;

    if (length != sizeof asked || receive_all(asked, sizeof asked) != 0)
        return -1;
    offset = load(asked, 4);
    size = load(asked + 4, 4);
    if (image == NULL || offset > INT32_MAX || size > sizeof board.buffer)
        return -1;
    memset(board.buffer, 0, (size_t)size);
    if (image->read(board.buffer, (int)offset, (int)size, image->context) < 0)
        size = 0;
    return send_frame(ANSWER, board.buffer, (size_t)size);
}

/* ---- calls ---- */

void edla_board_begin(const char *name)
{
    size_t size = strlen(name);

    pthread_mutex_lock(&board.lock);
    store(board.buffer, size, 4);
    memcpy(board.buffer + 4, name, size);
    board.end = 4 + size;
    board.torn = 0;
}

void edla_board_put(uint64_t value)
{
    if (board.end + 8 > sizeof board.buffer) {
        board.torn = 1;
        return;
    }
    store(board.buffer + board.end, value, 8);
    board.end += 8;
}

static int32_t done(uint32_t length)
{
    uint64_t text = UINT64_MAX;

    if (length >= 8 && length <= sizeof board.buffer && receive_all(board.buffer, length) == 0)
        text = load(board.buffer + 4, 4);
    if (text > length - 8u)
        return lost("an answer that cannot be understood");
    if (text > 0)
        fprintf(stderr, "emulated board: %.*s\n", (int)text, (const char *)board.buffer + 8);
    board.at = 8 + (size_t)text;
    board.end = length;
    return (int32_t)(uint32_t)load(board.buffer, 4);
}

int32_t edla_board_run(const edla_board_image *image)
{
    unsigned char head[8];
    int failed = 0;

    if (board.state == LOST || (board.state == NEW && open_board() != 0))
        return EDLA_BOARD_LOST;
    if (board.torn || send_frame(CALL, board.buffer, board.end) != 0)
        return lost("the call could not be sent");
    while (!failed) {
        uint32_t length;

        if (receive_all(head, sizeof head) != 0)
            return lost("it is gone");
        length = (uint32_t)load(head, 4);
        switch (load(head + 4, 4)) {
        case DONE: return done(length);
        case READ_MEMORY: failed = read_memory(length); break;
        case WRITE_MEMORY: failed = write_memory(length); break;
        case MAP: failed = map(length); break;
        case UNMAP: failed = unmap(length); break;
        case READ_IMAGE: failed = read_image(length, image); break;
        default: failed = 1; break;
        }
    }
    return lost("it asks for what this program does not have");
}

uint64_t edla_board_take(void)
{
    if (board.state != OPEN || board.end - board.at < 8) {
        board.torn = 1;
        return 0;
    }
    board.at += 8;
    return load(board.buffer + board.at - 8, 8);
}

void edla_board_take_text(char *text, size_t size)
{
    uint64_t length = edla_board_take();

    text[0] = '\0';
    if (board.torn || length > board.end - board.at || length >= size) {
        board.torn = 1;
        return;
    }
    memcpy(text, board.buffer + board.at, (size_t)length);
    text[length] = '\0';
    board.at += (size_t)length;
}

int32_t edla_board_end(int32_t result, int32_t if_lost)
{
    if (board.state == OPEN && (board.torn || (result == 0 && board.at != board.end)))
        result = lost("an answer of another length than the call has");
    pthread_mutex_unlock(&board.lock);
    return result == EDLA_BOARD_LOST ? if_lost : result;
}

int32_t edla_board_null(const char *name, int32_t if_lost)
{
    edla_board_begin(name);
    return edla_board_end(edla_board_run(NULL), if_lost);
}
