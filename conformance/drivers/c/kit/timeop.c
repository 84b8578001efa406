/* SPDX-License-Identifier: BSD-3-Clause */
/* timeop.c - timers and tickers: the variables of a plan that hold one.
 *
 * Owns: starting, stopping, and the account of timer functions that may still run.  Not
 * here: sleeping and the clock (interp.c, one line each).
 *
 * A timer function that is pending counts as a goroutine of the execution (`alive`),
 * because it may become one at any moment; whoever prevents it takes it off again.  A
 * replaced timer goes on and stays in the list of what is freed at the end.
 */
#include "act.h"

int64_t units(const struct act *a, int64_t n)
{
    int64_t ns;
    if (__builtin_mul_overflow(n, a->x->unit_ns, &ns))
        return n < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
    return ns;
}

static void set_timer(struct act *a, int obj, void *t, bool func)
{
    exec_own(a->x, func ? OWN_FUNC : OWN_TIMER, t);
    atomic_store_explicit(&a->x->slots[obj].func, func, RELAXED);
    atomic_store_explicit(&a->x->slots[obj].object, t, RELAXED);
}

void op_start(struct act *a, const struct instr *in)
{
    int64_t d = units(a, get(a, &in->a));
    bool ticker = a->x->plan->objects[in->obj].kind == GL_TICKER;
    set_timer(a, in->obj, ticker ? gl_ops.ticker_new(d) : gl_ops.timer_new(d), false);
}

void op_afterfunc(struct act *a, const struct instr *in)
{
    int64_t d = units(a, get(a, &in->a));
    /* A pending function counts as a goroutine: it may run at any moment. */
    atomic_fetch_add_explicit(&a->x->alive, 1, RELAXED);
    void *entry =
        in->op == OP_AFTERFUNC1 ? entry_of_timer(a, in) : &a->x->entries[1][in->blk];
    set_timer(a, in->obj, gl_ops.timer_func(d, enter_block, entry), true);
}

static bool is_func(const struct act *a, int obj)
{
    return atomic_load_explicit(&a->x->slots[obj].func, RELAXED);
}

void op_stop(struct act *a, const struct instr *in)
{
    bool stopped = gl_ops.timer_stop(object(a, in->obj));
    if (stopped && is_func(a, in->obj))
        atomic_fetch_sub_explicit(&a->x->alive, 1, RELAXED);
    put(a, &in->d, stopped);
}

void op_reset(struct act *a, const struct instr *in)
{
    int64_t d = units(a, get(a, &in->a));
    bool func = is_func(a, in->obj);
    if (func)
        atomic_fetch_add_explicit(&a->x->alive, 1, RELAXED);
    bool pending = gl_ops.timer_reset(object(a, in->obj), d);
    if (func && pending)
        atomic_fetch_sub_explicit(&a->x->alive, 1, RELAXED);
    put(a, &in->d, pending);
}
