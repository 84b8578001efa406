/* SPDX-License-Identifier: BSD-3-Clause */
/* step_timer.c - sleep, now, timers, tickers, functions called later.
 *
 * Owns: what setting, stopping and firing do.  Not here: when a time may come (clock.c).
 *
 * Timers as Go has them from 1.23 on: a timer whose time has come holds one value (T_FULL)
 * until it is received, stopped or reset; stop and reset report whether it was pending or
 * held one, and no value of the old setting is received after them.  A ticker holds at most
 * one tick.
 */
#include "model/clock.h"
#include "model/heap.h"
#include "model/step.h"

static bool is_ticker(const struct state *st, int obj)
{
    return st->prog->lit->objects[obj].kind == OBJ_TICKER;
}

/* Ends the current setting.  Return: whether it was pending or held a value. */
static bool disarm(struct state *st, int obj)
{
    int64_t *t = obj_touch(st, obj);
    bool active = t[T_ROW] || (t[T_FULL] && !IS_MUTANT(STOP_FORGETS_VALUE));
    int row = (int)t[T_ROW] - 1;
    t[T_ROW] = t[T_FULL] = 0;
    if (row >= 0) {
        clock_remove(st, row);
    }
    return active;
}

static void arm(struct state *st, int g, int obj, int64_t d)
{
    int row = clock_add(st, d > 0 ? d : 0);
    int64_t *t = obj_touch(st, obj);
    t[T_ROW] = row;
    t[T_PERIOD] = is_ticker(st, obj) ? d : 0;
    t[T_KNOW] = words(st, g)[G_KNOW];
}

/* A new setting of the variable drops the old timer, which must not be missed. */
static bool check_dropped(struct state *st, int obj)
{
    struct waiter w[MAX_WAITERS];
    const int64_t *t = obj_words(st, obj);
    bool missed = t[T_MODE] == TIMER_FUNC && t[T_ROW];
    if (missed || chan_waiters(st, obj, false, -1, true, w)) {
        state_unmodelled(st, "set again while the timer before is in use",
                         obj_name(st, obj));
        return false;
    }
    return true;
}

static void step_set(struct state *st, int g, const struct lit_instr *in)
{
    int64_t d = g_value(st, g, &in->a);
    say(st, "%s %s %lld", lit_op_wire(in->op), obj_name(st, in->obj), (long long)d);
    if (is_ticker(st, in->obj) && d <= 0) {
        g_fail(st, g, CODE_TICKER_PERIOD);
        return;
    }
    if (!check_dropped(st, in->obj)) {
        return;
    }
    disarm(st, in->obj);
    int64_t *t = obj_touch(st, in->obj);
    bool is_func = in->op == OP_AFTERFUNC || in->op == OP_AFTERFUNC1;
    int64_t arg = in->op == OP_AFTERFUNC1 ? g_value(st, g, &in->b) : 0;
    t[T_MODE] = is_func ? TIMER_FUNC : is_ticker(st, in->obj) ? TIMER_TICKS : TIMER_ONCE;
    t[T_BLOCK] = is_func ? heap_call(in->blk, arg) : 0;
    if (is_func && in->blk < 0) {
        state_unmodelled(st, "a nil function to call later", obj_name(st, in->obj));
    }
    arm(st, g, in->obj, d);
    g_done(st, g);
}

static void step_stop(struct state *st, int g, const struct lit_instr *in)
{
    if (obj_words(st, in->obj)[T_MODE] == TIMER_UNSET) {
        state_unmodelled(st, "the timer is used before it is set", obj_name(st, in->obj));
        return;
    }
    int64_t d = in->op == OP_RESET ? g_value(st, g, &in->a) : 0;
    if (in->op == OP_RESET && is_ticker(st, in->obj) && d <= 0) {
        g_fail(st, g, CODE_TICKER_PERIOD);
        return;
    }
    bool active = disarm(st, in->obj);
    if (in->op == OP_RESET) {
        arm(st, g, in->obj, d);
    }
    say(st, "%s %s: %d", lit_op_wire(in->op), obj_name(st, in->obj), active);
    struct result res = {&in->d, active};
    g_finish(st, g, &res, 1, -1);
}

static void step_sleep(struct state *st, int g, const struct lit_instr *in)
{
    int64_t d = g_value(st, g, &in->a);
    say(st, "sleep %lld", (long long)d);
    if (d <= 0) {
        g_done(st, g);
        return;
    }
    g_park(st, g, G_SLEEPS);
    int row = clock_add(st, d);
    touch(st, g)[G_ROW] = row;
}

void step_timer(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    switch (in->op) {
    case OP_SLEEP:
        step_sleep(st, g, in);
        break;
    case OP_NOW: {
        struct result res = {&in->d, clock_now(st)};
        say(st, "now %lld", (long long)res.v);
        g_finish(st, g, &res, 1, -1);
        break;
    }
    case OP_STOP:
    case OP_RESET:
        step_stop(st, g, in);
        break;
    default:
        step_set(st, g, in);
        break;
    }
}

/* ---- when a time comes ---- */

/* The goroutine that sleeps on a row, or -1; *obj: the timer on it, or -1. */
static int owner_of(const struct state *st, int row, int *obj)
{
    *obj = -1;
    for (int g = part_g0(st); g < st->nparts; g++) {
        if (g_alive(st, g) && words(st, g)[G_ROW] == row + 1) {
            return g;
        }
    }
    for (int o = 0; o < st->prog->lit->nobjects; o++) {
        if (obj_is_timer(st, o) && obj_words(st, o)[T_ROW] == row + 1) {
            *obj = o;
        }
    }
    return -1;
}

bool timer_wakes(struct state *st, int row)
{
    struct waiter w[MAX_WAITERS];
    int obj;
    return owner_of(st, row, &obj) >= 0 || obj_words(st, obj)[T_MODE] == TIMER_FUNC ||
           chan_waiters(st, obj, false, -1, true, w) > 0;
}

static void deliver(struct state *st, int obj)
{
    struct waiter w[MAX_WAITERS];
    int n = chan_waiters(st, obj, false, -1, false, w);
    if (n == 0) {
        obj_touch(st, obj)[T_FULL] = 1;
        return;
    }
    struct waiter to = w[choose(st, n)];
    st->note.partner = to.g;
    knows(st, to.g, obj_words(st, obj)[T_KNOW]);
    waiter_receives(st, to, 1, true);
}

void timer_fire(struct state *st, int row)
{
    int obj, g = owner_of(st, row, &obj);
    if (g >= 0) {
        say(st, "its sleep is over");
        touch(st, g)[G_ROW] = 0;
        clock_fire(st, row, 0);
        g_unpark(st, g);
        g_done(st, g);
        return;
    }
    int64_t *t = obj_touch(st, obj);
    say(st, "the time of %s comes", obj_name(st, obj));
    if (t[T_MODE] != TIMER_TICKS) {
        t[T_ROW] = 0;
    }
    clock_fire(st, row, t[T_MODE] == TIMER_TICKS ? t[T_PERIOD] : 0);
    if (t[T_MODE] != TIMER_FUNC) {
        deliver(st, obj);
        return;
    }
    int child = g_new(st, (int)(t[T_BLOCK] % 64), t[T_BLOCK] / 64);
    t = obj_touch(st, obj);
    if (child >= 0) {
        knows(st, child, t[T_KNOW]);
        st->note.partner = child;
    }
}
