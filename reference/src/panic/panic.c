/* SPDX-License-Identifier: BSD-3-Clause */
/* panic.c - raising, recovering, Goexit: one loop over the open frames.
 *
 * Owns: struct panic from its raise to its end.
 * Not here: frames and records (frame.c), printing (report.c).
 *
 *   raise -> run the newest deferred call of the newest frame
 *              |-> it returned, nothing recovered: the next one
 *              |-> it recovered: land in the frame that deferred it
 *              '-> no frame left: death, or the end of a Goexit
 *
 * Nested panics.  A deferred call may panic itself: the new one is newer in g->panics and
 * goes on with the frames that the older one was running, past the older one's deferred
 * call.  When it is recovered in a frame that is older than the older panic's own start,
 * that panic ends with it (panic.abort-older): its C frame is among those that the jump
 * abandons, which one comparison of addresses tells (I1 of panic.h).
 *
 * A Goexit among the abandoned must not be cancelled (goexit.panic-in-defer-recovered):
 * instead of landing, the recovered panic itself turns into that Goexit and goes on with
 * the frames that are left.
 */
#include "panic.h"

/* Cuts the stack back to f: its function returns, running the rest of its defers. */
static NORETURN void frame_land(struct gr_frame *f)
{
    if (MUTANT(panic_rest_lost)) {
        struct gr_defer d;
        while (frame_pop(f, &d))
            continue;
    }
    /* The stack grows down; from here to the frame nobody will come back. */
    san_unpoison(__builtin_frame_address(0), f);
    frame_restore(f->save, 1);
}

/* p was recovered by a deferred call of f.  Returns when a Goexit has to go on. */
static void panic_recovered(struct g *g, struct panic *p, struct gr_frame *f)
{
    struct panic *q = p->older;
    bool has_goexit = false;
    while (q != NULL && (uintptr_t)q < (uintptr_t)f) {
        has_goexit = has_goexit || q->is_goexit;
        q = q->older;
    }
    if (MUTANT(panic_goexit_cancelled))
        has_goexit = false;
    if (!has_goexit) {
        g->panics = q;
        frame_land(f);
    }
    p->is_goexit = true;
    p->recovered = false;
    p->older = q;
    g->panics = p;
}

/* Runs the deferred calls of all open frames for p, the newest in progress. */
static NORETURN void panic_unwind(struct g *g, struct panic *p)
{
    struct gr_frame *f;
    struct gr_defer d;
    while ((f = g->frames) != NULL) {
        if (!frame_pop(f, &d)) {
            g->frames = f->up;
            continue;
        }
        defer_run(&d, &p->cfa);
        if (MUTANT(panic_defer_twice) && !p->recovered)
            defer_run(&d, &p->cfa);
        p->cfa = NULL;
        ASSERT(g->panics == p && g->frames == f);
        if (p->recovered)
            panic_recovered(g, p, f);
    }
    if (p->is_goexit) {
        g->panics = NULL;
        sched_exit_g();
    }
    panic_die(g);
}

void panic_raise(struct panic *p)
{
    struct g *g = g_self();
    if (g == NULL)
        throw("panic outside of a goroutine");
    lock_check_none_held();
    p->older = g->panics;
    p->cfa = NULL;
    g->panics = p;
    panic_unwind(g, p);
}

void gr_panic(gr_value v)
{
    struct panic p = {.value = v};
    if (v.kind == GR_NIL && env_knobs.panicnil == 0)
        p.value = (gr_value){.kind = GR_ERROR, .u = {.err = GR_ERR_PANIC_NIL}};
    panic_raise(&p);
}

void gr_panic_error(enum gr_err e)
{
    struct panic p = {.value = {.kind = GR_ERROR, .u = {.err = e}}};
    panic_raise(&p);
}

void gr_goexit(void)
{
    struct panic p = {.is_goexit = true};
    g_self()->goexiting = true;
    panic_raise(&p);
}

gr_value gr_recover_at(void *cfa)
{
    struct panic *p;
    noise_point(NOISE_RECOVER);
    p = g_self()->panics;
    if (p == NULL || p->is_goexit || p->recovered)
        return gr_nil();
    if (p->cfa != cfa && !MUTANT(panic_recover_in_helper))
        return gr_nil();
    if (!MUTANT(panic_recover_keeps))
        p->recovered = true;
    if (MUTANT(panic_recover_older) && p->older != NULL)
        return p->older->value;
    return p->value;
}
