/* SPDX-License-Identifier: BSD-3-Clause */
/* timer_churn.c - claim: for every setting of a timer exactly one of these holds: stop or
 * reset reported it pending, or it fired once; and none fires early.
 *
 * Each goroutine owns function timers and channel timers, which it arms, resets and stops
 * at random while they fire. Settings made = firings + settings taken back
 * (timer.stop-result-accounting, timer.fires-once); a channel timer's value is the time it
 * fired and must not lie before its deadline (timer.not-early), nor may a stopped timer's
 * channel give anything (timer.stop.then-no-stale).
 */
#include "stress.h"

enum { GOROUTINES = 6, STEPS = 300 };

struct churn {
    gr_wg all;
    gr_atomic set, taken_back, fired;
};

struct churner {
    struct churn *churn;
    uint64_t seed;
};

static void on_fire(void *arg)
{
    struct churn *c = arg;

    gr_atomic_add(&c->fired, 1);
}

static int64_t some_ns(struct stress_random *r)
{
    return (int64_t)stress_below(r, 8) * 20000;
}

static void churn_function(struct churn *c, struct stress_random *r)
{
    gr_atomic_add(&c->set, 1);
    gr_timer *t = gr_timer_func(some_ns(r), on_fire, c);

    for (uint64_t n = stress_below(r, 4); n > 0; n--) {
        if (stress_below(r, 2))
            gr_sleep_ns(some_ns(r));
        gr_atomic_add(&c->set, 1);
        if (gr_timer_reset(t, some_ns(r)))
            gr_atomic_add(&c->taken_back, 1);
    }
    if (gr_timer_stop(t))
        gr_atomic_add(&c->taken_back, 1);
    gr_timer_free(t);
}

static void churn_channel(struct churn *c, struct stress_random *r)
{
    int64_t wait = some_ns(r), value = 0, deadline = gr_now_ns() + wait;
    bool ok;

    gr_atomic_add(&c->set, 1);
    gr_timer *t = gr_timer_new(wait);
    if (stress_below(r, 2)) {
        gr_chan_recv(gr_timer_chan(t), &value);
        gr_atomic_add(&c->fired, 1);
        if (value < deadline || gr_now_ns() < deadline)
            stress_fail("a timer fired %lld ns early", (long long)(deadline - value));
        if (gr_timer_stop(t))
            stress_fail("stop says pending after the value was received");
    } else if (gr_timer_stop(t)) {
        gr_atomic_add(&c->taken_back, 1);
    } else {
        stress_fail("stop says not pending, and no value was received");
    }
    if (gr_chan_try_recv(gr_timer_chan(t), &value, &ok))
        stress_fail("a stopped timer's channel gave a value");
    gr_timer_free(t);
}

static void churner(void *arg)
{
    struct churner *me = arg;
    struct stress_random r = {me->seed};

    for (int i = 0; i < STEPS; i++) {
        if (stress_below(&r, 2))
            churn_function(me->churn, &r);
        else
            churn_channel(me->churn, &r);
    }
    gr_wg_done(&me->churn->all);
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    struct churner all[GOROUTINES];
    static struct churn churn;

    memset(&churn, 0, sizeof churn);
    gr_wg_add(&churn.all, GOROUTINES);
    for (int i = 0; i < GOROUTINES; i++) {
        all[i] = (struct churner){&churn, stress_next(&r)};
        gr_go(churner, &all[i]);
    }
    gr_wg_wait(&churn.all);
    /* A function that was started may still be on its way: wait for the count itself, not
     * for a time. */
    int64_t due = gr_atomic_load(&churn.set) - gr_atomic_load(&churn.taken_back);
    for (int64_t spins = 0; gr_atomic_load(&churn.fired) < due && spins < 20000; spins++)
        gr_sleep_ns(100000);
    gr_sleep_ns(300000);
    if (gr_atomic_load(&churn.fired) != due)
        stress_fail("%lld settings, %lld taken back, %lld fired",
                    (long long)gr_atomic_load(&churn.set),
                    (long long)gr_atomic_load(&churn.taken_back),
                    (long long)gr_atomic_load(&churn.fired));
    return (uint64_t)gr_atomic_load(&churn.set);
}

int main(int argc, char **argv)
{
    return stress_main(
        argc, argv, "timer_churn",
        "every setting of a timer fires once or is reported as taken back, never early",
        one_round);
}
