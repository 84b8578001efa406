/* SPDX-License-Identifier: BSD-3-Clause */
/* lock_test.c - floor lock: mutual exclusion, notes, the order of locks. */
#include "unit.h"

#include "lock/lock.h"
#include "os/os.h"

#define THREADS 4

static struct mutex m = MUTEX_INIT(RANK_sched);
static int64_t counter;     /* guarded by m */
static int inside;          /* guarded by m */
static atomic_u32 try_wins; /* atomic */

static int rounds(void)
{
    return unit_is_slow() ? 5000 : 50000;
}

static void in_and_out(void *arg)
{
    struct rand r;
    rand_seed(&r, (uintptr_t)arg + unit_seed());
    for (int i = 0; i < rounds(); i++) {
        if (rand_below(&r, 8) != 0)
            mutex_lock(&m);
        else if (mutex_lock_try(&m))
            add_relaxed(&try_wins, 1);
        else
            mutex_lock(&m);
        CHECK_EQ(++inside, 1);
        counter++;
        inside--;
        mutex_unlock(&m);
    }
}

static void excludes(void)
{
    struct os_thread t[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(os_thread_start(&t[i], in_and_out, (void *)i, 0));
    for (int i = 0; i < THREADS; i++)
        os_thread_join(&t[i]);
    CHECK_EQ(counter, (int64_t)rounds() * THREADS);
    CHECK(load_relaxed(&try_wins) > 0);
    CHECK(!mutex_is_held(&m));
}

/* With the barrier of the system instead of the holder's own. */
static void excludes_by_barrier(void)
{
    lock_boot();
    if (!load_relaxed(&lock_has_barrier))
        unit_skip("no barrier on all threads");
    excludes();
}

static void barrier_is_refused(void)
{
    CHECK(failure_arm("barrier"));
    lock_boot();
    CHECK(!load_relaxed(&lock_has_barrier));
    excludes();
}

static void hold_long(void *arg)
{
    struct note *ready = arg;
    mutex_lock(&m);
    note_wake(ready);
    while (load_relaxed(lock_lot(&m)) == 0)
        os_thread_yield();
    counter = 7;
    mutex_unlock(&m);
}

static void sleeper_is_woken(void)
{
    struct os_thread t;
    struct note ready = {0};
    CHECK(os_thread_start(&t, hold_long, &ready, 0));
    note_sleep(&ready);
    mutex_lock(&m);
    CHECK_EQ(counter, 7);
    mutex_unlock(&m);
    os_thread_join(&t);
    CHECK_EQ(load_relaxed(&m.state), 0);
    CHECK_EQ(load_relaxed(lock_lot(&m)), 0);
}

static void sleeper_is_woken_by_barrier(void)
{
    lock_boot();
    sleeper_is_woken();
}

static void unlock_unheld(void)
{
    struct mutex plain = {0};
    mutex_unlock(&plain);
}

/* ---- locks of processors ------------------------------------------------------------- */

static void in_and_out_p(void *unused)
{
    (void)unused;
    for (int i = 0; i < rounds(); i++) {
        mutex_lock_p(&m);
        CHECK_EQ(++inside, 1);
        counter++;
        inside--;
        mutex_unlock_p(&m);
    }
}

static void processors_exclude(void)
{
    struct os_thread t[THREADS];
    CHECK(lock_is_alone());
    lock_set_alone(false);
    for (int i = 0; i < THREADS; i++)
        CHECK(os_thread_start(&t[i], in_and_out_p, NULL, 0));
    for (int i = 0; i < THREADS; i++)
        os_thread_join(&t[i]);
    CHECK_EQ(counter, (int64_t)rounds() * THREADS);
    CHECK(!mutex_is_held(&m));
}

static void alone_costs_nothing(void)
{
    mutex_lock_p(&m);
    CHECK_EQ(mutex_is_held(&m), GR_DEBUG_CHECKS);
    mutex_unlock_p(&m);
    CHECK(!mutex_is_held(&m));
}

static void need_checks(void)
{
    if (!GR_DEBUG_CHECKS)
        unit_skip("a build without checks");
}

static void hold_p(void *unused)
{
    (void)unused;
    mutex_lock_p(&m);
}

static void alone_but_two(void)
{
    struct os_thread t;
    need_checks();
    CHECK(os_thread_start(&t, hold_p, NULL, 0));
    os_thread_join(&t);
    mutex_lock_p(&m);
}

static void shared_while_held(void)
{
    need_checks();
    mutex_lock_p(&m);
    lock_set_alone(false);
}

/* ---- notes --------------------------------------------------------------------------- */

static struct note ping, pong;

static void ponger(void *arg)
{
    int64_t *shared = arg;
    for (int i = 0; i < rounds() / 10; i++) {
        note_sleep(&ping);
        note_clear(&ping);
        CHECK_EQ(*shared, i);
        ++*shared;
        note_wake(&pong);
    }
}

static void notes_alternate(void)
{
    struct os_thread t;
    int64_t shared = 0;
    CHECK(os_thread_start(&t, ponger, &shared, 0));
    for (int i = 0; i < rounds() / 10; i++) {
        note_wake(&ping);
        note_sleep(&pong);
        note_clear(&pong);
        CHECK_EQ(shared, i + 1);
    }
    os_thread_join(&t);
}

static void notes_time_out(void)
{
    struct note n = {0};
    int64_t before = os_now_ns();
    CHECK(!note_sleep_ns(&n, 2000000));
    CHECK(os_now_ns() - before >= 2000000);
    CHECK(!note_sleep_ns(&n, 0));
    CHECK(!note_look_ns(&n, 0) && !note_look_ns(&n, 1000));
    note_wake(&n);
    CHECK(note_sleep_ns(&n, 0) && note_sleep_ns(&n, -1));
    CHECK(note_look_ns(&n, 0));
    CHECK(note_sleep_ns(&n, INT64_MAX)); /* an end that does not fit */
    note_clear(&n);
    CHECK(!note_sleep_ns(&n, 1));
}

static void order_right(void)
{
    struct mutex a = MUTEX_INIT(RANK_chan), b = MUTEX_INIT(RANK_chan);
    struct mutex c = MUTEX_INIT(RANK_fix);
    mutex_lock(&a);
    mutex_lock(&b);
    mutex_lock(&c);
    mutex_unlock(&a);
    mutex_unlock(&c);
    mutex_unlock(&b);
    lock_check_none_held();
}

static void order_wrong(void)
{
    struct mutex a = MUTEX_INIT(RANK_fix), b = MUTEX_INIT(RANK_sched);
    need_checks();
    mutex_lock(&a);
    mutex_lock(&b);
}

static void order_twice_one_rank(void)
{
    struct mutex a = MUTEX_INIT(RANK_sched), b = MUTEX_INIT(RANK_sched);
    need_checks();
    mutex_lock(&a);
    mutex_lock(&b);
}

static void still_held(void)
{
    need_checks();
    mutex_lock(&m);
    lock_check_none_held();
}

static const struct unit_case cases[] = {
    UNIT(excludes),
    UNIT(excludes_by_barrier),
    UNIT(barrier_is_refused),
    UNIT(sleeper_is_woken),
    UNIT(sleeper_is_woken_by_barrier),
    UNIT_EXITS(unlock_unheld, 2,
               "fatal error: runtime: unlock of a runtime lock that is not held\n"),
    UNIT(processors_exclude),
    UNIT(alone_costs_nothing),
    UNIT_EXITS(alone_but_two, 2,
               "fatal error: runtime: a processor's lock is held by somebody else\n"),
    UNIT_EXITS(shared_while_held, 2,
               "fatal error: runtime: lock sched is held where none may be\n"),
    UNIT(notes_alternate),
    UNIT(notes_time_out),
    UNIT(order_right),
    UNIT_EXITS(order_wrong, 2,
               "fatal error: runtime: lock order: sched is taken while fix is held\n"),
    UNIT_EXITS(order_twice_one_rank, 2,
               "fatal error: runtime: lock order: sched is taken while sched is held\n"),
    UNIT_EXITS(still_held, 2,
               "fatal error: runtime: lock sched is held where none may be\n"),
};

UNIT_MAIN(cases)
