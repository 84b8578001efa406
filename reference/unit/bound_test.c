/* SPDX-License-Identifier: BSD-3-Clause */
/* bound_test.c - goroutines that are tied to their thread. */
#define _GNU_SOURCE
#include "unit.h"

#include <unistd.h>

#include "gr/chan.h"
#include "gr/control.h"
#include "gr/debug.h"
#include "gr/task.h"
#include "gr/thread.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/proc.h"

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

/* The threads that a tied goroutine owns now; nobody else may run there. */
static atomic_u32 owned[64];

static void own(uint32_t thread, bool yes)
{
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) {
        uint32_t from = yes ? 0 : thread;
        if (cas_acq_rel(&owned[i], &from, yes ? thread : 0))
            return;
    }
    CHECK(false);
}

static bool is_owned(uint32_t thread)
{
    for (size_t i = 0; i < ARRAY_LEN(owned); i++)
        if (load_acquire(&owned[i]) == thread)
            return true;
    return false;
}

/* Blocks, yields, sleeps and brackets, always on one thread. */
static void tied(void *arg)
{
    uint64_t r = (uintptr_t)arg + unit_seed();
    gr_thread_lock();
    uint32_t thread = os_thread_number();
    own(thread, true);
    for (int i = 0; i < scale(500); i++) {
        switch (splitmix64(&r) % 4) {
        case 0:
            gr_sleep_ns((int64_t)(splitmix64(&r) % 20000));
            break;
        case 1:
            gr_block_begin();
            if (splitmix64(&r) % 8 == 0)
                usleep(50);
            gr_block_end();
            break;
        default:
            gr_yield();
        }
        CHECK_EQ(os_thread_number(), thread);
    }
    own(thread, false);
    gr_thread_unlock();
    add_acq_rel(&done, 1);
}

static void loose(void *unused)
{
    (void)unused;
    for (int i = 0; !load_relaxed(&stop); i++) {
        CHECK(!is_owned(os_thread_number()));
        if (i % 8 == 0)
            gr_sleep_ns(1000);
        else
            gr_yield();
    }
    add_acq_rel(&done, 1);
}

static void tie_some(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 8; i++) {
        gr_go(tied, (void *)i);
        gr_go(loose, NULL);
    }
    wait_done(8);
    store_relaxed(&stop, true);
    wait_done(16);
}

static void same_thread_alone_p1(void)
{
    with_procs(1, tie_some);
}
static void same_thread_alone_p2(void)
{
    with_procs(2, tie_some);
}
static void same_thread_alone_p8(void)
{
    with_procs(8, tie_some);
}

/* Tied goroutines hand a token round. */
#define RING 8

static gr_chan *link_[RING];

static void pass(void *arg)
{
    uintptr_t i = (uintptr_t)arg;
    gr_thread_lock();
    for (int k = 0; k < scale(200); k++) {
        int v = 0;
        gr_chan_recv(link_[i], &v);
        gr_chan_send(link_[(i + 1) % RING], &v);
    }
    add_acq_rel(&done, 1);
}

static void ring(void *unused)
{
    (void)unused;
    for (int i = 0; i < RING; i++)
        link_[i] = gr_chan_make(sizeof(int), 1);
    for (uintptr_t i = 0; i < RING; i++)
        gr_go(pass, (void *)i);
    int v = 7;
    gr_chan_send(link_[0], &v);
    wait_done(RING);
    v = 0;
    gr_chan_recv(link_[0], &v);
    CHECK_EQ(v, 7);
}

static void token_goes_round_p1(void)
{
    with_procs(1, ring);
}
static void token_goes_round_p4(void)
{
    with_procs(4, ring);
}

static void nesting(void *unused)
{
    (void)unused;
    gr_thread_unlock(); /* one too many does nothing */
    gr_thread_lock();
    gr_thread_lock();
    CHECK(m_self()->is_apart);
    gr_thread_unlock();
    CHECK(m_self()->is_apart);
    gr_thread_unlock();
    CHECK(m_self()->is_apart == m_self()->is_first);
    CHECK(!load_relaxed(&g_self()->is_bound));
    gr_thread_unlock();
    gr_thread_lock();
    uint32_t thread = os_thread_number();
    for (int i = 0; i < 100; i++) {
        gr_sleep_ns(1000);
        CHECK_EQ(os_thread_number(), thread);
    }
}

static void calls_nest(void)
{
    with_procs(4, nesting);
}

static uint32_t threads(void)
{
    mutex_lock(&sched.lock);
    uint32_t n = sched.nms;
    mutex_unlock(&sched.lock);
    return n;
}

static void end_tied(void *by_goexit)
{
    gr_thread_lock();
    if (by_goexit == NULL)
        gr_yield();
    add_acq_rel(&done, 1);
    if (by_goexit != NULL)
        sched_exit_g();
}

/* Threads end with their goroutines, and others take their place. */
static void ending(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < (uint32_t)scale(200); i++) {
        gr_go(end_tied, i % 2 == 0 ? &done : NULL);
        wait_done(i + 1);
    }
    while (threads() > 8)
        gr_sleep_ns(100000);
    while (gr_num_goroutines() > 1)
        gr_yield();
}

static void threads_end_p1(void)
{
    with_procs(1, ending);
}
static void threads_end_p4(void)
{
    with_procs(4, ending);
}

static void tied_waits(void *unused)
{
    (void)unused;
    gr_thread_lock();
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void tied_deadlock(void *unused)
{
    gr_go(tied_waits, NULL);
    gr_yield();
    tied_waits(unused);
}

static void tied_is_deadlock(void)
{
    with_procs(2, tied_deadlock);
}

static void flip(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 6; i++)
        gr_go(tied, (void *)i);
    gr_thread_lock();
    for (int i = 0; load_acquire(&done) < 6; i++) {
        gr_procs(1 + i % 4);
        gr_yield();
    }
}

static void procs_change_with_tied(void)
{
    with_procs(2, flip);
}

static const struct unit_case cases[] = {
    UNIT(same_thread_alone_p1),
    UNIT(same_thread_alone_p2),
    UNIT(same_thread_alone_p8),
    UNIT(token_goes_round_p1),
    UNIT(token_goes_round_p4),
    UNIT(calls_nest),
    UNIT(threads_end_p1),
    UNIT(threads_end_p4),
    UNIT_EXITS(tied_is_deadlock, 2, "fatal error: all goroutines are asleep - deadlock!\n"),
    UNIT(procs_change_with_tied),
};
UNIT_MAIN(cases)
