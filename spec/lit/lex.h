/* SPDX-License-Identifier: BSD-3-Clause */
/* lex.h - bytes to lines, lines to tokens or words.
 *
 * Owns: what a line, a comment, a name, a number and a sign are.  Not here: what they mean.
 *
 * Statements are read as tokens; headers and outcome lines as words between blanks, because
 * a path, a clause or `main.a=send-closed` is one thing there.  `-` is part of a number
 * when a digit follows it and a blank (or a sign) precedes it, so `x - 1` and `x-1`
 * subtract and `note -1` does not; a name with dashes is one token only when it is a code
 * of litmus.md section 8.
 *
 *   I1  A token points into the source; it lives as long as the source does.
 *   I2  Columns count bytes from 1.
 */
#ifndef LIT_LEX_H
#define LIT_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind { TOK_END, TOK_NAME, TOK_INT, TOK_CODE, TOK_SIGN };

struct token {
    enum token_kind kind;
    int column, len;
    const char *text;
    int64_t value; /* TOK_INT, TOK_CODE */
};

struct line {
    int number;
    bool is_indented;
    int len; /* without comment and trailing blanks */
    int comment_len;
    const char *text;    /* from column 1 */
    const char *comment; /* after the '#', without blanks around it; NULL: none */
};

struct lex_error {
    int line, column;
    char text[120];
};

enum { LEX_MAX_BYTES = 65536, LEX_MAX_TOKENS = 24 };

/* Checks that the text is small enough, valid UTF-8 and free of control characters. */
bool lex_check(const char *text, size_t len, struct lex_error *err);

/* The line that starts at *pos, which moves behind it.  False at the end of the text. */
bool lex_line(const char *text, size_t len, size_t *pos, int *number, struct line *out);

/* The tokens of the line from byte `from` on; ends with TOK_END.  out has LEX_MAX_TOKENS +
 * 1 places. Returns their number without the end, or -1 with *err set. */
int lex_tokens(const struct line *line, int from, struct token *out, struct lex_error *err);

/* The next word between blanks from byte *at on, which moves behind it.  False: no more. */
bool lex_word(const struct line *line, int *at, struct token *out);

/* Reads a decimal integer that fills the text exactly. */
bool lex_int(const char *text, int len, int64_t *out);

bool lex_is_name(const char *text, int len);

#endif
