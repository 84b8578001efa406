/* SPDX-License-Identifier: BSD-3-Clause */
/* prog.c - what the model knows about a program before it runs.
 *
 * Owns: the classes of instructions and the facts about objects of prog.h.  Not here: the
 * checks of the language, which the parser has made.
 *
 * Idea: one pass over the instructions to collect, a second to classify.  The facts err on
 * the side of more states: a global counts as main's own only when nothing can start or
 * call main's block; a wait group counts as reused unless main alone adds, all of it before
 * it waits.
 */
#include <stdlib.h>
#include <string.h>

#include "model/mutant.h"
#include "model/prog.h"

static bool has_word(const struct lit_words *list, const char *word)
{
    for (int i = 0; i < list->n; i++) {
        if (strcmp(list->v[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool ref_shown(const struct prog *p, const struct lit_ref *ref)
{
    return ref->kind == REF_GLOBAL && !p->main_only[ref->v];
}

static bool refs_shown(const struct prog *p, const struct lit_instr *in)
{
    return ref_shown(p, &in->a) || ref_shown(p, &in->b) || ref_shown(p, &in->c) ||
           ref_shown(p, &in->d) || ref_shown(p, &in->e) ||
           (in->caught && ref_shown(p, &in->caught_to));
}

/* Whether it overwrites a register that may be the last to lead to an object. */
static bool drops(const struct lit_block *b, const struct lit_instr *in)
{
    return in->d.kind == REF_REG && b->sorts[in->d.v] > SORT_INT && !IS_MUTANT(DROP_LOCAL);
}

static enum instr_class classify(const struct prog *p, const struct lit_block *b,
                                 const struct lit_instr *in)
{
    switch (in->op) {
    case OP_SPAWN:
    case OP_SPAWN1:
        return in->blk >= 0 && !p->counts && !refs_shown(p, in) ? INSTR_LOCAL : INSTR_SHOWN;
    case OP_CALL:
    case OP_CALL1:
    case OP_DEFER:
    case OP_DEFER1:
    case OP_DEFERREC:
    case OP_GOEXIT:
    case OP_JMP:
    case OP_RECOVER:
        return INSTR_LOCAL;
    case OP_SET:
        if (IS_MUTANT(SET_LOCAL)) {
            return INSTR_LOCAL;
        }
        return refs_shown(p, in) || drops(b, in) ? INSTR_SHOWN : INSTR_LOCAL;
    case OP_CALC:
    case OP_UNLESS:
    case OP_SPIN:
    case OP_YIELD:
    case OP_PANIC:
    case OP_FAULT:
        return refs_shown(p, in) ? INSTR_SHOWN : INSTR_LOCAL;
    case OP_DROP:
        return IS_MUTANT(DROP_LOCAL) ? INSTR_LOCAL : INSTR_SHOWN;
    case OP_KEEP:
        return INSTR_LOCAL;
    case OP_RET:
        return INSTR_RETURN;
    case OP_LOCK:
        return p->parks[in->obj] ? INSTR_SHOWN : INSTR_LOCK;
    default:
        return INSTR_SHOWN;
    }
}

/* Why the model cannot say anything about this instruction, or NULL. */
static const char *no_model(const struct prog *p, const struct lit_instr *in)
{
    switch (in->op) {
    case OP_NOW:
        return p->faketime ? NULL : "now without `needs faketime` has no model";
    case OP_CWAIT: {
        const struct lit_object *cond = &p->lit->objects[in->obj];
        bool plain = p->lit->objects[cond->mutex].kind == OBJ_MUTEX;
        return plain ? NULL : "a cond on an rwmutex has no model";
    }
    default:
        return NULL;
    }
}

struct survey {
    bool main_called, starts;
    bool *var_elsewhere, *var_written; /* per object */
};

static void survey_instr(struct prog *p, struct survey *s, int b, int i)
{
    const struct lit_instr *in = &p->lit->blocks[b].code[i];
    const char *why = no_model(p, in);
    if (why && !p->unmodelled[0]) {
        strncpy(p->unmodelled, why, sizeof p->unmodelled - 1);
    }
    s->main_called |= in->blk == 0 && in->op != OP_COUNT &&
                      (in->op == OP_SPAWN || in->op == OP_CALL || in->op == OP_DEFER ||
                       in->op == OP_DO || in->op == OP_AFTERFUNC);
    bool ends = in->op == OP_FINALIZER || in->op == OP_CLEANUP || in->op == OP_CLEANUP1;
    s->starts |= in->op == OP_SPAWN || in->op == OP_SPAWN1 || in->op == OP_AFTERFUNC ||
                 in->op == OP_AFTERFUNC1 || ends;
    p->heap |= lit_op_is_heap(in->op);
    p->counts |= in->op == OP_GOROUTINES;
    p->uses_clock |= in->op == OP_NOW;
    if (in->obj < 0) {
        return;
    }
    p->parks[in->obj] |= in->op == OP_TRYLOCK;
    s->var_written[in->obj] |= in->op == OP_WRITE;
    s->var_elsewhere[in->obj] |= b != 0 && (in->op == OP_READ || in->op == OP_WRITE);
}

static void conclude(struct prog *p, const struct survey *s, bool fifo)
{
    p->shares_vars = p->heap && s->starts; /* fields */
    for (int o = 0; o < p->lit->nobjects; o++) {
        enum lit_kind kind = p->lit->objects[o].kind;
        p->parks[o] |= fifo || kind != OBJ_MUTEX;
        p->shares_vars |= lit_is_plain(&p->lit->objects[o]) && s->starts &&
                          s->var_elsewhere[o] && s->var_written[o];
    }
    for (int g = 0; g < p->lit->nglobals; g++) {
        p->main_only[g] = p->lit->globals[g].block == 0 && !s->main_called;
    }
    for (int b = 0; b < p->lit->nblocks; b++) {
        for (int i = 0; i < p->lit->blocks[b].ninstr; i++) {
            p->cls[b][i] =
                (unsigned char)classify(p, &p->lit->blocks[b], &p->lit->blocks[b].code[i]);
        }
    }
}

/* Room for the survey and for the facts. */
static bool reserve(struct prog *p, struct survey *s)
{
    size_t n = (size_t)p->lit->nobjects + 1;
    s->var_elsewhere = calloc(2 * n, sizeof(bool));
    p->parks = calloc(n, sizeof(bool));
    p->main_only = calloc((size_t)p->lit->nglobals + 1, sizeof(bool));
    p->cls = calloc((size_t)p->lit->nblocks + 1, sizeof *p->cls);
    if (!s->var_elsewhere || !p->parks || !p->main_only || !p->cls) {
        return false;
    }
    s->var_written = s->var_elsewhere + n;
    for (int b = 0; b < p->lit->nblocks; b++) {
        p->cls[b] = calloc((size_t)p->lit->blocks[b].ninstr + 1, 1);
        if (!p->cls[b]) {
            return false;
        }
    }
    return true;
}

bool prog_init(struct prog *p, const struct lit_program *lit, bool fifo)
{
    struct survey s = {0};
    *p = (struct prog){.lit = lit};
    p->faketime = has_word(&lit->needs, "faketime");
    p->precise = has_word(&lit->needs, "gc.precise");
    if (lit->mode == MODE_STRESS) {
        strcpy(p->unmodelled, "mode stress has no model");
    }
    bool ok = reserve(p, &s);
    if (ok) {
        for (int b = 0; b < lit->nblocks; b++) {
            for (int i = 0; i < lit->blocks[b].ninstr; i++) {
                survey_instr(p, &s, b, i);
            }
        }
        conclude(p, &s, fifo);
    }
    free(s.var_elsewhere);
    return ok;
}

void prog_fini(struct prog *p)
{
    for (int b = 0; p->cls && b < p->lit->nblocks; b++) {
        free(p->cls[b]);
    }
    free(p->cls);
    free(p->main_only);
    free(p->parks);
    *p = (struct prog){0};
}
