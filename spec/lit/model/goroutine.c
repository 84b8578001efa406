/* SPDX-License-Identifier: BSD-3-Clause */
/* goroutine.c - reading operands, storing results, parking: the words of one goroutine.
 *
 * Owns: how an instruction ends.  Not here: frames and deferred calls (step_panic.c).
 *
 * Idea: an operation that works on something shared and stores to a shown register is two
 * events for an observer, since main may return between them.  So the store is queued as
 * PEND elements on the goroutine's stack and runs as a step of its own; stores to
 * registers, and to main's own shown registers, are made at once because nobody can tell.
 */
#include "model/state.h"
#include "model/step.h"

int64_t g_value(const struct state *st, int g, const struct lit_ref *ref)
{
    if (ref->kind == REF_IMM) {
        return ref->v;
    }
    if (ref->kind == REF_REG) {
        return g_top(st, g)[E_REGS + ref->v];
    }
    return words(st, PART_SHARED)[S_GLOBALS + ref->v];
}

static void store(struct state *st, int g, const struct lit_ref *ref, int64_t v)
{
    if (ref->kind == REF_REG) {
        int64_t *w = touch(st, g);
        w[w[G_TOP] + E_REGS + ref->v] = v;
    } else if (ref->kind == REF_GLOBAL) {
        touch(st, PART_SHARED)[S_GLOBALS + ref->v] = v;
    }
}

void g_store(struct state *st, int g, const struct lit_ref *ref, int64_t v)
{
    store(st, g, ref, v);
}

void g_pend(struct state *st, int g, int global, int64_t v)
{
    int64_t below = words(st, g)[G_TOP];
    touch(st, g)[G_TOP] = st->part[g].n;
    part_push(st, g, below);
    part_push(st, g, E_PEND);
    part_push(st, g, global);
    part_push(st, g, v);
}

void g_finish(struct state *st, int g, const struct result *res, int nres, int next)
{
    int64_t *w = touch(st, g);
    int64_t *e = w + w[G_TOP];
    const struct lit_instr *in = &st->prog->lit->blocks[e[E_BLOCK]].code[e[E_PC]];
    e[E_PC] = next >= 0 ? next : e[E_PC] + 1;
    bool late = false;
    for (int i = 0; i < nres; i++) {
        const struct lit_ref *ref = res[i].ref;
        if (ref->kind == REF_GLOBAL && !st->prog->main_only[ref->v] &&
            !IS_MUTANT(STORES_AT_ONCE)) {
            late = true;
        } else {
            store(st, g, ref, res[i].v);
        }
    }
    if (in->caught && in->caught_to.kind == REF_GLOBAL &&
        !st->prog->main_only[in->caught_to.v]) {
        g_pend(st, g, (int)in->caught_to.v, 0);
    } else if (in->caught) {
        store(st, g, &in->caught_to, 0);
    }
    for (int i = nres - 1; late && i >= 0; i--) {
        const struct lit_ref *ref = res[i].ref;
        if (ref->kind == REF_GLOBAL && !st->prog->main_only[ref->v]) {
            g_pend(st, g, (int)ref->v, res[i].v);
        }
    }
}

void g_done(struct state *st, int g)
{
    g_finish(st, g, NULL, 0, -1);
}

void g_park(struct state *st, int g, enum g_stat why)
{
    int64_t *w = touch(st, g);
    w[G_STAT] = why;
    if (!st->fifo || why == G_STUCK || why == G_SLEEPS) {
        return;
    }
    int64_t last = 0;
    for (int k = part_g0(st); k < st->nparts; k++) {
        if (g_alive(st, k) && k != g && words(st, k)[G_SEQ] > last) {
            last = words(st, k)[G_SEQ];
        }
    }
    w[G_SEQ] = last + 1;
}

void g_unpark(struct state *st, int g)
{
    int64_t *w = touch(st, g);
    int64_t seq = w[G_SEQ];
    w[G_STAT] = G_RUNS;
    w[G_SEQ] = 0;
    w[G_VAL] = 0;
    for (int k = part_g0(st); seq && k < st->nparts; k++) {
        if (g_alive(st, k) && words(st, k)[G_SEQ] > seq) {
            touch(st, k)[G_SEQ]--;
        }
    }
}

int g_new(struct state *st, int blk, int64_t arg)
{
    int g = part_new(st);
    if (g < 0) {
        return -1;
    }
    for (int i = 0; i < G_HEAD; i++) {
        part_push(st, g, 0);
    }
    g_call(st, g, blk, arg);
    return g;
}
