/* SPDX-License-Identifier: BSD-3-Clause */
/* moves.c - the moves from a state, and the reduction.
 *
 * Owns: taking a step with the local ones behind it, in the fixed order that ordinals
 * count. Not here: the search over states (explore.c), what a step does (step_*.c).
 *
 * Idea.  Every enabled step of every goroutine, every timer that may fire and every move of
 * the runtime is taken, in place, and undone.  Reduction: a LOCAL step commutes with all
 * that others can do, so after each step the goroutines that it touched run their local
 * steps at once, and only where none is left does a state get a number.  This is the ample
 * set { that local step } applied until no longer possible; the end of main and of the
 * process are never local, so no outcome is lost.
 *
 * A chain of local steps that comes back to where it was (a loop that does nothing) is left
 * as it is: the state is then expanded in full, so that no goroutine is ignored for ever.
 *
 * Without reduction only the moves of unwinding, which are part of an instruction, run at
 * once.
 */
#include <string.h>

#include "model/clock.h"
#include "model/explore.h"
#include "model/heap.h"

/* ---- local steps ---- */

static bool is_control(const struct state *st, int g)
{
    const int64_t *e = g_top(st, g);
    bool code = e[E_TAG] == E_RUNS && e[E_BLOCK] >= 0;
    return !code && e[E_TAG] != E_PEND && e[E_TAG] != E_CHECK;
}

static void one_step(struct explorer *ex, int g, bool shown)
{
    if (ex->before) {
        ex->before(ex->arg, g);
    }
    step_goroutine(&ex->st, g);
    if (ex->after) {
        ex->after(ex->arg, shown);
    }
}

/* Runs the local steps of one goroutine.  Snapshots at powers of two find a loop. */
static void run_local(struct explorer *ex, int g, bool all)
{
    struct state *st = &ex->st;
    int64_t snapshot[64];
    int snap_n = -1;
    for (uint64_t k = 1; fate_of(st, g) == FATE_LOCAL && !st->over; k++) {
        if (!all && !is_control(st, g)) {
            return;
        }
        if (ex->local_left-- == 0) {
            st->over = true;
            return;
        }
        one_step(ex, g, false);
        int n = st->part[g].n;
        if (n == snap_n &&
            memcmp(snapshot, words(st, g), (size_t)n * sizeof *snapshot) == 0) {
            return;
        }
        if (k >= 64 && (k & (k - 1)) == 0) {
            snap_n = n <= 64 ? n : -1;
            memcpy(snapshot, words(st, g), (size_t)(snap_n > 0 ? n : 0) * sizeof *snapshot);
        }
    }
}

static void settle(struct explorer *ex, bool all)
{
    struct state *st = &ex->st;
    int g0 = part_g0(st);
    for (int k = 0; k < st->ndirty && !st->over && !st->ended && !st->unmodelled[0]; k++) {
        if (st->dirty[k] >= g0) {
            run_local(ex, st->dirty[k], all);
        }
    }
}

void explore_run_local(struct explorer *ex, int g)
{
    run_local(ex, g, true);
}

void explore_settle(struct explorer *ex)
{
    settle(ex, ex->reduced);
}

void explore_start(struct explorer *ex)
{
    state_start(&ex->st);
    g_new(&ex->st, 0, 0);
    explore_settle(ex);
}

/* ---- transitions ---- */

static void take(struct explorer *ex, const struct move *move)
{
    struct state *st = &ex->st;
    st->ended = false;
    st->choice = move->choice;
    st->nchoices = 1;
    if (move->g >= 0) {
        one_step(ex, move->g, true);
    } else {
        if (ex->before) {
            ex->before(ex->arg, -1);
        }
        if (move->row == ROW_COLLECTS) {
            heap_collect(st);
        } else if (move->row <= ROW_DUE) {
            heap_start(st, ROW_DUE - move->row);
        } else {
            timer_fire(st, move->row);
        }
        if (ex->after) {
            ex->after(ex->arg, true);
        }
    }
    st->choice = 0;
    if (!st->ended) {
        explore_settle(ex);
    }
    if (!st->ended && st->prog->heap) {
        heap_settle(st);
    }
}

struct visitor {
    bool (*visit)(struct explorer *ex, uint32_t ordinal, void *arg);
    void *arg;
    uint32_t ordinal;
};

/* All choices of one step; false: stop. */
static bool all_choices(struct explorer *ex, struct move move, struct visitor *v)
{
    int n = 1;
    for (; move.choice < n; move.choice++) {
        take(ex, &move);
        n = ex->st.nchoices;
        bool more = v->visit(ex, v->ordinal++, v->arg);
        state_undo(&ex->st);
        if (!more) {
            return false;
        }
    }
    return true;
}

static bool some_timer_wakes(struct state *st, int rows)
{
    for (int r = 0; r < rows; r++) {
        if (timer_wakes(st, r)) {
            return true;
        }
    }
    return false;
}

/* Goroutines of which a runtime may run one at a time: does one wait? */
static bool some_end_waits(const struct state *st)
{
    for (int g = part_g0(st); g < st->nparts; g++) {
        if (heap_waits(st, g)) {
            return true;
        }
    }
    return false;
}

/* What the runtime does by itself.  Nobody can count on a collection, nor on a finalizer
 * behind one that waits.  False: stop. */
static bool runtime_moves(struct explorer *ex, struct visitor *v)
{
    struct state *st = &ex->st;
    int dues = heap_ndues(st);
    ex->at_rest &= dues == 0 || some_end_waits(st);
    for (int i = 0; i < dues; i++) {
        if (!all_choices(ex, (struct move){-1, ROW_DUE - i, 0}, v)) {
            return false;
        }
    }
    return !heap_may_collect(st) || all_choices(ex, (struct move){-1, ROW_COLLECTS, 0}, v);
}

uint32_t explore_moves(struct explorer *ex,
                       bool (*visit)(struct explorer *ex, uint32_t ordinal, void *arg),
                       void *arg)
{
    struct state *st = &ex->st;
    struct visitor v = {visit, arg, 0};
    bool idle = true;
    for (int g = part_g0(st), n = st->nparts; g < n; g++) {
        if (fate_of(st, g) != FATE_OFF) {
            idle = false;
            if (!all_choices(ex, (struct move){g, -1, 0}, &v)) {
                return v.ordinal;
            }
        }
    }
    int rows = clock_rows(st);
    ex->at_rest = idle;
    idle &= !st->prog->heap || heap_ndues(st) == 0;
    if (rows > 0 && (!idle || some_timer_wakes(st, rows))) {
        for (int r = 0; r < rows; r++) {
            if (clock_can_fire(st, r, idle)) {
                ex->at_rest = false;
                if (!all_choices(ex, (struct move){-1, r, 0}, &v)) {
                    return v.ordinal;
                }
            }
        }
    }
    if (st->prog->heap) {
        runtime_moves(ex, &v);
    }
    return v.ordinal;
}
