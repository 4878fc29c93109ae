/* Values of JSON (RFC 8259), whatever bytes and numbers they are made of.
 *
 *     fputs("{\"input\":", stdout);
 *     edla_json_string(stdout, path);
 *     fputs("}\n", stdout);
 */
#ifndef EDLA_JSON_H
#define EDLA_JSON_H

#include <stdio.h>

/* A string in quotes; NULL is null. What is no UTF-8, as in names of files, becomes U+FFFD. */
void edla_json_string(FILE *out, const char *text);

/* A number of nine significant digits; null where it is not finite, for which JSON has no word. */
void edla_json_number(FILE *out, double number);

#endif
