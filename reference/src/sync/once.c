/* SPDX-License-Identifier: BSD-3-Clause */
/* once.c - gr_once: one call, and everybody waits for its end.
 *
 * Owns: gr_once.
 *
 * The call counts as done however it ends: return, panic or Goexit
 * (sync.once.panic-counts); a deferred call sees to that.  Others that arrive meanwhile
 * sleep on the mutex.  A call of the same once from inside sleeps for ever, as in Go.
 */
#include "sync.h"

struct once_call {
    gr_once *o;
    gr_fn fn;
    void *arg;
};

static void once_end(void *arg)
{
    gr_once *o = arg;
    RACE_RELEASE(&o->done);
    /* Release: pairs with the acquire in gr_once_do. */
    if (!MUTANT(once_again_after_panic))
        store_release(&o->done, 1);
    mutex_release(&o->m);
}

static NOINLINE void once_call(struct once_call *c)
{
    GR_FUNC;
    GR_DEFER(once_end, c->o);
    if (MUTANT(once_returns_early))
        store_release(&c->o->done, 1);
    c->fn(c->arg);
    if (MUTANT(once_again_after_panic))
        store_release(&c->o->done, 1);
}

void gr_once_do(gr_once *o, gr_fn fn, void *arg)
{
    struct once_call c = {o, fn, arg};
    sched_point();
    /* Acquire: pairs with the release in once_end. */
    if (LIKELY(load_acquire(&o->done) != 0)) {
        RACE_ACQUIRE(&o->done);
        return;
    }
    mutex_acquire(&o->m, PARK_MUTEX_LOCK);
    if (load_relaxed(&o->done) != 0) {
        RACE_ACQUIRE(&o->done);
        mutex_release(&o->m);
        return;
    }
    once_call(&c);
}
