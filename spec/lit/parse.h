/* SPDX-License-Identifier: BSD-3-Clause */
/* parse.h - what the files of the parser share.
 *
 * Owns: the parser's state, its cursor over the tokens of a line, names, errors.
 * Not here: the result (plan.h), the scanner (lex.h).
 *
 * The parser goes over the lines twice: first headers, objects, block heads and outcome
 * lines are sorted out, then, with every name known, the bodies and the outcome lines are
 * read.  Bodies are compiled to flat instructions while they are read; nesting is an
 * explicit stack, not recursion. The first error ends it: parse_fail jumps out, the arenas
 * go as a whole.  (An error value handed through 60 functions was the alternative; it hid
 * the grammar.)
 *
 *   I1  parse_fail never returns; everything allocated is in one of the two arenas.
 *   I2  tok[ntok] is TOK_END; at <= ntok.
 */
#ifndef LIT_PARSE_H
#define LIT_PARSE_H

#include <setjmp.h>

#include "lex.h"
#include "lit.h"
#include "program.h"

enum {
    MAX_OBJECTS = 64,
    MAX_BLOCKS = 64,
    MAX_REGISTERS = 32,
    MAX_INSTRUCTIONS = 4096,
    MAX_CASES = 64,
    MAX_TERMS = 32,
    MAX_EXPECTS = 1024,
    MAX_NESTING = 16,
    MAX_REPEAT = 1000000,
    MAX_CHAN_CAP = 1048576,
    MAX_LOG = 1000,
    MAX_FIELD = 1000000,
    MAX_CYCLES = 100,
};

/* A name of the source that is a register of the block in work. */
struct reg {
    const char *name;
    struct lit_ref ref;
    bool is_set;
    int read_line, read_column; /* first use as a value */
};

enum flow_kind { FLOW_IF, FLOW_ELSE, FLOW_WHILE, FLOW_REPEAT, FLOW_FOR };

struct flow {
    enum flow_kind kind;
    int start;  /* instruction that the loop goes back to */
    int patch;  /* instruction whose target is the end (or the else) */
    int hidden; /* counter of a repeat */
    int line, column;
};

/* A `go` statement whose target may have shown registers. */
struct go_site {
    int block, line, column;
    bool is_in_loop;
};

struct parser {
    struct lit_program *prog;
    struct arena *arena, *scratch; /* scratch: gone when the parser is done */
    const char *name;
    struct lit_error *err;
    jmp_buf out;

    struct line *lines;
    int nlines;
    int *first_line, *last_line;     /* per block: its body's lines, [first, last) */
    struct token params[MAX_BLOCKS]; /* per block: its parameter; TOK_END: none */

    const struct line *line; /* in work */
    struct token tok[LEX_MAX_TOKENS + 1];
    int ntok, at;

    int block; /* in work, with the four below */
    struct reg *regs;
    int nregs;
    struct flow flow[MAX_NESTING];
    int nflow;
    int hidden[MAX_NESTING];  /* a counter per depth, -1: none yet */
    struct lit_instr *select; /* cases go to it; NULL: not in a select */
    int ninstr;               /* of all blocks */

    struct go_site *gos;
    int ngos;
    const struct line *show;
    bool *global_known; /* per global: its register occurs in its block */
    int show_column[MAX_TERMS];
    bool has_mode;
};

/* Ends the parse with this error at the line in work. */
__attribute__((noreturn, format(printf, 3, 4))) void
parse_fail(struct parser *p, int column, const char *format, ...);
__attribute__((noreturn, format(printf, 4, 5))) void
parse_fail_at(struct parser *p, int line, int column, const char *format, ...);

/* Memory that cannot be had ends the parse. */
void *parse_take(struct parser *p, size_t size);
void *parse_more(struct parser *p, void *old, int n, size_t size);
void *parse_scratch_more(struct parser *p, void *old, int n, size_t size);
char *parse_text(struct parser *p, const char *text, int len);

/* The cursor. */
const struct token *tok_now(struct parser *p);
const struct token *tok_next(struct parser *p, int ahead);
bool tok_is(const struct token *t, const char *text);
bool tok_accept(struct parser *p, const char *text);
void tok_end(struct parser *p); /* fails unless the line ends here */
__attribute__((noreturn)) void tok_unexpected(struct parser *p, const char *expected);

/* Names of objects and blocks.  -1: none. */
int name_object(const struct parser *p, const char *text, int len);
int name_block(const struct parser *p, const char *text, int len);
/* Fails unless the word may name an object or a block, and does not yet. */
void name_check_new(struct parser *p, const struct token *t);
bool name_is_reserved(const char *text, int len);
/* "channel", "mutex", ... */
const char *kind_text(enum lit_kind kind);

/* The lines of each part. */
bool parse_header(struct parser *p); /* parse_head.c; false: the line is none */
bool parse_object(struct parser *p); /* parse_object.c */
void parse_conds(struct parser *p);  /* parse_object.c, when all objects are known */
void parse_show(struct parser *p);   /* parse_outcome.c */
bool parse_is_outcome(const struct token *first);
void parse_outcome(struct parser *p);
void parse_outcomes_done(struct parser *p);
void parse_body(struct parser *p, int block); /* parse_block.c */

#endif
