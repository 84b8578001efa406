/* SPDX-License-Identifier: BSD-3-Clause */
/* parse.c - source to program: the order of things, the cursor, names, errors.
 *
 * Owns: the two passes over the lines (see parse.h).  Not here: what a line of each part
 * says (parse_head.c, parse_object.c, parse_block.c, parse_outcome.c).
 *
 *   I1  Between the passes every object, block and shown register is known, so a name in a
 *       body has one meaning wherever it is declared.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

void parse_fail_at(struct parser *p, int line, int column, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    p->err->line = line;
    p->err->column = column;
    vsnprintf(p->err->text, sizeof p->err->text, format, ap);
    va_end(ap);
    longjmp(p->out, 1);
}

void parse_fail(struct parser *p, int column, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    p->err->line = p->line ? p->line->number : 1;
    p->err->column = column;
    vsnprintf(p->err->text, sizeof p->err->text, format, ap);
    va_end(ap);
    longjmp(p->out, 1);
}

static void *need(struct parser *p, void *memory)
{
    if (!memory)
        parse_fail(p, 1, "out of memory; expected less of everything");
    return memory;
}

void *parse_take(struct parser *p, size_t size)
{
    return need(p, arena_take(p->arena, size));
}

void *parse_more(struct parser *p, void *old, int n, size_t size)
{
    return need(p, arena_more(p->arena, old, n, size));
}

void *parse_scratch_more(struct parser *p, void *old, int n, size_t size)
{
    return need(p, arena_more(p->scratch, old, n, size));
}

char *parse_text(struct parser *p, const char *text, int len)
{
    return need(p, arena_text(p->arena, text, (size_t)len));
}

const struct token *tok_now(struct parser *p)
{
    return &p->tok[p->at];
}

const struct token *tok_next(struct parser *p, int ahead)
{
    int i = p->at + ahead;
    return &p->tok[i < p->ntok ? i : p->ntok];
}

bool tok_is(const struct token *t, const char *text)
{
    return t->kind != TOK_END && strlen(text) == (size_t)t->len &&
           memcmp(t->text, text, (size_t)t->len) == 0;
}

bool tok_accept(struct parser *p, const char *text)
{
    if (!tok_is(tok_now(p), text))
        return false;
    p->at++;
    return true;
}

void tok_unexpected(struct parser *p, const char *expected)
{
    const struct token *t = tok_now(p);
    if (t->kind == TOK_END)
        parse_fail(p, t->column, "the line ends; expected %s", expected);
    parse_fail(p, t->column, "unexpected '%.*s'; expected %s", t->len > 40 ? 40 : t->len,
               t->text, expected);
}

void tok_end(struct parser *p)
{
    if (tok_now(p)->kind != TOK_END)
        tok_unexpected(p, "the end of the line");
}

int name_object(const struct parser *p, const char *text, int len)
{
    for (int i = 0; i < p->prog->nobjects; i++) {
        const char *name = p->prog->objects[i].name;
        if (strncmp(name, text, (size_t)len) == 0 && name[len] == 0)
            return i;
    }
    return -1;
}

int name_block(const struct parser *p, const char *text, int len)
{
    for (int i = 0; i < p->prog->nblocks; i++) {
        const char *name = p->prog->blocks[i].name;
        if (name && strncmp(name, text, (size_t)len) == 0 && name[len] == 0)
            return i;
    }
    return -1;
}

bool name_is_reserved(const char *text, int len)
{
    static const char *const words[] = {
        "go",      "call",    "defer",      "return",  "goexit",    "exit",    "if",
        "else",    "end",     "while",      "repeat",  "for",       "range",   "close",
        "len",     "cap",     "make",       "select",  "default",   "case",    "lock",
        "unlock",  "trylock", "rlock",      "runlock", "tryrlock",  "add",     "do",
        "load",    "store",   "cas",        "swap",    "panic",     "recover", "catch",
        "fault",   "yield",   "spin",       "sleep",   "afterfunc", "reset",   "now",
        "note",    "procs",   "goroutines", "new",     "drop",      "keep",    "finalizer",
        "cleanup", "weak",    "get",        "gc",      "heap",      "func",    "broadcast",
        "nil",     "_",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) == (size_t)len && memcmp(words[i], text, (size_t)len) == 0)
            return true;
    }
    return false;
}

void name_check_new(struct parser *p, const struct token *t)
{
    int shown = t->len > 40 ? 40 : t->len;
    if (!lex_is_name(t->text, t->len))
        parse_fail(p, t->column,
                   "'%.*s' is not a name; expected a letter and up to 30 letters,"
                   " digits and '_'",
                   shown, t->text);
    int64_t code;
    if (name_is_reserved(t->text, t->len) || lit_code_value(t->text, (size_t)t->len, &code))
        parse_fail(p, t->column, "'%.*s' is a word of the language; expected another name",
                   shown, t->text);
    int line = 0;
    if (name_object(p, t->text, t->len) >= 0)
        line = p->prog->objects[name_object(p, t->text, t->len)].line;
    else if (name_block(p, t->text, t->len) >= 0)
        line = p->prog->blocks[name_block(p, t->text, t->len)].line;
    if (line > 0)
        parse_fail(p, t->column, "'%.*s' is declared in line %d; expected a new name",
                   shown, t->text, line);
}

/* Reads `NAME:` and `func NAME:`; the body's lines are noted for the second pass. */
static bool block_head(struct parser *p)
{
    struct lex_error le;
    const struct line *l = p->line;
    if (l->text[l->len - 1] != ':')
        return false;
    p->ntok = lex_tokens(l, 0, p->tok, &le);
    p->at = 0;
    if (p->ntok < 0)
        parse_fail_at(p, le.line, le.column, "%s", le.text);
    bool is_func = tok_accept(p, "func");
    const struct token *t = tok_now(p);
    p->at++;
    struct token param = {.kind = TOK_END};
    if (tok_accept(p, "(")) {
        param = *tok_now(p);
        if (param.kind != TOK_NAME)
            tok_unexpected(p, "the name of a parameter");
        p->at++;
        if (!tok_accept(p, ")"))
            tok_unexpected(p, ")");
    }
    if (!tok_accept(p, ":"))
        tok_unexpected(p, "NAME: or func NAME:");
    tok_end(p);
    bool is_main = tok_is(t, "main");
    struct lit_program *prog = p->prog;
    if (is_main && is_func)
        parse_fail(p, 1, "main is a func; expected main:");
    if (is_main && param.kind != TOK_END)
        parse_fail(p, param.column, "main has a parameter; expected main:");
    name_check_new(p, t);
    int b = is_main ? 0 : prog->nblocks;
    if (b == MAX_BLOCKS)
        parse_fail(p, 1, "one block too many; expected at most %d", MAX_BLOCKS);
    if (!is_main) {
        prog->blocks = parse_more(p, prog->blocks, b, sizeof *prog->blocks);
        p->first_line = parse_scratch_more(p, p->first_line, b, sizeof(int));
        p->last_line = parse_scratch_more(p, p->last_line, b, sizeof(int));
        prog->nblocks++;
    }
    prog->blocks[b] = (struct lit_block){.name = parse_text(p, t->text, t->len),
                                         .is_func = is_func,
                                         .has_param = param.kind != TOK_END,
                                         .line = l->number};
    p->params[b] = param;
    p->first_line[b] = p->last_line[b] = l->number; /* the line after, counted from 0 */
    p->block = b;
    return true;
}

/* One line in column 1: header, object, block head or outcome line. */
static void top_line(struct parser *p)
{
    int at = 0;
    struct token first;
    lex_word(p->line, &at, &first);
    if (block_head(p))
        return;
    p->block = -1;
    if (parse_header(p) || parse_object(p))
        return;
    if (!parse_is_outcome(&first))
        parse_fail(p, 1,
                   "unknown line '%.*s'; expected a header, an object, a block NAME:,"
                   " or an outcome",
                   first.len > 40 ? 40 : first.len, first.text);
    if (tok_is(&first, "show")) {
        if (p->show)
            parse_fail(p, 1, "a second show line; expected one (line %d)", p->show->number);
        p->show = p->line;
    }
}

static void first_pass(struct parser *p)
{
    p->block = -1;
    for (int i = 0; i < p->nlines; i++) {
        p->line = &p->lines[i];
        if (p->line->len == 0)
            continue;
        if (!p->line->is_indented)
            top_line(p);
        else if (p->block < 0)
            parse_fail(p, 1, "an indented line outside a block; expected NAME: before it");
        else
            p->last_line[p->block] = i + 1;
    }
    p->line = &p->lines[0];
    if (!p->prog->path)
        parse_fail_at(p, 1, 1, "no litmus line; expected 'litmus PATH' first");
    if (!p->prog->blocks[0].name)
        parse_fail_at(p, 1, 1, "no block main; expected 'main:'");
}

static void second_pass(struct parser *p)
{
    parse_conds(p);
    parse_show(p);
    for (int b = 0; b < p->prog->nblocks; b++)
        parse_body(p, b);
    for (int i = 0; i < p->nlines; i++) {
        int at = 0;
        struct token first;
        p->line = &p->lines[i];
        if (p->line->len == 0 || p->line->is_indented ||
            p->line->text[p->line->len - 1] == ':')
            continue;
        if (lex_word(p->line, &at, &first) && parse_is_outcome(&first))
            parse_outcome(p);
    }
    parse_outcomes_done(p);
    check_program(p);
}

static void read_lines(struct parser *p, const char *text, size_t len)
{
    size_t pos = 0;
    int number = 0;
    struct line l;
    while (lex_line(text, len, &pos, &number, &l)) {
        p->lines = parse_scratch_more(p, p->lines, p->nlines, sizeof l);
        p->lines[p->nlines++] = l;
    }
    if (p->nlines == 0)
        parse_fail_at(p, 1, 1, "the file is empty; expected 'litmus PATH' first");
}

/* Apart from lit_parse, so that no local variable lives across setjmp. */
static bool parse_all(struct parser *p, const char *text, size_t len)
{
    if (setjmp(p->out))
        return false;
    p->prog = parse_take(p, sizeof *p->prog);
    p->prog->arena = p->arena;
    p->prog->file = parse_text(p, p->name, (int)strnlen(p->name, 4096));
    p->prog->nblocks = 1; /* main has its place before it is met */
    p->prog->blocks = parse_more(p, NULL, 0, sizeof *p->prog->blocks);
    p->first_line = parse_scratch_more(p, NULL, 0, sizeof(int));
    p->last_line = parse_scratch_more(p, NULL, 0, sizeof(int));
    struct lex_error le;
    if (!lex_check(text, len, &le))
        parse_fail_at(p, le.line, le.column, "%s", le.text);
    read_lines(p, text, len);
    first_pass(p);
    second_pass(p);
    return true;
}

struct lit_program *lit_parse(const char *name, const char *text, size_t len,
                              struct lit_error *err)
{
    struct parser *p = calloc(1, sizeof *p);
    struct lit_program *prog = NULL;
    *err = (struct lit_error){.line = 1, .column = 1, .text = "out of memory"};
    if (p) {
        p->name = name;
        p->err = err;
        p->arena = arena_new();
        p->scratch = arena_new();
        if (p->arena && p->scratch && parse_all(p, text, len))
            prog = p->prog;
        else
            arena_free(p->arena);
        arena_free(p->scratch);
    }
    free(p);
    return prog;
}
