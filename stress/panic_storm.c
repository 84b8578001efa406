/* SPDX-License-Identifier: BSD-3-Clause */
/* panic_storm.c - claim: deferred calls run once each, newest first, and recover gives the
 * newest panic.
 *
 * Goroutines recurse to a seeded depth.  Each level defers one to three calls; a level may
 * panic, a deferred call may panic again with a new value, or recover.  A counter per
 * goroutine follows what the language promises: the stack of pending calls is kept by the
 * program itself and each call must be its top (defer.lifo, defer.runs-once); a recover
 * must give the value raised last (panic.in-defer-replaces) and the program continues after
 * the frame that recovered.
 */
#include "stress.h"

enum { GOROUTINES = 8, DEPTH_MAX = 24, PENDING_MAX = DEPTH_MAX * 3 };

struct climb {
    struct stress_random random;
    int pending[PENDING_MAX]; /* numbers of the deferred calls that have not run, oldest
                                 first */
    int npending, next;
    int64_t raised; /* value of the newest panic, 0: none */
    uint64_t calls;
};

struct call {
    struct climb *climb;
    int number;
};

static void raise_new(struct climb *c)
{
    c->raised = 1 + (int64_t)stress_below(&c->random, 1u << 20);
    gr_panic(gr_int(c->raised));
}

static void deferred(void *arg)
{
    struct call *call = arg;
    struct climb *c = call->climb;

    if (c->npending == 0 || c->pending[c->npending - 1] != call->number)
        stress_fail("deferred call %d ran out of turn", call->number);
    c->npending--;
    c->calls++;
    uint64_t what = stress_below(&c->random, 6);
    if (what == 0) {
        gr_yield();
    } else if (what <= 2) {
        gr_value v = gr_recover();
        int64_t got = v.kind == GR_INT ? v.u.i : 0;
        if (got != c->raised)
            stress_fail("recover gave %lld, the newest panic is %lld", (long long)got,
                        (long long)c->raised);
        c->raised = 0;
        if (stress_below(&c->random, 3) == 0)
            raise_new(c);
    } else if (what == 3 && c->raised) {
        raise_new(c);
    }
}

static void level(struct climb *c, int depth)
{
    struct call call[3]; /* before GR_FUNC: it must outlive the deferred calls */
    GR_FUNC;
    int n = 1 + (int)stress_below(&c->random, 3);

    for (int i = 0; i < n; i++) {
        call[i] = (struct call){c, c->next};
        c->pending[c->npending++] = c->next++;
        GR_DEFER(deferred, &call[i]);
    }
    if (depth > 0)
        level(c, depth - 1);
    if (stress_below(&c->random, 3) == 0)
        raise_new(c);
}

static void last_resort(void *arg)
{
    struct climb *c = arg;
    gr_value v = gr_recover();
    int64_t got = v.kind == GR_INT ? v.u.i : 0;

    if (got != c->raised)
        stress_fail("the last recover gave %lld, the newest panic is %lld", (long long)got,
                    (long long)c->raised);
    c->raised = 0;
}

static void guarded(struct climb *c)
{
    GR_FUNC;
    GR_DEFER(last_resort, c);
    level(c, (int)stress_below(&c->random, DEPTH_MAX - 1));
}

struct climber {
    uint64_t seed;
    gr_wg *all;
    uint64_t calls;
};

static void climber(void *arg)
{
    struct climber *me = arg;
    static const int climbs = 60;

    for (int i = 0; i < climbs; i++) {
        struct climb c = {.random = {me->seed + (uint64_t)i}};
        guarded(&c);
        if (c.npending != 0)
            stress_fail("%d deferred calls never ran", c.npending);
        me->calls += c.calls;
    }
    gr_wg_done(me->all);
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    struct climber all[GOROUTINES];
    gr_wg wg = {0};
    uint64_t calls = 0;

    gr_wg_add(&wg, GOROUTINES);
    for (int i = 0; i < GOROUTINES; i++) {
        all[i] = (struct climber){stress_next(&r), &wg, 0};
        gr_go(climber, &all[i]);
    }
    gr_wg_wait(&wg);
    for (int i = 0; i < GOROUTINES; i++)
        calls += all[i].calls;
    return calls;
}

int main(int argc, char **argv)
{
    return stress_main(
        argc, argv, "panic_storm",
        "deferred calls run once, newest first, and recover gives the newest panic",
        one_round);
}
