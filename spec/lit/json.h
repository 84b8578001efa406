/* SPDX-License-Identifier: BSD-3-Clause */
/* json.h - writing JSON, and nothing else of it.
 *
 * Owns: quoting, commas.  Not here: what is written (cmd_json.c).
 *
 *   I1  The output is valid JSON in ASCII and UTF-8 on one line, whatever bytes the texts
 *       hold: what is not UTF-8 is written as U+FFFD.
 */
#ifndef LIT_JSON_H
#define LIT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    bool comma; /* a comma is due before the next value */
};

void json_open(struct json *j, const char *key,
               char bracket);                  /* '{' or '['; key NULL in arrays */
void json_close(struct json *j, char bracket); /* '}' or ']' */
void json_text(struct json *j, const char *key, const char *text); /* NULL: null */
void json_int(struct json *j, const char *key, int64_t v);
void json_real(struct json *j, const char *key, double v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);

#endif
