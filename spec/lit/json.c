/* SPDX-License-Identifier: BSD-3-Clause */
/* json.c - writing JSON (see json.h).
 *
 * Owns: escapes.  Not here: reading; nothing in this project's C reads JSON.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "json.h"

/* Length of a valid UTF-8 sequence at s (terminated text), 0 when it is none. */
static int sequence(const unsigned char *s)
{
    int n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_bad = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                  (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);
    return is_bad ? 0 : n;
}

static void quote(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        if (*s == '"' || *s == '\\') {
            fprintf(out, "\\%c", *s++);
        } else if (*s == '\n') {
            fputs("\\n", out);
            s++;
        } else if (*s < 0x20 || *s == 0x7f) {
            fprintf(out, "\\u%04x", *s++);
        } else if (*s < 0x80) {
            fputc(*s++, out);
        } else {
            int n = sequence(s);
            if (n == 0)
                fputs("\\ufffd", out);
            else
                fwrite(s, 1, (size_t)n, out);
            s += n > 0 ? n : 1;
        }
    }
    fputc('"', out);
}

static void begin(struct json *j, const char *key)
{
    if (j->comma)
        fputc(',', j->out);
    j->comma = true;
    if (key) {
        quote(j->out, key);
        fputc(':', j->out);
    }
}

void json_open(struct json *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->out);
    j->comma = false;
}

void json_close(struct json *j, char bracket)
{
    fputc(bracket, j->out);
    j->comma = true;
}

void json_text(struct json *j, const char *key, const char *text)
{
    begin(j, key);
    if (text)
        quote(j->out, text);
    else
        fputs("null", j->out);
}

void json_int(struct json *j, const char *key, int64_t v)
{
    begin(j, key);
    fprintf(j->out, "%" PRId64, v);
}

void json_real(struct json *j, const char *key, double v)
{
    begin(j, key);
    fprintf(j->out, "%.17g", isfinite(v) ? v : 1e308);
}

void json_bool(struct json *j, const char *key, bool v)
{
    begin(j, key);
    fputs(v ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
    begin(j, key);
    fputs("null", j->out);
}
