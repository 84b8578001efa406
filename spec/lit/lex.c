/* SPDX-License-Identifier: BSD-3-Clause */
/* lex.c - bytes to lines, lines to tokens or words (see lex.h).
 *
 * Owns: scanning.  Not here: any table of words, except that a code with dashes is one
 * token.
 *
 * Nothing is copied and nothing is allocated: tokens point into the source.  Every loop
 * moves forward by at least one byte, so the time is linear in the input.
 */
#include <stdio.h>
#include <string.h>

#include "lex.h"
#include "lit.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of the UTF-8 sequence at s, 0 when it is none (overlong forms and surrogates are
 * none). */
static int utf8_length(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    int n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || (size_t)n > left)
        return 0;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

bool lex_check(const char *text, size_t len, struct lex_error *err)
{
    *err = (struct lex_error){.line = 1, .column = 1};
    if (len > LEX_MAX_BYTES) {
        snprintf(err->text, sizeof err->text, "the file has %zu bytes; expected at most %d",
                 len, LEX_MAX_BYTES);
        return false;
    }
    for (size_t i = 0; i < len;) {
        int n = utf8_length((const unsigned char *)text + i, len - i);
        unsigned char c = (unsigned char)text[i];
        if (n == 0 || (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f) {
            snprintf(err->text, sizeof err->text, "byte 0x%02x %s; expected UTF-8 text", c,
                     n == 0 ? "is not valid UTF-8" : "is a control character");
            return false;
        }
        err->column = c == '\n' ? 1 : err->column + n;
        err->line += c == '\n';
        i += (size_t)n;
    }
    return true;
}

bool lex_line(const char *text, size_t len, size_t *pos, int *number, struct line *out)
{
    if (*pos >= len)
        return false;
    const char *start = text + *pos;
    const char *end = memchr(start, '\n', len - *pos);
    if (!end)
        end = text + len;
    *pos = (size_t)(end - text) + 1;
    *out = (struct line){.number = ++*number, .text = start};
    const char *hash = memchr(start, '#', (size_t)(end - start));
    const char *stop = hash ? hash : end;
    while (stop > start && is_blank(stop[-1]))
        stop--;
    out->len = (int)(stop - start);
    out->is_indented = out->len > 0 && is_blank(*start);
    if (hash) {
        hash++;
        while (end > hash && is_blank(end[-1]))
            end--;
        while (hash < end && is_blank(*hash))
            hash++;
        out->comment = hash;
        out->comment_len = (int)(end - hash);
    }
    return true;
}

bool lex_int(const char *text, int len, int64_t *out)
{
    bool negative = len > 0 && *text == '-';
    int i = negative;
    if (i >= len)
        return false;
    uint64_t v = 0;
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    for (; i < len; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (!is_digit(text[i]) || v > (limit - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool lex_is_name(const char *text, int len)
{
    if (len < 1 || len > 31 || !is_letter(*text))
        return false;
    for (int i = 1; i < len; i++) {
        if (!is_letter(text[i]) && !is_digit(text[i]))
            return false;
    }
    return true;
}

bool lex_word(const struct line *line, int *at, struct token *out)
{
    int i = *at;
    while (i < line->len && is_blank(line->text[i]))
        i++;
    *out = (struct token){.kind = TOK_NAME, .column = i + 1, .text = line->text + i};
    while (i < line->len && !is_blank(line->text[i]))
        i++;
    out->len = (int)(line->text + i - out->text);
    *at = i;
    if (out->len == 0)
        out->kind = TOK_END;
    return out->len > 0;
}

/* A name, or a code with dashes when exactly one fits here. */
static void scan_name(const char *s, int left, struct token *t)
{
    int n = 1;
    while (n < left && (is_letter(s[n]) || is_digit(s[n])))
        n++;
    int dashed = n;
    while (dashed < left &&
           (is_letter(s[dashed]) || is_digit(s[dashed]) || s[dashed] == '-'))
        dashed++;
    t->kind = TOK_NAME;
    t->len = n;
    if (lit_code_value(s, (size_t)dashed, &t->value)) {
        t->kind = TOK_CODE;
        t->len = dashed;
    }
}

static bool starts_number(const char *s, int i, int len, const struct token *before)
{
    if (is_digit(s[i]))
        return true;
    if (s[i] != '-' || i + 1 >= len || !is_digit(s[i + 1]))
        return false;
    return i == 0 || is_blank(s[i - 1]) || (before && before->kind == TOK_SIGN);
}

static bool scan_number(const char *s, int left, struct token *t, struct lex_error *err)
{
    int n = 1;
    while (n < left && (is_digit(s[n]) || is_letter(s[n])))
        n++;
    t->kind = TOK_INT;
    t->len = n;
    if (lex_int(s, n, &t->value))
        return true;
    snprintf(err->text, sizeof err->text,
             "'%.*s' is not a number; expected an integer of 64 bits", n > 30 ? 30 : n, s);
    return false;
}

static int sign_length(const char *s, int left)
{
    static const char *const pairs[] = {"<-", "<=", ">=", "==", "!="};
    for (size_t i = 0; left >= 2 && i < sizeof pairs / sizeof *pairs; i++) {
        if (memcmp(s, pairs[i], 2) == 0)
            return 2;
    }
    return strchr("<>=,[]()+-*:&", *s) && *s ? 1 : 0;
}

static bool scan_sign(const char *s, int left, struct token *t, struct lex_error *err)
{
    t->kind = TOK_SIGN;
    t->len = sign_length(s, left);
    if (t->len > 0)
        return true;
    int n = utf8_length((const unsigned char *)s, (size_t)left);
    snprintf(err->text, sizeof err->text,
             "'%.*s' has no meaning in a statement; expected a name,"
             " a number or a sign",
             n > 0 ? n : 1, s);
    return false;
}

int lex_tokens(const struct line *line, int from, struct token *out, struct lex_error *err)
{
    int n = 0;
    for (int i = from;;) {
        while (i < line->len && is_blank(line->text[i]))
            i++;
        const char *s = line->text + i;
        int left = line->len - i;
        out[n] = (struct token){.kind = TOK_END, .column = i + 1, .text = s};
        if (left <= 0)
            return n;
        err->line = line->number;
        err->column = i + 1;
        if (n == LEX_MAX_TOKENS) {
            snprintf(err->text, sizeof err->text,
                     "the statement goes on; expected at most %d words", LEX_MAX_TOKENS);
            return -1;
        }
        bool good = true;
        if (is_letter(*s))
            scan_name(s, left, &out[n]);
        else if (starts_number(line->text, i, line->len, n > 0 ? &out[n - 1] : NULL))
            good = scan_number(s, left, &out[n], err);
        else
            good = scan_sign(s, left, &out[n], err);
        if (!good)
            return -1;
        i += out[n++].len;
    }
}
