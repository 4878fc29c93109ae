/* What can go wrong, from one list: names, exit status of the program, and words.
 *
 *     edla_error error = edla_front_end_read(...);
 *     if (error != EDLA_OK)
 *         fprintf(stderr, "%s: %s\n", path, edla_strerror(error));
 */
#ifndef EDLA_ERROR_H
#define EDLA_ERROR_H

/*    name        exit  words */
#define EDLA_ERRORS(X)                                            \
    X(OK,          0, "ok")                                       \
    X(DIFFERS,     1, "the numbers are not those of the build")   \
    X(NUMBER,      1, "answered with values that are no numbers") \
    X(USAGE,       2, "wrong option or argument")                 \
    X(FILE,        2, "cannot be read")                           \
    X(FORMAT,      2, "not in a format this program reads")       \
    X(SOUND,       2, "samples that are no numbers")              \
    X(LENGTH,      2, "not as long as the input tensor")          \
    X(WRITE,       2, "cannot be written")                        \
    X(MEMORY,      4, "out of memory")                            \
    X(IMAGE,       4, "not the image this program is made for")   \
    X(DEVICE,      4, "the board refused a call")

typedef enum {
#define X(name, status, words) EDLA_##name,
    EDLA_ERRORS(X)
#undef X
    EDLA_ERROR_COUNT
} edla_error;

/* Words for a person; never NULL. */
const char *edla_strerror(edla_error error);

/* The exit status that goes with it: 0 done, 1 a check said no, 2 usage or bad input, 4 device. */
int edla_exit_status(edla_error error);

#endif
