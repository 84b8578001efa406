/* SPDX-License-Identifier: BSD-3-Clause */
/* block_test.c - brackets: a thread that blocks in the system does not keep its processor,
 * and what it was running is not lost; how many threads there may be. */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <unistd.h>

#include "gr/control.h"
#include "gr/debug.h"
#include "gr/task.h"
#include "gr/thread.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/proc.h"

static atomic_u32 done, inside;
static int pipes[2];

static int scale(int n)
{
    return unit_is_slow() ? n / 10 : n;
}

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK(pipe(pipes) == 0);
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void wait_for(atomic_u32 *word, uint32_t n)
{
    while (load_acquire(word) < n)
        gr_yield();
}

/* ---- the processor is free while the thread blocks ---- */

static void read_one(void *unused)
{
    char c;
    (void)unused;
    gr_block_begin();
    add_acq_rel(&inside, 1);
    ssize_t n = read(pipes[0], &c, 1);
    gr_block_end();
    CHECK_EQ(n, 1);
    add_acq_rel(&done, 1);
}

/* All block at once, though there are more of them than processors. */
static void crowd(void *unused)
{
    (void)unused;
    uint32_t n = (uint32_t)scale(100);
    for (uint32_t i = 0; i < n; i++)
        gr_go(read_one, NULL);
    wait_for(&inside, n);
    CHECK_EQ(load_acquire(&done), 0);
    for (uint32_t i = 0; i < n; i++)
        CHECK_EQ(write(pipes[1], "x", 1), 1);
    wait_for(&done, n);
}

static void all_block_p1(void)
{
    with_procs(1, crowd);
}
static void all_block_p2(void)
{
    with_procs(2, crowd);
}
static void all_block_p8(void)
{
    with_procs(8, crowd);
}

/* No goroutine is left that could run: the processors idle until the call ends. */
static void lone(void *unused)
{
    static const char byte = 'x';
    (void)unused;
    for (int i = 0; i < 20; i++) {
        gr_block_begin();
        usleep(1000);
        CHECK_EQ(write(pipes[1], &byte, 1), 1);
        gr_block_end();
        read_one(NULL);
    }
}

static void lone_is_no_deadlock_p1(void)
{
    with_procs(1, lone);
}
static void lone_is_no_deadlock_p4(void)
{
    with_procs(4, lone);
}

static void block_then_stop(void *unused)
{
    gr_block_begin();
    usleep(3000);
    gr_block_end();
    (void)unused;
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void deadlock_after_block(void)
{
    with_procs(2, block_then_stop);
}

/* ---- short brackets race with being taken ---- */

static atomic_u64 total;

static void flicker(void *arg)
{
    uint64_t r = (uintptr_t)arg + unit_seed();
    for (int i = 0; i < scale(3000); i++) {
        gr_block_begin();
        if (splitmix64(&r) % 64 == 0)
            usleep((unsigned)(splitmix64(&r) % 100));
        gr_block_end();
        add_relaxed(&total, 1);
        if (splitmix64(&r) % 4 == 0)
            gr_yield();
    }
    add_acq_rel(&done, 1);
}

static void storm(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 16; i++)
        gr_go(flicker, (void *)i);
    wait_for(&done, 16);
    CHECK_EQ(load_relaxed(&total), 16 * (uint64_t)scale(3000));
}

static void storm_p1(void)
{
    with_procs(1, storm);
}
static void storm_p2(void)
{
    with_procs(2, storm);
}
static void storm_p8(void)
{
    with_procs(8, storm);
}

static void flips(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < 16; i++)
        gr_go(flicker, (void *)i);
    for (int i = 0; load_acquire(&done) < 16; i++) {
        gr_procs(1 + i % 5);
        gr_sleep_ns(200000);
    }
}

static void procs_change_in_brackets(void)
{
    with_procs(2, flips);
}

/* The same where the system has no barrier on all threads. */
static void storm_by_swaps(void)
{
    base_boot();
    CHECK(failure_arm("barrier"));
    with_procs(2, storm);
    CHECK(!load_relaxed(&lock_has_barrier));
}

/* ---- who wants a processor and who comes back settle it ---- */

static bool take_locked(struct p *p, uint64_t word)
{
    bool is_taken = block_take_locked(p, word);
    if (is_taken)
        busy_end_locked(p);
    return is_taken;
}

static uint64_t begin_and_lock(struct p *p)
{
    sched_block_begin();
    mutex_lock(&sched.lock); /* keeps sysmon from wanting it too */
    return load_relaxed(&p->state);
}

static void unlock_and_end(void)
{
    mutex_unlock(&sched.lock);
    sched_block_end();
    CHECK(m_self()->p != NULL && p_state(m_self()->p) == P_BUSY);
}

static void settle(void *unused)
{
    (void)unused;
    struct p *p = m_self()->p;
    uint64_t first = begin_and_lock(p);
    block_barrier();
    CHECK(!take_locked(p, first)); /* nobody has said that it is wanted */
    CHECK(block_want_locked(p, first));
    block_barrier();
    unlock_and_end();
    mutex_lock(&sched.lock);
    CHECK(!take_locked(p, first)); /* its thread came back */
    CHECK(!block_want_locked(p, first));
    mutex_unlock(&sched.lock);

    p = m_self()->p;
    uint64_t second = begin_and_lock(p);
    block_barrier();
    CHECK(second != first && !block_want_locked(p, first));
    CHECK(!take_locked(p, first) && !take_locked(p, second));
    CHECK(block_want_locked(p, second));
    block_barrier();
    store_relaxed(&m_self()->block_word, 0); /* half back */
    CHECK(!take_locked(p, second));
    store_relaxed(&m_self()->block_word, second);
    CHECK(take_locked(p, second) && p_state(p) == P_IDLE);
    CHECK(!take_locked(p, second));
    CHECK_EQ(sched.nblocked, 1);
    unlock_and_end(); /* an idle one, best its old one */
    mutex_lock(&sched.lock);
    CHECK_EQ(sched.nblocked, 0);
    mutex_unlock(&sched.lock);
}

static void back_or_taken(void)
{
    with_procs(2, settle);
}

static void back_or_taken_by_swaps(void)
{
    base_boot();
    CHECK(failure_arm("barrier"));
    with_procs(2, settle);
}

/* ---- errno, wrong use ---- */

/* Its own function: the address of errno is the thread's. */
static NOINLINE int errno_now(void)
{
    __asm__ volatile("" ::: "memory");
    return errno;
}

static void fail_slowly(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        gr_block_begin();
        usleep(2000);
        close(-1);
        gr_block_end();
        CHECK_EQ(errno_now(), EBADF);
    }
    add_acq_rel(&done, 1);
}

static void failing(void *unused)
{
    (void)unused;
    for (int i = 0; i < 8; i++)
        gr_go(fail_slowly, NULL);
    wait_for(&done, 8);
}

static void errno_survives(void)
{
    with_procs(2, failing);
}

static void nest(void *unused)
{
    (void)unused;
    sched_block_begin();
    sched_block_begin();
}

static void nested_dies(void)
{
    with_procs(1, nest);
}

static void end_only(void *unused)
{
    (void)unused;
    gr_block_end();
}

static void end_alone_dies(void)
{
    with_procs(1, end_only);
}

static void off_goroutines(void)
{
    gr_block_begin();
    gr_block_end();
}

/* ---- threads ---- */

static void exhaust(void *unused)
{
    (void)unused;
    CHECK_EQ(gr_threads_max(12), 10000);
    CHECK_EQ(gr_threads_max(0), 12);
    for (int i = 0; i < 20; i++)
        gr_go(read_one, NULL);
    wait_for(&done, 20);
}

static void exhaustion_is_fatal(void)
{
    with_procs(2, exhaust);
}

static void refuse_threads(void *unused)
{
    (void)unused;
    CHECK(failure_arm("thread_start:50"));
    crowd(NULL);
}

static void refused_threads_lose_nothing(void)
{
    with_procs(4, refuse_threads);
}

/* Waves of blocked goroutines: the threads of the first one serve the others. */
static void waves(void *unused)
{
    (void)unused;
    gr_threads_max(40);
    for (int i = 0; i < 10; i++) {
        store_relaxed(&done, 0);
        store_relaxed(&inside, 0);
        for (int k = 0; k < 20; k++)
            gr_go(read_one, NULL);
        wait_for(&inside, 20);
        for (int k = 0; k < 20; k++)
            CHECK_EQ(write(pipes[1], "x", 1), 1);
        wait_for(&done, 20);
    }
}

static void threads_are_reused(void)
{
    with_procs(2, waves);
}

static void fake_time(void *unused)
{
    (void)unused;
    int64_t before = gr_now_ns();
    gr_go(read_one, NULL);
    wait_for(&inside, 1);
    gr_block_begin();
    usleep(2000);
    CHECK_EQ(write(pipes[1], "x", 1), 1);
    gr_block_end();
    wait_for(&done, 1);
    CHECK_EQ(gr_now_ns(), before);
}

/* A virtual clock stands still while a thread blocks. */
static void blocked_is_no_time(void)
{
    base_boot();
    env_knobs.faketime = 1;
    with_procs(2, fake_time);
}

static const struct unit_case cases[] = {
    UNIT(all_block_p1),
    UNIT(all_block_p2),
    UNIT(all_block_p8),
    UNIT(lone_is_no_deadlock_p1),
    UNIT(lone_is_no_deadlock_p4),
    UNIT_EXITS(deadlock_after_block, 2,
               "fatal error: all goroutines are asleep - deadlock!\n"),
    UNIT(storm_p1),
    UNIT(storm_p2),
    UNIT(storm_p8),
    UNIT(storm_by_swaps),
    UNIT(back_or_taken),
    UNIT(back_or_taken_by_swaps),
    UNIT(procs_change_in_brackets),
    UNIT(errno_survives),
    UNIT_EXITS(nested_dies, 2,
               "gr: gr_block_begin: called between gr_block_begin and gr_block_end"),
    UNIT_EXITS(end_alone_dies, 2, "gr: gr_block_end: called without gr_block_begin"),
    UNIT(off_goroutines),
    UNIT_EXITS(
        exhaustion_is_fatal, 2,
        "runtime: program exceeds 12-thread limit\nfatal error: thread exhaustion\n"),
    UNIT(refused_threads_lose_nothing),
    UNIT(threads_are_reused),
    UNIT(blocked_is_no_time),
};
UNIT_MAIN(cases)
