#include "edla_error.h"

static const char *const words_of[] = {
#define X(name, status, words) words,
    EDLA_ERRORS(X)
#undef X
};

static const int status_of[] = {
#define X(name, status, words) status,
    EDLA_ERRORS(X)
#undef X
};

const char *edla_strerror(edla_error error)
{
    return (unsigned)error < EDLA_ERROR_COUNT ? words_of[error] : "unknown error";
}

int edla_exit_status(edla_error error)
{
    return (unsigned)error < EDLA_ERROR_COUNT ? status_of[error] : 101;
}
