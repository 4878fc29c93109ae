#include "edla_json.h"

#include <math.h>

/* Bytes of the well-formed UTF-8 sequence at `text`; 0 where there is none. The end of the string is no
 * continuation, so that nothing behind it is looked at. */
static int sequence(const unsigned char *text)
{
    unsigned char first = text[0], low = 0x80, high = 0xBF;
    int length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;

    if (length < 2)
        return length;
    if (first == 0xE0)
        low = 0xA0; /* else a shorter sequence would do */
    if (first == 0xED)
        high = 0x9F; /* surrogates */
    if (first == 0xF0)
        low = 0x90;
    if (first == 0xF4)
        high = 0x8F; /* the end of Unicode */
    if (text[1] < low || text[1] > high)
        return 0;
    for (int i = 2; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

void edla_json_string(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    if (!text) {
        fputs("null", out);
        return;
    }
    putc('"', out);
    while (*at) {
        int length = sequence(at);

        if (!length) {
            fputs("\xEF\xBF\xBD", out);
            at++;
        } else if (*at == '"' || *at == '\\') {
            fprintf(out, "\\%c", *at++);
        } else if (*at < 0x20 || *at == 0x7F) {
            fprintf(out, "\\u%04x", *at++);
        } else {
            fwrite(at, 1, (size_t)length, out);
            at += length;
        }
    }
    putc('"', out);
}

void edla_json_number(FILE *out, double number)
{
    if (isfinite(number))
        fprintf(out, "%.9g", number);
    else
        fputs("null", out);
}
