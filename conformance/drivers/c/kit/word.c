/* SPDX-License-Identifier: BSD-3-Clause */
/* word.c - splits a line at spaces and reads numbers, with everything bounded.
 *
 * Owns: struct words.  Not here: where lines come from (wire.c), what words mean (plan.c,
 * session.c).
 *
 * The line need not be terminated and may hold any bytes.  Words are copied, so that
 * callers can treat them as strings; a word that does not fit is a failure, not a
 * truncation, because a truncated number would be another number.
 */
#include "word.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool split(const char *line, size_t len, struct words *w)
{
    size_t i = 0;
    w->n = w->at = 0;
    for (;;) {
        while (i < len && is_space(line[i]))
            i++;
        if (i == len)
            return true;
        size_t start = i;
        while (i < len && !is_space(line[i]))
            i++;
        if (w->n == PLAN_WORDS || i - start >= PLAN_WORD)
            return false;
        memcpy(w->w[w->n], line + start, i - start);
        w->w[w->n++][i - start] = '\0';
    }
}

const char *word_next(struct words *w)
{
    return w->at < w->n ? w->w[w->at++] : "";
}

bool word_number(const char *s, int64_t *v)
{
    bool negative = *s == '-';
    uint64_t limit = (uint64_t)INT64_MAX + negative, n = 0;
    s += negative;
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || n > (limit - (uint64_t)(*s - '0')) / 10)
            return false;
        n = n * 10 + (uint64_t)(*s - '0');
    }
    *v = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    if (len == 0)
        return false;
    for (const char *p = list; (p = strstr(p, word)) != NULL; p += len)
        if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    return false;
}
