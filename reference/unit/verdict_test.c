/* SPDX-License-Identifier: BSD-3-Clause */
/* verdict_test.c - controlled runs: every way in which one can end, under every
 * strategy. */
#include "unit.h"

#include <stdlib.h>

#include "gr/control.h"
#include "sched/sched.h"

static struct gr_verdict run(struct gr_control opt, gr_fn fn, void *arg)
{
    struct gr_verdict v;
    gr_control_run(&opt, fn, arg, &v);
    return v;
}

static void drop(struct gr_verdict v)
{
    free(v.tape);
}

static const enum gr_strategy every[] = {GR_STRAT_ZERO, GR_STRAT_RANDOM, GR_STRAT_PCT,
                                         GR_STRAT_ROBIN};

/* ---- ends ---- */

static void nothing(void *unused)
{
    (void)unused;
}
static void exits_5(void *unused)
{
    (void)unused, gr_exit(5);
}
static void goes_nil(void *unused)
{
    (void)unused, gr_go(NULL, NULL);
}
static void blocks(void *unused)
{
    (void)unused, sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void blocks_two(void *unused)
{
    (void)unused;
    gr_go(blocks, NULL);
    gr_go(blocks, NULL);
    blocks(NULL);
}

static void leaves_two(void *unused)
{
    (void)unused;
    gr_go(blocks, NULL);
    gr_go(blocks, NULL);
}

static void main_ends_early(void *unused)
{
    (void)unused;
    gr_go(nothing, NULL);
    sched_exit_g();
}

static void spins(void *unused)
{
    (void)unused;
    for (;;)
        gr_point();
}

static void dies(void *unused)
{
    (void)unused;
    sched_die_panic(gr_int(42), "panic: 42");
}

static NOINLINE int dig(volatile char *up)
{
    volatile char here[256];
    here[0] = up != NULL ? *up : 1;
    return here[0] == 2 ? 0 : dig(here) + here[0];
}

static void digs(void *unused)
{
    (void)unused, dig(NULL);
}

static void child_exits(void *unused)
{
    (void)unused;
    gr_go(exits_5, NULL);
    blocks(NULL);
}

static void check_end(gr_fn fn, enum gr_end end, int64_t code, size_t leaked,
                      const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(every); i++) {
        struct gr_control opt = {.strategy = every[i], .seed = unit_seed()};
        for (int again = 0; again < 3; again++) {
            struct gr_verdict v = run(opt, fn, NULL);
            CHECK_EQ(v.end, end);
            CHECK_EQ(v.code, code);
            CHECK_EQ(v.leaked, leaked);
            CHECK_STR(v.text, text);
            drop(v);
        }
    }
}

static void ends(void)
{
    const char *dead = "fatal error: all goroutines are asleep - deadlock!";
    const char *none =
        "fatal error: no goroutines (main called runtime.Goexit) - deadlock!";
    check_end(nothing, GR_END_OK, 0, 0, "");
    check_end(exits_5, GR_END_EXIT, 5, 0, "");
    check_end(child_exits, GR_END_EXIT, 5, 1, "");
    check_end(goes_nil, GR_END_FATAL, GR_FATAL_GO_NIL, 0,
              "fatal error: go of nil func value");
    check_end(blocks, GR_END_DEADLOCK, GR_FATAL_DEADLOCK, 0, dead);
    check_end(blocks_two, GR_END_DEADLOCK, GR_FATAL_DEADLOCK, 2, dead);
    check_end(leaves_two, GR_END_OK, 0, 2, "");
    check_end(main_ends_early, GR_END_DEADLOCK, GR_FATAL_NO_GOROUTINES, 0, none);
    check_end(dies, GR_END_PANIC, 0, 0, "panic: 42");
    check_end(spins, GR_END_STEPS, 0, 0, "");
}

static void overflow_is_a_verdict(void)
{
    check_end(digs, GR_END_FATAL, GR_FATAL_STACK_OVERFLOW, 0,
              "fatal error: stack overflow");
}

static const struct unit_case cases[] = {
    UNIT(ends),
    UNIT(overflow_is_a_verdict),
};
UNIT_MAIN(cases)
