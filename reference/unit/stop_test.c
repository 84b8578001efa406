/* SPDX-License-Identifier: BSD-3-Clause */
/* stop_test.c - a stopped world stands still, callers take turns, and a change of the
 * number of processors loses nothing. */
#define _GNU_SOURCE
#include "unit.h"

#include <unistd.h>

#include "gr/control.h"
#include "gr/debug.h"
#include "gr/task.h"
#include "gr/thread.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/proc.h"

static atomic_u32 done;
static _Atomic bool stop;
static atomic_u64 steps;

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

/* ---- the world ---- */

static void step(void *unused)
{
    (void)unused;
    while (!load_relaxed(&stop)) {
        for (int i = 0; i < 100; i++) {
            add_relaxed(&steps, 1);
            gr_point();
        }
        gr_yield();
    }
    add_acq_rel(&done, 1);
}

static void block_and_step(void *unused)
{
    (void)unused;
    while (!load_relaxed(&stop)) {
        gr_block_begin();
        usleep(50);
        gr_block_end();
        add_relaxed(&steps, 1);
    }
    add_acq_rel(&done, 1);
}

static void sleep_and_step(void *unused)
{
    (void)unused;
    while (!load_relaxed(&stop)) {
        gr_sleep_ns(20000);
        add_relaxed(&steps, 1);
    }
    add_acq_rel(&done, 1);
}

/* While it stands still nobody counts, all Ps are stopped, and polls do not take the
 * processor from the one who stopped it. */
static void hold(void)
{
    sched_stop_world("test");
    uint64_t before = load_relaxed(&steps);
    CHECK_EQ(sched.nbusy, 1);
    CHECK_EQ(load_relaxed(&sched.nidle), 0);
    for (uint32_t i = 0; i < load_relaxed(&sched.nprocs); i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        CHECK_EQ(p_state(p), p == m_self()->p ? P_BUSY : P_STOPPED);
    }
    for (int i = 0; i < 50; i++) {
        gr_point();
        gr_yield();
        os_thread_yield();
    }
    CHECK_EQ(load_relaxed(&steps), before);
    sched_start_world();
}

static void standing(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        gr_go(step, NULL);
        gr_go(block_and_step, NULL);
        gr_go(sleep_and_step, NULL);
    }
    for (int i = 0; i < scale(300); i++) {
        uint64_t before = load_relaxed(&steps);
        hold();
        while (load_relaxed(&steps) == before)
            gr_yield();
    }
    store_relaxed(&stop, true);
    wait_done(9);
    struct gr_stats s;
    gr_stats_read(&s);
    uint64_t sum = 0;
    for (int i = 0; i < GR_STOP_BUCKETS; i++)
        sum += s.stop_waits[i];
    CHECK_EQ(s.stops, scale(300));
    CHECK_EQ(sum, s.stops);
    CHECK(s.stop_wait_max_ns > 0 && s.stop_held_max_ns > 0);
}

static void stands_still_p1(void)
{
    with_procs(1, standing);
}
static void stands_still_p2(void)
{
    with_procs(2, standing);
}
static void stands_still_p8(void)
{
    with_procs(8, standing);
}

static atomic_u32 holders;

static void stopper(void *unused)
{
    (void)unused;
    for (int i = 0; i < scale(100); i++) {
        sched_stop_world("test");
        CHECK_EQ(add_relaxed(&holders, 1), 0);
        sub_seq(&holders, 1);
        sched_start_world();
    }
    add_acq_rel(&done, 1);
}

static void stopping(void *unused)
{
    (void)unused;
    for (int i = 0; i < 6; i++)
        gr_go(stopper, NULL);
    wait_done(6);
}

static void callers_take_turns_p1(void)
{
    with_procs(1, stopping);
}
static void callers_take_turns_p4(void)
{
    with_procs(4, stopping);
}

static struct g *parked;

static void park(void *unused)
{
    (void)unused;
    parked = g_self();
    sched_park(NULL, NULL, PARK_CHAN_RECV);
    add_acq_rel(&done, 1);
}

/* The other P is idle, and its thread sleeps, or will soon. */
static bool is_quiet(void)
{
    mutex_lock(&sched.lock);
    bool is = load_relaxed(&sched.nidle) == 1 && load_relaxed(&sched.nspinning) == 0 &&
              (sched.keeper != NULL || !list_is_empty(&sched.idle_ms));
    mutex_unlock(&sched.lock);
    return is;
}

/* Whoever made it ready found no idle P, so who starts the world wakes one: that is not
 * idle now, or is so again.  But where sysmon has just woken it, which is rare, it looks
 * itself. */
static void ready_meanwhile(void *unused)
{
    (void)unused;
    uint32_t misses = 0;
    for (uint32_t i = 1; i <= 20; i++) {
        gr_go(park, NULL);
        gr_sleep_ns(1000);
        bool was_quiet = is_quiet();
        for (int k = 0; k < 20 && !was_quiet; k++) {
            gr_sleep_ns(100000);
            was_quiet = is_quiet();
        }
        sched_stop_world("test");
        sched_ready_foreign(parked);
        sched_start_world();
        misses += was_quiet && load_seq(&sched.nidle) != 0 && load_acquire(&done) != i;
        while (load_acquire(&done) < i) /* no point: this P runs nobody else */
            os_thread_yield();
    }
    CHECK(misses < 3);
}

static void ready_survives(void)
{
    with_procs(2, ready_meanwhile);
}

/* ---- what nobody attends to ---- */

#define HOUR_NS INT64_C(3600000000000)

static struct timer timer;
static atomic_u32 fired;

static void fire(const struct timer_shot *shot, int64_t now)
{
    (void)shot, (void)now;
    store_relaxed(&fired, 1);
}

static uint32_t asleep_locked(void)
{
    uint32_t n = sched.keeper != NULL;
    for (struct list_link *l = sched.idle_ms.next; l != &sched.idle_ms; l = l->next)
        n++;
    return n;
}

/* Every thread but the caller's sleeps, none of them until this deadline or in the poller.
 * Runtime text: a thread that holds the lock is not frozen there. */
__attribute__((section("gr_text"))) static bool is_forsaken(int64_t when)
{
    mutex_lock(&sched.lock);
    bool is = asleep_locked() + 1 == sched.nms && load_seq(&sched.nspinning) == 0 &&
              sched.keeper_until > when && !load_relaxed(&sched.is_polled);
    mutex_unlock(&sched.lock);
    return is;
}

static void start_with_forsaken(int64_t when)
{
    while (!is_forsaken(when)) /* with no P nobody stays awake, or keeps a deadline */
        os_thread_yield();
    sched_start_world();
    CHECK(!is_forsaken(when) || load_relaxed(&fired) != 0);
}

/* Each one is earlier than those before, and no P is idle that would be woken for it. */
static void arm_meanwhile(void *unused)
{
    (void)unused;
    timer_init(&timer, fire);
    for (int i = 1; i <= 50; i++) {
        int64_t when = sched_now_ns() + HOUR_NS / i;
        sched_stop_world("test");
        sched_timer_arm(&timer, when, 0);
        start_with_forsaken(when);
    }
}

/* The keeper wakes for it, and finds no P. */
static void due_meanwhile(void *unused)
{
    (void)unused;
    timer_init(&timer, fire);
    for (int i = 0; i < 50; i++) {
        int64_t when = sched_now_ns() + 50000;
        store_relaxed(&fired, 0);
        sched_timer_arm(&timer, when, 0);
        sched_stop_world("test");
        while (sched_now_ns() < when)
            os_thread_yield();
        start_with_forsaken(when);
        while (load_relaxed(&fired) == 0) /* no point: this P fires nothing */
            os_thread_yield();
    }
}

static atomic_u32 waiting, bell;

static struct g *fake_poll(int64_t ns)
{
    while (ns != 0 && swap_acq_rel(&bell, 0) == 0)
        os_futex_wait(&bell, 0, ns);
    return NULL;
}

static void fake_wake(void)
{
    store_release(&bell, 1); /* pairs with the swap in fake_poll */
    os_futex_wake(&bell, 1);
}

static uint32_t fake_waiting(void)
{
    return load_relaxed(&waiting);
}

/* Somebody waits for a descriptor since everybody sleeps. */
static void wait_meanwhile(void *unused)
{
    static const struct sched_poller fake = {fake_poll, fake_wake, fake_waiting};
    (void)unused;
    sched_set_poller(&fake);
    for (int i = 0; i < 50; i++) {
        sched_stop_world("test");
        while (!is_forsaken(TIMER_NEVER - 1))
            os_thread_yield();
        store_relaxed(&waiting, 1);
        start_with_forsaken(TIMER_NEVER - 1);
        store_relaxed(&waiting, 0);
        fake_wake();
    }
}

static void descriptor_is_watched(void)
{
    with_procs(2, wait_meanwhile);
}
static void new_deadline_is_kept(void)
{
    with_procs(2, arm_meanwhile);
}
static void due_deadline_is_met_p2(void)
{
    with_procs(2, due_meanwhile);
}
static void due_deadline_is_met_p4(void)
{
    with_procs(4, due_meanwhile);
}

static void stop_once(void *unused)
{
    (void)unused;
    hold();
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

/* A stop and a start do not hide that nobody can run. */
static void deadlock_after_stop(void)
{
    with_procs(4, stop_once);
}

/* ---- the number of processors ---- */

static void sleeper(void *arg)
{
    uint64_t r = (uintptr_t)arg + unit_seed();
    gr_sleep_ns((int64_t)(splitmix64(&r) % 20000000));
    add_acq_rel(&done, 1);
}

static void one_yield(void *unused)
{
    (void)unused;
    gr_yield();
    add_acq_rel(&done, 1);
}

static void change(void *arg)
{
    uint64_t r = (uintptr_t)arg + unit_seed();
    for (int i = 0; i < scale(100); i++)
        gr_procs(1 + (int)(splitmix64(&r) % 9));
    add_acq_rel(&done, 1);
}

/* Sleepers, runnable ones and two that change the number, all at once. */
static void changing(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 2; i++)
        gr_go(change, (void *)i);
    for (uintptr_t i = 0; i < (uintptr_t)scale(1000); i++) {
        gr_go(sleeper, (void *)i);
        gr_go(one_yield, NULL);
        if (i % 16 == 0)
            gr_yield();
    }
    uint32_t n = 2 + 2 * (uint32_t)scale(1000);
    while (load_acquire(&done) < n)
        gr_sleep_ns(100000);
}

static void change_loses_nothing_p1(void)
{
    with_procs(1, changing);
}
static void change_loses_nothing_p4(void)
{
    with_procs(4, changing);
}

/* The last P's only goroutine retires it and sleeps; its timer is the only thing left.  At
 * no moment nobody can run. */
static void retire_and_sleep(void *unused)
{
    (void)unused;
    for (int i = 0; i < scale(300); i++) {
        gr_procs(4);
        for (int k = 0; k < 20 && m_self()->p->id == 0; k++)
            gr_sleep_ns(1000);
        gr_procs(1);
        CHECK_EQ(m_self()->p->id, 0);
        gr_sleep_ns(1000);
    }
}

static void retired_is_no_deadlock(void)
{
    with_procs(4, retire_and_sleep);
}

static void seated(void *unused)
{
    (void)unused;
    add_acq_rel(&done, 1);
}

/* Who sits in the seat of a P that goes away is not lost. */
static void retire_seat(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 200; i++) {
        gr_procs(2);
        gr_go(seated, NULL);
        gr_procs(1);
        wait_done(i + 1);
    }
}

static void seat_survives(void)
{
    with_procs(2, retire_seat);
}

static void ask_procs(void *unused)
{
    (void)unused;
    CHECK_EQ(gr_procs(0), 3);
}

static void set_before_main(void)
{
    base_boot();
    env_knobs.procs = 2;
    CHECK_EQ(gr_procs(3), 2);
    CHECK_EQ(gr_procs(-1), 3);
    CHECK_EQ(gr_main(ask_procs, NULL), 0);
}

static const struct unit_case cases[] = {
    UNIT(stands_still_p1),
    UNIT(stands_still_p2),
    UNIT(stands_still_p8),
    UNIT(callers_take_turns_p1),
    UNIT(callers_take_turns_p4),
    UNIT(ready_survives),
    UNIT(descriptor_is_watched),
    UNIT(new_deadline_is_kept),
    UNIT(due_deadline_is_met_p2),
    UNIT(due_deadline_is_met_p4),
    UNIT_EXITS(deadlock_after_stop, 2,
               "fatal error: all goroutines are asleep - deadlock!\n"),
    UNIT(change_loses_nothing_p1),
    UNIT(change_loses_nothing_p4),
    UNIT(retired_is_no_deadlock),
    UNIT(seat_survives),
    UNIT(set_before_main),
};
UNIT_MAIN(cases)
