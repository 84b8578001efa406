/* SPDX-License-Identifier: BSD-3-Clause */
/* check.c - rules that need the whole program: pausing loops, shown goroutines, needs.
 *
 * Owns: checks after the bodies are read, and the capabilities that follow from them.
 * Not here: rules of one line (the parser), completeness of a file for the corpus (lint.c),
 * outcome lists (model/).
 *
 * A while loop must be able to let others run.  That is so when its body holds an operation
 * that can block, a yield, or a call of a function that has one; which functions do is a
 * fixed point over the calls, at most as many rounds as there are blocks.
 *
 *   I1  prog->needs has no word twice, written words first.
 */
#include <string.h>

#include "check.h"
#include "code.h"

static bool op_pauses(enum lit_op op)
{
    switch (op) {
    case OP_SEND:
    case OP_RECV0:
    case OP_RECV1:
    case OP_RECV2:
    case OP_RANGE:
    case OP_SELECT:
    case OP_LOCK:
    case OP_RLOCK:
    case OP_CWAIT:
    case OP_WGWAIT:
    case OP_YIELD:
    case OP_SLEEP:
    case OP_GC:
    case OP_GCUNTIL:
        return true;
    default:
        return false;
    }
}

static bool range_pauses(const struct lit_program *prog, const bool *pausing, int b,
                         int from, int to)
{
    for (int i = from; i < to; i++) {
        const struct lit_instr *in = &prog->blocks[b].code[i];
        bool calls = in->op == OP_CALL || in->op == OP_CALL1 || in->op == OP_DO;
        if (op_pauses(in->op) || (calls && pausing[in->blk]))
            return true;
    }
    return false;
}

static void check_loops(struct parser *p)
{
    const struct lit_program *prog = p->prog;
    bool pausing[MAX_BLOCKS] = {false};
    for (int round = 0; round < prog->nblocks; round++) {
        bool changed = false;
        for (int b = 0; b < prog->nblocks; b++) {
            bool now = range_pauses(prog, pausing, b, 0, prog->blocks[b].ninstr);
            changed |= now != pausing[b];
            pausing[b] = now;
        }
        if (!changed)
            break;
    }
    for (int b = 0; b < prog->nblocks; b++) {
        const struct lit_block *block = &prog->blocks[b];
        for (int i = 0; i < block->ninstr; i++) {
            const struct lit_instr *jump = &block->code[i];
            if (jump->op != OP_JMP || jump->target > i)
                continue;
            const struct lit_instr *top = &block->code[jump->target];
            bool is_repeat = top->op == OP_UNLESS && top->a.kind == REF_REG &&
                             block->reg_names[top->a.v][0] == 0;
            if (!is_repeat && !range_pauses(prog, pausing, b, jump->target, i))
                parse_fail_at(p, top->line, 1,
                              "this while can spin for ever; expected an"
                              " operation in it that can block, or yield");
        }
    }
}

/* A goroutine with shown registers runs once: its registers are one set of variables. */
static void check_goes(struct parser *p)
{
    for (int i = 0; i < p->ngos; i++) {
        const struct go_site *go = &p->gos[i];
        bool is_shown = false;
        for (int g = 0; g < p->prog->nglobals; g++)
            is_shown |= p->prog->globals[g].block == go->block;
        const char *name = p->prog->blocks[go->block].name;
        if (is_shown && go->is_in_loop)
            parse_fail_at(
                p, go->line, go->column,
                "block %s has shown registers and is started in a loop; expected one"
                " start",
                name);
        for (int j = 0; is_shown && j < i; j++) {
            if (p->gos[j].block == go->block)
                parse_fail_at(p, go->line, go->column,
                              "block %s has shown registers and is started twice (line %d);"
                              " expected one start",
                              name, p->gos[j].line);
        }
    }
}

static void check_value(struct parser *p, int line, int obj, const struct lit_ref *v)
{
    const struct lit_object *o = &p->prog->objects[obj];
    if (v->kind == REF_IMM && !lit_value_fits(o, v->v))
        parse_fail_at(p, line, 1,
                      "the value %lld does not fit an element of %d bytes; expected 0 or"
                      " more, and no more than its bytes hold",
                      (long long)v->v, o->elem);
}

/* Literals; the model looks at what registers hold. */
static void check_elements(struct parser *p)
{
    for (int b = 0; b < p->prog->nblocks; b++) {
        for (int i = 0; i < p->prog->blocks[b].ninstr; i++) {
            const struct lit_instr *in = &p->prog->blocks[b].code[i];
            if (in->op == OP_SEND)
                check_value(p, in->line, in->obj, &in->a);
            for (int k = 0; k < in->ncases; k++)
                if (in->cases[k].op == OP_SEND)
                    check_value(p, in->line, in->cases[k].obj, &in->cases[k].a);
        }
    }
}

static void need(struct parser *p, const char *word)
{
    struct lit_words *w = &p->prog->needs;
    if (!*word)
        return;
    for (int i = 0; i < w->n; i++) {
        if (strcmp(w->v[i], word) == 0)
            return;
    }
    w->v = parse_more(p, w->v, w->n, sizeof *w->v);
    w->v[w->n++] = parse_text(p, word, (int)strlen(word));
}

static void need_objects(struct parser *p)
{
    static const char *const by_kind[] = {
        [OBJ_CHAN] = "chan",       [OBJ_NILCHAN] = "chan",  [OBJ_MUTEX] = "mutex",
        [OBJ_RWMUTEX] = "rwmutex", [OBJ_WG] = "wg",         [OBJ_ONCE] = "once",
        [OBJ_COND] = "cond",       [OBJ_ATOMIC] = "atomic", [OBJ_VAR] = "var",
        [OBJ_TIMER] = "timer",     [OBJ_TICKER] = "ticker", [OBJ_PTR] = "heap",
        [OBJ_APTR] = "heap",
    };
    for (int i = 0; i < p->prog->nobjects; i++) {
        const struct lit_object *o = &p->prog->objects[i];
        need(p, by_kind[o->kind]);
        if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_PTR)
            need(p, "ptr");
        else if (o->kind == OBJ_CHAN && o->elem == LIT_ELEM_OBJ)
            need(p, "heap");
        else if (o->kind == OBJ_CHAN && o->elem != 8)
            need(p, "elem");
    }
}

static void infer_needs(struct parser *p)
{
    const struct lit_program *prog = p->prog;
    need_objects(p);
    for (int b = 0; b < prog->nblocks; b++) {
        for (int i = 0; i < prog->blocks[b].ninstr; i++) {
            const struct lit_instr *in = &prog->blocks[b].code[i];
            enum lit_kind kind = in->obj >= 0 ? prog->objects[in->obj].kind : OBJ_VAR;
            bool carries = kind == OBJ_PTR || kind == OBJ_APTR; /* need_objects saw it */
            need(p, kind == OBJ_TICKER && in->op != OP_AFTERFUNC ? "ticker"
                    : carries                                    ? ""
                              : code_op_capability(in->op));
            need(p, in->op == OP_AFTERFUNC1 ? "heap" : "");
            if (in->caught)
                need(p, "recover");
            if (in->op == OP_NOW)
                need(p, "faketime");
        }
    }
    for (int i = 0; i < prog->nexpects; i++) {
        const struct lit_expect *x = &prog->expects[i];
        if (x->verb != VERB_FORBID &&
            (x->status == STATUS_PANIC || x->status == STATUS_FATAL))
            need(p, "die");
    }
    for (int i = 0; i < prog->nraces; i++)
        need(p, prog->races[i].want ? "race" : "");
    need(p, prog->stderrs.n > 0 ? "gotext" : "");
}

void check_program(struct parser *p)
{
    check_loops(p);
    check_goes(p);
    check_elements(p);
    check_heap(p);
    infer_needs(p);
}
