#define _POSIX_C_SOURCE 200809L
#include "edla_stop.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t asked;

static void note(int number)
{
    (void)number;
    asked = 1;
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action, before;

    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return; /* as under nohup */
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void edla_stop_install(void)
{
    handle(SIGINT, note, SA_RESTART | (int)SA_RESETHAND);
    handle(SIGTERM, note, SA_RESTART | (int)SA_RESETHAND);
    handle(SIGPIPE, SIG_IGN, 0);
}

int edla_stop_asked(void)
{
    return asked;
}
