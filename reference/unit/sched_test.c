/* SPDX-License-Identifier: BSD-3-Clause */
/* sched_test.c - floor sched in free mode: goroutines run once, have numbers, move when the
 * number of processors changes; the end comes when nobody can run. */
#define _GNU_SOURCE
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gr/control.h"
#include "gr/debug.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/sched.h"

static atomic_u32 done;
static _Atomic bool stop;
static int scale(int n)
{
    return unit_is_slow() ? n / 10 : n;
}

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void wait_done(uint32_t n)
{
    while (load_acquire(&done) < n)
        gr_yield();
}

/* ---- each goroutine runs once ---- */

static uint8_t *ran;

static void mark(void *arg)
{
    uintptr_t i = (uintptr_t)arg;
    ran[i]++;
    if (i % 3 == 0)
        gr_yield();
    add_acq_rel(&done, 1); /* pairs with wait_done */
}

static void spawn_many(void *unused)
{
    (void)unused;
    uint32_t n = (uint32_t)scale(100000);
    ran = calloc(n, 1);
    for (uintptr_t i = 0; i < n; i++)
        gr_go(mark, (void *)i);
    wait_done(n);
    for (uint32_t i = 0; i < n; i++)
        CHECK_EQ(ran[i], 1);
    free(ran);
}

static void all_run_once_p1(void)
{
    with_procs(1, spawn_many);
}
static void all_run_once_p2(void)
{
    with_procs(2, spawn_many);
}
static void all_run_once_p8(void)
{
    with_procs(8, spawn_many);
}

static void burst(void *unused)
{
    (void)unused;
    static uint8_t seen[600];
    for (int round = 0; round < 20; round++) {
        memset(seen, 0, sizeof seen);
        ran = seen;
        store_relaxed(&done, 0);
        for (uintptr_t i = 0; i < 600; i++)
            gr_go(mark, (void *)i);
        wait_done(600);
        for (int i = 0; i < 600; i++)
            CHECK_EQ(seen[i], 1);
    }
}

static void ring_overflow_p1(void)
{
    with_procs(1, burst);
}
static void ring_overflow_p8(void)
{
    with_procs(8, burst);
}

/* ---- numbers ---- */

static void note_number(void *arg)
{
    *(uint64_t *)arg = gr_goid();
    add_acq_rel(&done, 1);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void numbering(void *unused)
{
    (void)unused;
    enum { N = 2000 };
    static uint64_t ids[N];
    CHECK_EQ(gr_goid(), 1);
    for (int i = 0; i < N; i++) {
        gr_go(note_number, &ids[i]);
        if (i % 7 == 0)
            gr_yield();
    }
    wait_done(N);
    qsort(ids, N, sizeof *ids, by_value);
    CHECK(ids[0] > 1);
    for (int i = 1; i < N; i++)
        CHECK(ids[i] != ids[i - 1]);
    while (gr_num_goroutines() > 1)
        gr_yield();
    CHECK_EQ(gr_num_goroutines(), 1);
}

static void numbers_are_unique(void)
{
    with_procs(2, numbering);
}

/* ---- processors ---- */

static void churn(void *arg)
{
    for (uintptr_t n = (uintptr_t)arg; n > 0; n--)
        gr_yield();
}

static void nap(void *unused)
{
    (void)unused;
    gr_sleep_ns(3000000);
    add_acq_rel(&done, 1);
}

static void yield_until_stop(void *unused)
{
    (void)unused;
    while (!load_relaxed(&stop))
        gr_yield();
    add_acq_rel(&done, 1);
}

/* With more processors others take work to their rings; then there are fewer. */
static void resizing(void *unused)
{
    (void)unused;
    static const int sizes[] = {4, 1, 8, 2, 3, 1};
    for (int i = 0; i < 400; i++)
        gr_go(i % 8 == 0 ? nap : yield_until_stop, NULL);
    int was = 2;
    for (int i = 0; i < 60; i++) {
        int now = sizes[i % 6];
        CHECK_EQ(gr_procs(now), was);
        CHECK_EQ(gr_procs(0), now);
        for (int k = 0; k < scale(300); k++)
            gr_yield();
        was = now;
    }
    store_relaxed(&stop, true);
    wait_done(400);
}

static void procs_change(void)
{
    with_procs(2, resizing);
}

static void threads_refused(void *unused)
{
    CHECK(failure_arm("thread_start:3"));
    spawn_many(unused);
}

static void survives_refused_threads(void)
{
    with_procs(4, threads_refused);
}

/* ---- ends ---- */

static void block_for_ever(void *unused)
{
    (void)unused;
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void block_all(void *unused)
{
    gr_go(block_for_ever, NULL);
    gr_yield();
    (void)unused;
    sched_park(NULL, NULL, PARK_SELECT_EMPTY);
}

#define DEADLOCK_TEXT                                                                      \
    "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no "       \
    "cases)]:\n"

static void deadlock_p1(void)
{
    with_procs(1, block_all);
}
static void deadlock_p2(void)
{
    with_procs(2, block_all);
}
static void deadlock_p8(void)
{
    with_procs(8, block_all);
}

static void tell_done(void *unused)
{
    (void)unused;
    add_release(&done, 1); /* pairs with the load in wait_done */
}

/* The next goroutine has the main one's cell, which does not make it the main one: that it
 * returns ends nothing. */
static void start_heirs(void *unused)
{
    (void)unused;
    for (uint32_t i = 1; i <= 3; i++) {
        gr_go(tell_done, NULL);
        wait_done(i);
    }
}

static void main_has_heirs(void *unused)
{
    (void)unused;
    gr_go(start_heirs, NULL);
    sched_exit_g();
}

static void heirs_of_main_are_ordinary(void)
{
    with_procs(1, main_has_heirs);
}

static void main_leaves(void *unused)
{
    (void)unused;
    gr_go(churn, (void *)100);
    sched_exit_g();
}

static void no_goroutines(void)
{
    with_procs(2, main_leaves);
}

static void go_nil(void *unused)
{
    (void)unused;
    gr_go(NULL, NULL);
}

static void go_nil_is_fatal(void)
{
    with_procs(1, go_nil);
}

static void leave_others(void *unused)
{
    (void)unused;
    gr_go(block_for_ever, NULL);
    gr_go(churn, (void *)(uintptr_t)UINT32_MAX);
    gr_yield();
}

static void main_does_not_wait(void)
{
    with_procs(2, leave_others);
}

static void exits(void *unused)
{
    (void)unused;
    gr_exit(7);
}

static void exit_status(void)
{
    with_procs(2, exits);
}

static NOINLINE int dig(volatile char *up)
{
    volatile char here[256];
    here[0] = up != NULL ? *up : 1;
    return here[0] == 2 ? 0 : dig(here) + here[0];
}

static void digger(void *unused)
{
    (void)unused;
    dig(NULL);
}

/* Some 120 bytes a step. */
static NOINLINE uint64_t recurse(uint64_t n)
{
    volatile uint64_t here = n;
    return n == 0 ? 0 : recurse(n - 1) + (here == n);
}

static void recurses(void *steps)
{
    CHECK_EQ(recurse((uintptr_t)steps), (uintptr_t)steps);
    add_relaxed(&done, 1);
}

/* Deep in many goroutines, in turn and at once, again on stacks that were deep before. */
static void recursing(void *unused)
{
    (void)unused;
    uintptr_t steps = unit_is_slow() ? 10000 : 200000;
    recurses((void *)steps);
    for (int round = 0; round < 3; round++) {
        store_relaxed(&done, 0);
        for (uintptr_t i = 1; i <= 8; i++)
            gr_go(recurses, (void *)(i * steps / 8));
        wait_done(8);
    }
}

static void deep_everywhere_p1(void)
{
    with_procs(1, recursing);
}

static void deep_everywhere_p8(void)
{
    with_procs(8, recursing);
}

static void dig_to_limit(void *unused)
{
    CHECK(gr_stack_max((size_t)1 << 20) > (size_t)4 << 20);
    digger(unused);
}

static void overflow_tells_limit(void)
{
    with_procs(1, dig_to_limit);
}

static void overflow_is_fatal(void)
{
    with_procs(1, digger);
}

/* Everybody sleeps again and again, the last timer firing as others go idle: no false
 * verdict. */
static void napper(void *arg)
{
    uint64_t r = (uintptr_t)arg;
    for (int i = 0; i < scale(300); i++)
        gr_sleep_ns((int64_t)(splitmix64(&r) % 200000));
    add_acq_rel(&done, 1);
}

static void many_naps(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 10; i++)
        gr_go(napper, (void *)(i + unit_seed()));
    while (load_acquire(&done) < 10)
        gr_sleep_ns(100000);
}

static void no_false_deadlock_p1(void)
{
    with_procs(1, many_naps);
}
static void no_false_deadlock_p8(void)
{
    with_procs(8, many_naps);
}

static const struct unit_case cases[] = {
    UNIT(all_run_once_p1),
    UNIT(all_run_once_p2),
    UNIT(all_run_once_p8),
    UNIT(ring_overflow_p1),
    UNIT(ring_overflow_p8),
    UNIT(numbers_are_unique),
    UNIT(procs_change),
    UNIT(survives_refused_threads),
    UNIT_EXITS(deadlock_p1, 2, DEADLOCK_TEXT),
    UNIT_EXITS(deadlock_p2, 2, DEADLOCK_TEXT),
    UNIT_EXITS(deadlock_p8, 2, DEADLOCK_TEXT),
    UNIT_EXITS(no_goroutines, 2,
               "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"),
    UNIT_EXITS(heirs_of_main_are_ordinary, 2,
               "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"),
    UNIT_EXITS(go_nil_is_fatal, 2, "fatal error: go of nil func value\n"),
    UNIT(main_does_not_wait),
    UNIT_EXITS(exit_status, 7, NULL),
    UNIT_EXITS(overflow_is_fatal, 2, "runtime: goroutine stack exceeds "),
    UNIT_EXITS(overflow_tells_limit, 2,
               "runtime: goroutine stack exceeds 1048576-byte limit\n"
               "fatal error: stack overflow\n\ngoroutine 1 [running]:\ndig(...)\n"),
    UNIT(deep_everywhere_p1),
    UNIT(deep_everywhere_p8),
    UNIT(no_false_deadlock_p1),
    UNIT(no_false_deadlock_p8),
};
UNIT_MAIN(cases)
