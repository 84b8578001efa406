/* SPDX-License-Identifier: BSD-3-Clause */
/* parse_object.c - the object lines: chan, mutex, atomic, ...
 *
 * Owns: kinds of objects and their parameters.  Not here: what an operation wants
 * (parse_ref.c).
 *
 *   I1  A cond's mutex is resolved after the last object line, so their order is free.
 */
#include <string.h>

#include "parse.h"

static const struct kind_word {
    const char *word, *text;
    enum lit_kind kind;
} kind_words[] = {
    {"chan", "a channel", OBJ_CHAN},     {"nilchan", "a nil channel", OBJ_NILCHAN},
    {"mutex", "a mutex", OBJ_MUTEX},     {"rwmutex", "an rwmutex", OBJ_RWMUTEX},
    {"wg", "a wait group", OBJ_WG},      {"once", "a once", OBJ_ONCE},
    {"cond", "a cond", OBJ_COND},        {"atomic", "an atomic", OBJ_ATOMIC},
    {"var", "a var", OBJ_VAR},           {"timer", "a timer", OBJ_TIMER},
    {"ticker", "a ticker", OBJ_TICKER},  {"ptr", "a pointer variable", OBJ_PTR},
    {"", "an atomic pointer", OBJ_APTR},
};

static const int element_sizes[] = {
    0,  1,  2,  3,  4,  5,   6,   7,   8,   9,   12,   15,   16,   17,    24,   31,
    32, 33, 63, 64, 65, 100, 128, 200, 256, 512, 1000, 1024, 4096, 32768, 65535};

const char *kind_text(enum lit_kind kind)
{
    for (size_t i = 0; i < sizeof kind_words / sizeof *kind_words; i++) {
        if (kind_words[i].kind == kind)
            return kind_words[i].text;
    }
    return "?";
}

static bool find_kind(const struct token *t, enum lit_kind *kind)
{
    for (size_t i = 0; i < sizeof kind_words / sizeof *kind_words; i++) {
        if (tok_is(t, kind_words[i].word)) {
            *kind = kind_words[i].kind;
            return true;
        }
    }
    return false;
}

static int64_t read_int(struct parser *p, int64_t low, int64_t high, const char *expected)
{
    const struct token *t = tok_now(p);
    if (t->kind != TOK_INT || t->value < low || t->value > high)
        tok_unexpected(p, expected);
    p->at++;
    return t->value;
}

static int read_element(struct parser *p)
{
    const struct token *t;
    if (tok_now(p)->kind == TOK_END)
        return 8;
    if (!tok_accept(p, "elem") || !tok_accept(p, "="))
        tok_unexpected(p, "elem=SIZE, elem=ptr or elem=obj");
    if (tok_accept(p, "ptr"))
        return LIT_ELEM_PTR;
    if (tok_accept(p, "obj"))
        return LIT_ELEM_OBJ;
    t = tok_now(p);
    for (size_t i = 0; i < sizeof element_sizes / sizeof *element_sizes; i++) {
        if (t->kind == TOK_INT && t->value == element_sizes[i]) {
            p->at++;
            return element_sizes[i];
        }
    }
    tok_unexpected(
        p, "ptr, obj or one of the sizes 0..9 12 15 16 17 24 31 32 33 63 64 65 100 128"
           " 200 256 512 1000 1024 4096 32768 65535");
}

static void read_parameters(struct parser *p, struct lit_object *o)
{
    switch (o->kind) {
    case OBJ_CHAN:
        o->cap = read_int(p, 0, MAX_CHAN_CAP, "a capacity from 0 to 1048576");
        o->elem = read_element(p);
        if (o->elem == 65535 && o->cap > 65536)
            parse_fail(p, 1, "a buffer of 4 GiB; expected a smaller capacity or element");
        break;
    case OBJ_ATOMIC:
        if (tok_accept(p, "ptr")) {
            o->kind = OBJ_APTR;
            break;
        }
        /* fall through */
    case OBJ_VAR:
        if (!tok_accept(p, "="))
            tok_unexpected(p, o->kind == OBJ_VAR ? "= INTEGER" : "= INTEGER or ptr");
        if (tok_now(p)->kind == TOK_INT && tok_now(p)->value <= -1000 &&
            tok_now(p)->value >= -1999)
            tok_unexpected(p, "the name of the code: these numbers stand for codes");
        if (tok_now(p)->kind == TOK_CODE)
            o->init = p->tok[p->at++].value;
        else
            o->init = read_int(p, INT64_MIN, INT64_MAX, "an integer");
        break;
    case OBJ_COND:
        if (tok_now(p)->kind != TOK_NAME)
            tok_unexpected(p, "the name of a mutex");
        p->at++;
        break;
    default:
        break;
    }
    tok_end(p);
}

bool parse_object(struct parser *p)
{
    int at = 0;
    struct token first;
    struct lex_error le;
    struct lit_program *prog = p->prog;
    struct lit_object o = {.line = p->line->number, .mutex = -1};
    lex_word(p->line, &at, &first);
    if (!find_kind(&first, &o.kind))
        return false;
    p->ntok = lex_tokens(p->line, at, p->tok, &le);
    p->at = 0;
    if (p->ntok < 0)
        parse_fail_at(p, le.line, le.column, "%s", le.text);
    if (prog->nobjects == MAX_OBJECTS)
        parse_fail(p, 1, "one object too many; expected at most %d", MAX_OBJECTS);
    if (tok_now(p)->kind == TOK_END)
        tok_unexpected(p, "a name");
    name_check_new(p, tok_now(p));
    o.name = parse_text(p, tok_now(p)->text, tok_now(p)->len);
    p->at++;
    read_parameters(p, &o);
    prog->objects = parse_more(p, prog->objects, prog->nobjects, sizeof o);
    prog->objects[prog->nobjects++] = o;
    return true;
}

void parse_conds(struct parser *p)
{
    for (int i = 0; i < p->prog->nobjects; i++) {
        struct lit_object *o = &p->prog->objects[i];
        struct token t = {0};
        int at = 0;
        if (o->kind != OBJ_COND)
            continue;
        p->line = &p->lines[o->line - 1];
        for (int word = 0; word < 3; word++)
            lex_word(p->line, &at, &t);
        o->mutex = name_object(p, t.text, t.len);
        if (o->mutex < 0 || p->prog->objects[o->mutex].kind != OBJ_MUTEX)
            parse_fail(p, t.column, "'%.*s' is no mutex; expected the name of one",
                       t.len > 40 ? 40 : t.len, t.text);
    }
}
