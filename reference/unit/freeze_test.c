/* SPDX-License-Identifier: BSD-3-Clause */
/* freeze_test.c - goroutines that neither poll nor call the runtime do not keep the others
 * from running, nor the world from stopping. */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "gr/debug.h"
#include "gr/task.h"
#include "gr/thread.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/proc.h"

static atomic_u32 done;
static _Atomic bool stop;
static atomic_u64 laps[8];

static void with_procs(int procs, gr_fn fn)
{
    if (SAN_FIBERS || getauxval(AT_BASE) == 0)
        unit_skip("nobody is frozen under a sanitizer or in a static program");
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void wait_done(uint32_t n)
{
    while (load_acquire(&done) < n)
        gr_yield();
}

/* No call at all. */
static void hog(void *arg)
{
    atomic_u64 *lap = &laps[(uintptr_t)arg];
    while (!load_relaxed(&stop))
        store_relaxed(lap, load_relaxed(lap) + 1);
    add_acq_rel(&done, 1);
}

static void one_hog(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        store_relaxed(&stop, false);
        store_relaxed(&done, 0);
        gr_go(hog, NULL);
        gr_yield();
        store_relaxed(&stop, true);
        wait_done(1);
    }
}

static void hog_yields_p1(void)
{
    with_procs(1, one_hog);
}

/* More hogs than processors: all get on, and so does a sleeper. */
static void many_hogs(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 5; i++)
        gr_go(hog, (void *)i);
    for (int round = 0; round < 3; round++) {
        uint64_t was[5];
        for (int i = 0; i < 5; i++)
            was[i] = load_relaxed(&laps[i]);
        for (int i = 0; i < 5; i++)
            while (load_relaxed(&laps[i]) == was[i])
                gr_sleep_ns(100000);
    }
    store_relaxed(&stop, true);
    wait_done(5);
}

static void hogs_share_p1(void)
{
    with_procs(1, many_hogs);
}
static void hogs_share_p2(void)
{
    with_procs(2, many_hogs);
}
static void hogs_share_p4(void)
{
    with_procs(4, many_hogs);
}

static void stop_hogs(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 3; i++)
        gr_go(hog, (void *)i);
    for (int round = 0; round < 30; round++) {
        uint64_t was[3];
        sched_stop_world("test");
        for (int i = 0; i < 3; i++)
            was[i] = load_relaxed(&laps[i]);
        for (int i = 0; i < 20; i++)
            os_thread_yield();
        for (int i = 0; i < 3; i++)
            CHECK_EQ(load_relaxed(&laps[i]), was[i]);
        sched_start_world();
        gr_procs(1 + round % 4);
    }
    store_relaxed(&stop, true);
    wait_done(3);
}

static void world_stops_p2(void)
{
    with_procs(2, stop_hogs);
}
static void world_stops_p4(void)
{
    with_procs(4, stop_hogs);
}

/* ---- what a frozen goroutine finds again ---- */

static double harmonic(void)
{
    double sum = 0;
    for (int i = 1; i < 20000; i++)
        sum += 1.0 / i;
    return sum;
}

static void sums(void *arg)
{
    double want = *(double *)arg;
    while (!load_relaxed(&stop))
        CHECK(harmonic() == want);
    add_acq_rel(&done, 1);
}

static NOINLINE void errno_is(int want)
{
    __asm__ volatile("" ::: "memory");
    CHECK_EQ(errno, want);
}

static void keeps_errno(void *arg)
{
    uint32_t thread = os_thread_number();
    errno = (int)(uintptr_t)arg;
    while (!load_relaxed(&stop))
        add_relaxed(&laps[0], 1);
    errno_is((int)(uintptr_t)arg);
    CHECK_EQ(os_thread_number(), thread); /* never moved */
    add_acq_rel(&done, 1);
}

static void state(void *unused)
{
    static double want;
    (void)unused;
    want = harmonic();
    for (uintptr_t i = 0; i < 3; i++) {
        gr_go(sums, &want);
        gr_go(keeps_errno, (void *)(i + 70));
    }
    for (int i = 0; i < 20; i++)
        gr_sleep_ns(10000000);
    store_relaxed(&stop, true);
    wait_done(6);
}

static void state_survives_p1(void)
{
    with_procs(1, state);
}
static void state_survives_p2(void)
{
    with_procs(2, state);
}

/* Most of the time in libc, where nobody is frozen, with its locks. */
static void allocates(void *arg)
{
    uint64_t r = (uintptr_t)arg + unit_seed();
    while (!load_relaxed(&stop)) {
        size_t n = splitmix64(&r) % 5000 + 1;
        char *volatile p = malloc(n);
        memset(p, 7, n);
        CHECK_EQ(p[n - 1], 7);
        free(p);
    }
    add_acq_rel(&done, 1);
}

static void in_libc(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 4; i++)
        gr_go(allocates, (void *)i);
    for (int i = 0; i < 20; i++) {
        free(malloc(100));
        gr_sleep_ns(1000000);
    }
    store_relaxed(&stop, true);
    wait_done(4);
}

static void libc_is_left_alone_p1(void)
{
    with_procs(1, in_libc);
}
static void libc_is_left_alone_p2(void)
{
    with_procs(2, in_libc);
}

/* ---- together with other ways to leave ---- */

static void tied_hog(void *arg)
{
    gr_thread_lock();
    uint32_t thread = os_thread_number();
    hog(arg);
    CHECK_EQ(os_thread_number(), thread);
    gr_yield();
    CHECK_EQ(os_thread_number(), thread);
    add_acq_rel(&done, 1);
}

static void tied_hogs(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 3; i++)
        gr_go(tied_hog, (void *)i);
    for (int i = 0; i < 3; i++)
        while (load_relaxed(&laps[i]) == 0)
            gr_yield();
    store_relaxed(&stop, true);
    wait_done(6);
}

static void tied_too_p1(void)
{
    with_procs(1, tied_hogs);
}

static void hog_then_wait(void *arg)
{
    hog(arg);
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void hogs_then_wait(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 3; i++)
        gr_go(hog_then_wait, (void *)i);
    gr_sleep_ns(50000000);
    store_relaxed(&stop, true);
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void frozen_once_is_deadlock_later(void)
{
    with_procs(1, hogs_then_wait);
}

static void urgent(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        CHECK_EQ(raise(SIGURG), 0);
}

static void stray_signal_is_harmless(void)
{
    with_procs(2, urgent);
}

static const struct unit_case cases[] = {
    UNIT(hog_yields_p1),
    UNIT(hogs_share_p1),
    UNIT(hogs_share_p2),
    UNIT(hogs_share_p4),
    UNIT(world_stops_p2),
    UNIT(world_stops_p4),
    UNIT(state_survives_p1),
    UNIT(state_survives_p2),
    UNIT(libc_is_left_alone_p1),
    UNIT(libc_is_left_alone_p2),
    UNIT(tied_too_p1),
    UNIT_EXITS(frozen_once_is_deadlock_later, 2,
               "fatal error: all goroutines are asleep - deadlock!\n"),
    UNIT(stray_signal_is_harmless),
};
UNIT_MAIN(cases)
