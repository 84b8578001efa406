/* SPDX-License-Identifier: BSD-3-Clause */
/* plan.c - reads the text of a plan (protocol.md section 3), one line at a time.
 *
 * Owns: operands and the arrays of struct plan.  Not here: words and numbers (word.c),
 * whether an index makes sense (check.c), what an instruction does (exec.c).
 *
 * Idea: the operand letters of op.def say what each word is, so that no instruction has a
 * parser of its own.  Forward references (a block spawned before it is declared) are
 * plain numbers until plan_finish.
 *
 *   I1  Reading goes on to the end after a complaint, because the session must stay in
 *       step with the harness; the first complaint wins.
 *   I2  An instruction that is not in op.def, or an object kind that is not in kinds[],
 *       is no error: the plan is newer than this driver and is skipped.
 */
#include "plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *wire, *operands, *cap;
} ops[] = {
#define OP(name, wire, operands, cap) {wire, operands, cap},
#include "op.def"
#undef OP
};

static const char *const kinds[GL_KINDS] = {
    [GL_CHAN] = "chan",       [GL_NILCHAN] = "nilchan", [GL_MUTEX] = "mutex",
    [GL_RWMUTEX] = "rwmutex", [GL_WG] = "wg",           [GL_ONCE] = "once",
    [GL_COND] = "cond",       [GL_ATOMIC] = "atomic",   [GL_VAR] = "var",
    [GL_TIMER] = "timer",     [GL_TICKER] = "ticker",   [GL_PTR] = "ptr",
    [GL_APTR] = "aptr",
};

const char *op_wire(enum op op)
{
    return ops[op].wire;
}

const char *op_operands(enum op op)
{
    return ops[op].operands;
}

const char *op_cap(enum op op)
{
    return ops[op].cap;
}

struct plan *plan_new(void)
{
    return calloc(1, sizeof(struct plan));
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    for (int b = 0; b < p->nblocks; b++) {
        for (int i = 0; i < p->blocks[b].ncode; i++)
            free(p->blocks[b].code[i].cases);
        free(p->blocks[b].code);
    }
    free(p);
}

void plan_error(struct plan *p, int line, const char *fmt, ...)
{
    if (p->error[0] != '\0' || p->skip[0] != '\0')
        return;
    int n = line > 0 ? snprintf(p->error, sizeof p->error, "line %d: ", line) : 0;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->error + n, sizeof p->error - (size_t)n, fmt, ap);
    va_end(ap);
}

static bool words_of(struct plan *p, const char *line, size_t len, struct words *w)
{
    if (split(line, len, w))
        return true;
    plan_error(p, p->nlines, "too long; expected at most %d words of %d bytes", PLAN_WORDS,
               PLAN_WORD - 1);
    return false;
}

static void plan_unknown(struct plan *p, const char *what, const char *name)
{
    if (p->skip[0] == '\0')
        snprintf(p->skip, sizeof p->skip, "%s %s", what, name);
}

/* A plain number of at most max, else a complaint that names it; -1 then. */
static int64_t count(struct plan *p, struct words *w, const char *what, int64_t max)
{
    const char *s = word_next(w);
    int64_t v;
    if (word_number(s, &v) && v >= 0 && v <= max)
        return v;
    plan_error(p, p->nlines, "%s is `%s`; expected a number from 0 to %lld", what, s,
               (long long)max);
    return -1;
}

static struct ref value(struct plan *p, struct words *w)
{
    struct ref r = {REF_NONE, 0};
    const char *s = word_next(w);
    if (*s == '#')
        r.kind = REF_IMM;
    else if (*s == 'r')
        r.kind = REF_REG;
    else if (*s == 'g')
        r.kind = REF_GLOBAL;
    if (r.kind == REF_NONE || !word_number(s + 1, &r.v))
        plan_error(p, p->nlines, "`%s` is no value; expected #N, rN or gN", s);
    return r;
}

static struct ref dest(struct plan *p, struct words *w)
{
    struct ref r = {REF_NONE, 0};
    const char *s = word_next(w);
    if (strcmp(s, ">_") == 0)
        return r;
    if (s[0] == '>' && s[1] == 'r')
        r.kind = REF_REG;
    else if (s[0] == '>' && s[1] == 'g')
        r.kind = REF_GLOBAL;
    if (r.kind == REF_NONE || !word_number(s + 2, &r.v))
        plan_error(p, p->nlines, "`%s` is no destination; expected >rN, >gN or >_", s);
    return r;
}

/* Where a word stands in a list of words; -1 and a complaint when it does not. */
static int one_of(struct plan *p, struct words *w, const char *what,
                  const char *const *list)
{
    const char *s = word_next(w);
    for (int i = 0; list[i] != NULL; i++)
        if (strcmp(s, list[i]) == 0)
            return i;
    plan_error(p, p->nlines, "`%s` is no %s", s, what);
    return -1;
}

static void operand(struct plan *p, struct words *w, char letter, struct instr *in)
{
    static const char *const compare[] = {"==", "!=", "<", "<=", ">", ">=", NULL};
    static const char *const calc[] = {"+", "-", "*", NULL};
    static const char *const fault[] = {"nil-deref", "index", "div-zero", NULL};
    static const int64_t fault_code[] = {GL_NIL_DEREF, GL_INDEX, GL_DIV_ZERO};
    int at;
    switch (letter) {
    case 'v':
        *(in->a.kind == REF_NONE   ? &in->a
          : in->b.kind == REF_NONE ? &in->b
                                   : &in->c) = value(p, w);
        break;
    case 'o':
        in->obj = (int)count(p, w, "the object", PLAN_OBJECTS);
        break;
    case 'b':
        if (w->at < w->n && strcmp(w->w[w->at], "nil") == 0) {
            w->at++;
            break;
        }
        /* fall through */
    case 'B':
        in->blk = (int)count(p, w, "the block", PLAN_BLOCKS);
        break;
    case 'l':
        in->target = (int)count(p, w, "the instruction", PLAN_CODE);
        break;
    case 'i':
        in->imm = count(p, w, "the field", PLAN_FIELDS);
        break;
    case 'n':
        in->want_cases = (int)count(p, w, "the number of cases", PLAN_CASES);
        break;
    case 'q':
        at = one_of(p, w, "comparison", compare);
        in->cmp = at < 0 ? CMP_EQ : (enum cmp)(CMP_EQ + at);
        break;
    case 'p':
        at = one_of(p, w, "operator", calc);
        in->cmp = at < 0 ? CALC_ADD : (enum cmp)(CALC_ADD + at);
        break;
    case 'f':
        at = one_of(p, w, "fault", fault);
        in->fault = at < 0 ? 0 : fault_code[at];
        break;
    default:
        break;
    }
}

/* Operands by letters; the first d goes to *d, the second to *e (a catch has taken its
 * own before). */
static void operands(struct plan *p, struct words *w, struct instr *in)
{
    bool second = false;
    for (const char *o = op_operands(in->op); *o != '\0' && p->error[0] == '\0'; o++) {
        if (*o != 'd') {
            operand(p, w, *o, in);
            continue;
        }
        *(second ? &in->e : &in->d) = dest(p, w);
        second = true;
    }
    if (w->at < w->n)
        plan_error(p, p->nlines, "`%s` is too much for %s", w->w[w->at], op_wire(in->op));
}

static enum op op_named(const char *s)
{
    for (int i = 0; i < OP_COUNT; i++)
        if (strcmp(ops[i].wire, s) == 0)
            return (enum op)i;
    return OP_COUNT;
}

static void read_case(struct plan *p, struct words *w, struct block *b)
{
    struct instr *in = b->ncode > 0 ? &b->code[b->ncode - 1] : NULL;
    if (in == NULL || in->op != OP_SELECT || in->ncases == in->want_cases) {
        plan_error(p, p->nlines, "a case that belongs to no select");
        return;
    }
    struct instr one = {.obj = -1};
    const char *s = word_next(w);
    one.op = op_named(s);
    if (strcmp(s, "default") == 0)
        one.op = OP_COUNT;
    else if (one.op != OP_SEND && one.op != OP_RECV0 && one.op != OP_RECV1 &&
             one.op != OP_RECV2)
        plan_error(p, p->nlines, "`%s` is no case; expected send, recv0-2 or default", s);
    else
        operands(p, w, &one);
    if (one.op == OP_COUNT && in->has_default)
        plan_error(p, p->nlines, "a second default");
    in->has_default |= one.op == OP_COUNT;
    in->cases[in->ncases++] = (struct plan_case){one.op, one.obj, one.a, one.d, one.e};
}

static struct instr *add_instr(struct plan *p, struct block *b)
{
    if (p->ncode == PLAN_CODE) {
        plan_error(p, p->nlines, "more than %d instructions", PLAN_CODE);
        return NULL;
    }
    if (b->ncode == b->room) {
        int room = b->room > 0 ? b->room * 2 : 16;
        struct instr *code = realloc(b->code, (size_t)room * sizeof *code);
        if (code == NULL) {
            plan_error(p, p->nlines, "out of memory");
            return NULL;
        }
        b->code = code;
        b->room = room;
    }
    p->ncode++;
    struct instr *in = &b->code[b->ncode++];
    *in = (struct instr){.obj = -1, .blk = -1, .target = -1, .line = p->nlines};
    return in;
}

static void read_instr(struct plan *p, struct words *w)
{
    if (p->nblocks == 0) {
        plan_error(p, p->nlines, "an instruction outside of a block");
        return;
    }
    struct block *b = &p->blocks[p->nblocks - 1];
    const char *s = word_next(w);
    if (strcmp(s, "case") == 0) {
        read_case(p, w, b);
        return;
    }
    if (b->ncode > 0 && b->code[b->ncode - 1].ncases < b->code[b->ncode - 1].want_cases) {
        plan_error(p, p->nlines, "expected another case of the select above");
        return;
    }
    struct instr *in = add_instr(p, b);
    if (in == NULL)
        return;
    if (strcmp(s, "catch") == 0) {
        in->caught = true;
        in->caught_to = dest(p, w);
        s = word_next(w);
    }
    in->op = op_named(s);
    if (in->op == OP_COUNT) {
        plan_unknown(p, "op", s);
        in->op = OP_RET;
        return;
    }
    p->uses[in->op]++;
    operands(p, w, in);
    if (in->op == OP_SELECT && in->want_cases > 0 && p->error[0] == '\0') {
        in->cases = calloc((size_t)in->want_cases, sizeof *in->cases);
        if (in->cases == NULL)
            plan_error(p, p->nlines, "out of memory");
    }
}

static void read_object(struct plan *p, struct words *w)
{
    int64_t index = count(p, w, "the object", PLAN_OBJECTS - 1);
    if (index >= 0 && index != p->nobjects)
        plan_error(p, p->nlines, "object %d; expected %d, objects are numbered in order",
                   (int)index, p->nobjects);
    if (p->error[0] != '\0')
        return;
    struct object *o = &p->objects[p->nobjects++];
    const char *kind = word_next(w);
    int k = 0;
    while (k < GL_KINDS && strcmp(kind, kinds[k]) != 0)
        k++;
    *o = (struct object){.kind = (enum gl_kind)k, .mutex = -1, .line = p->nlines};
    if (k == GL_KINDS) {
        plan_unknown(p, "op", kind);
        return;
    }
    if (k == GL_CHAN) {
        o->cap = count(p, w, "the capacity", INT64_MAX);
        if (w->at < w->n && strcmp(w->w[w->at], "ptr") == 0) {
            o->elem = ELEM_PTR;
            w->at++;
        } else if (w->at < w->n && strcmp(w->w[w->at], "obj") == 0) {
            o->elem = ELEM_OBJ;
            w->at++;
        } else {
            o->elem = (int)count(p, w, "the element size", ELEM_MAX);
        }
    } else if (k == GL_COND) {
        o->mutex = (int)count(p, w, "the mutex", PLAN_OBJECTS);
    } else if (k == GL_ATOMIC || k == GL_VAR) {
        const char *s = word_next(w);
        if (!word_number(s, &o->init))
            plan_error(p, p->nlines, "the first value is `%s`; expected a number", s);
    }
    if (w->at < w->n)
        plan_error(p, p->nlines, "`%s` is too much for %s", w->w[w->at], kind);
}

static void read_block(struct plan *p, struct words *w)
{
    int64_t index = count(p, w, "the block", PLAN_BLOCKS - 1);
    const char *name = word_next(w);
    int64_t nregs = count(p, w, "the number of registers", PLAN_REGS);
    if (index >= 0 && index != p->nblocks)
        plan_error(p, p->nlines, "block %d; expected %d, blocks are numbered in order",
                   (int)index, p->nblocks);
    if (p->error[0] != '\0')
        return;
    struct block *b = &p->blocks[p->nblocks++];
    memcpy(b->name, name, sizeof b->name);
    b->nregs = (int)nregs;
    b->line = p->nlines;
}

static void read_show(struct plan *p, struct words *w)
{
    p->has_show = true;
    while (w->at < w->n && p->error[0] == '\0') {
        const char *s = word_next(w);
        int64_t v = -1;
        if (p->nterms == PLAN_TERMS)
            plan_error(p, p->nlines, "more than %d terms", PLAN_TERMS);
        else if (strcmp(s, "log") == 0)
            p->shows_log = true;
        else if (s[0] != 'g' || !word_number(s + 1, &v) || v < 0 || v >= p->nglobals)
            plan_error(p, p->nlines, "`%s` is no term; expected log or g0 to g%d", s,
                       p->nglobals - 1);
        if (p->error[0] == '\0')
            p->term[p->nterms++] = (int)v;
    }
}

/* `show` has more words than an instruction: it is read in slices of PLAN_WORDS - 1. */
static void show_line(struct plan *p, const char *line, size_t len)
{
    struct words w;
    size_t i = 4;
    p->has_show = true;
    while (i < len && p->error[0] == '\0') {
        size_t start = i;
        for (int n = 0; i < len && n < PLAN_WORDS - 1; n++) {
            while (i < len && line[i] == ' ')
                i++;
            while (i < len && line[i] != ' ')
                i++;
        }
        if (words_of(p, line + start, i - start, &w))
            read_show(p, &w);
    }
}

void plan_line(struct plan *p, const char *line, size_t len)
{
    struct words w;
    p->nlines++;
    if (p->error[0] != '\0')
        return;
    if (len >= 4 && memcmp(line, "show", 4) == 0 && (len == 4 || line[4] == ' ')) {
        show_line(p, line, len);
        return;
    }
    if (len > 0 && line[0] == '#')
        return;
    if (!words_of(p, line, len, &w) || w.n == 0)
        return;
    if (*line == ' ') {
        read_instr(p, &w);
        return;
    }
    const char *s = word_next(&w);
    if (strcmp(s, "globals") == 0) {
        int64_t n = count(p, &w, "the number of globals", PLAN_GLOBALS);
        p->nglobals = n < 0 ? 0 : (int)n;
    } else if (strcmp(s, "obj") == 0) {
        read_object(p, &w);
    } else if (strcmp(s, "blk") == 0) {
        read_block(p, &w);
    } else {
        plan_error(p, p->nlines, "`%s`; expected globals, obj, blk, show or end", s);
    }
}
