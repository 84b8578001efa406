/* SPDX-License-Identifier: BSD-3-Clause */
/* word.h - words and numbers of one line, for plans and commands. */
#ifndef KIT_WORD_H
#define KIT_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PLAN_WORDS = 16, /* of a line, at most */
    PLAN_WORD = 32,  /* bytes of a word, its end included */
};

struct words {
    int n, at;
    char w[PLAN_WORDS][PLAN_WORD];
};

/* Splits at spaces.  False when there are too many words or one is too long. */
bool split(const char *line, size_t len, struct words *w);

/* The next word, "" after the last. */
const char *word_next(struct words *w);

/* A decimal number that fits, with nothing behind it. */
bool word_number(const char *s, int64_t *v);

/* Whether the word stands in a list separated by spaces. */
bool has_word(const char *list, const char *word);

#endif
