#include "edla_problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

edla_error edla_problem_set(edla_problem *problem, edla_error error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem->message, sizeof problem->message, format, arguments);
    va_end(arguments);
    problem->hint[0] = '\0';
    problem->error = error;
    return error;
}

void edla_problem_hint(edla_problem *problem, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem->hint, sizeof problem->hint, format, arguments);
    va_end(arguments);
}

static void print_line(const char *head, const char *text)
{
    fputs(head, stderr);
    for (; *text; text++)
        putc(*text == '\n' || *text == '\r' ? ' ' : *text, stderr); /* file names may hold them */
    putc('\n', stderr);
}

void edla_problem_print(const edla_problem *problem)
{
    print_line("error: ", problem->message);
    if (problem->hint[0])
        print_line("hint: ", problem->hint);
}

edla_error edla_problem_flush(edla_problem *problem)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EDLA_OK;
    return edla_problem_set(problem, EDLA_WRITE, "stdout: %s", strerror(errno));
}
