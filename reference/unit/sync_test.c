/* SPDX-License-Identifier: BSD-3-Clause */
/* sync_test.c - floor sync: locks, groups, once, conditions, atomics; controlled and on
 * threads. */
#include "unit.h"

#include <stdlib.h>

#include "gr.h"

static enum gr_end run_seeded(gr_fn fn, void *arg, uint64_t seed, char *text, size_t size)
{
    struct gr_control opt = {
        .strategy = GR_STRAT_RANDOM, .seed = seed, .any_waiter = seed % 2 == 0};
    struct gr_verdict out;
    gr_control_run(&opt, fn, arg, &out);
    free(out.tape);
    if (text != NULL)
        fmt_buf(text, size, "%s", out.text);
    return out.end;
}

static void run_all(gr_fn fn, enum gr_end end)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        char text[160];
        enum gr_end was = run_seeded(fn, NULL, seed, text, sizeof text);
        if (was != end)
            fmt_fd(1, "seed %llu: ended %d: %s\n", (unsigned long long)seed, was, text);
        CHECK_EQ(was, end);
    }
}

static gr_mutex mu;
static gr_rwmutex rw;
static gr_wg wg, gate;
static gr_once once;
static gr_cond cond;
static int64_t inside, total, order[16];
static int norder;

static void reset(void)
{
    mu = (gr_mutex){0};
    rw = (gr_rwmutex){.readers = 0};
    wg = gate = (gr_wg){0};
    once = (gr_once){0};
    gr_cond_init(&cond, &mu);
    inside = total = norder = 0;
}

static void start(gr_fn fn, int n)
{
    reset();
    gr_wg_add(&wg, n);
    for (int i = 1; i <= n; i++)
        gr_go(fn, (void *)(intptr_t)i);
}

static void start_and_wait(gr_fn fn, int n)
{
    start(fn, n);
    gr_wg_wait(&wg);
}

/* ---- mutex --------------------------------------------------------------------------- */

static void locker(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        gr_mutex_lock(&mu);
        CHECK_EQ(inside++, 0);
        gr_yield();
        CHECK_EQ(--inside, 0);
        total++;
        gr_mutex_unlock(&mu);
    }
    gr_wg_done(&wg);
}

static void lock_body(void *unused)
{
    (void)unused;
    start_and_wait(locker, 4);
    CHECK_EQ(total, 12);
    CHECK(gr_mutex_trylock(&mu));
    CHECK(!gr_mutex_trylock(&mu));
    gr_mutex_unlock(&mu);
}

static void one_holder_at_a_time(void)
{
    run_all(lock_body, GR_END_OK);
}

static void relock_body(void *unused)
{
    (void)unused;
    reset();
    gr_mutex_lock(&mu);
    gr_mutex_lock(&mu);
}

static void relocking_blocks(void)
{
    run_all(relock_body, GR_END_DEADLOCK);
}

static void misuse(void *which)
{
    reset();
    switch ((intptr_t)which) {
    case 0:
        gr_mutex_unlock(&mu);
        break;
    case 1:
        gr_rwmutex_unlock(&rw);
        break;
    case 2:
        gr_rwmutex_runlock(&rw);
        break;
    case 3:
        gr_rwmutex_lock(&rw);
        gr_rwmutex_runlock(&rw);
        break;
    }
}

static void misuse_is_fatal(void)
{
    static const char *const want[] = {
        "fatal error: sync: unlock of unlocked mutex",
        "fatal error: sync: Unlock of unlocked RWMutex",
        "fatal error: sync: RUnlock of unlocked RWMutex",
        "fatal error: sync: RUnlock of unlocked RWMutex",
    };
    for (intptr_t i = 0; i < 4; i++) {
        char text[160];
        CHECK_EQ(run_seeded(misuse, (void *)i, 1, text, sizeof text), GR_END_FATAL);
        CHECK_STR(text, want[i]);
    }
}

/* The lock is free for a moment with a sleeper on its way: a newcomer may take it, and
 * trylock may fail. */
static int try_results;

static void trier(void *unused)
{
    (void)unused;
    gr_mutex_lock(&mu);
    gr_mutex_unlock(&mu);
    gr_wg_done(&wg);
}

static void try_body(void *unused)
{
    (void)unused;
    reset();
    gr_mutex_lock(&mu);
    gr_wg_add(&wg, 1);
    gr_go(trier, NULL);
    gr_sleep_ns(1);
    gr_mutex_unlock(&mu);
    if (gr_mutex_trylock(&mu)) {
        try_results |= 1;
        gr_mutex_unlock(&mu);
    } else
        try_results |= 2;
    gr_wg_wait(&wg);
}

static void trylock_may_fail_while_others_sleep(void)
{
    run_all(try_body, GR_END_OK);
    CHECK_EQ(try_results, 3);
}

/* ---- rwmutex ------------------------------------------------------------------------- */

static void rw_user(void *arg)
{
    bool is_writer = (intptr_t)arg % 3 == 0;
    if (is_writer) {
        gr_rwmutex_lock(&rw);
        CHECK_EQ(inside, 0);
        inside = -1;
        gr_yield();
        inside = 0;
        gr_rwmutex_unlock(&rw);
    } else {
        gr_rwmutex_rlock(&rw);
        CHECK(inside >= 0);
        inside++;
        gr_yield();
        inside--;
        gr_rwmutex_runlock(&rw);
    }
    gr_wg_done(&wg);
}

static void rw_body(void *unused)
{
    (void)unused;
    start_and_wait(rw_user, 7);
    CHECK(gr_rwmutex_trylock(&rw));
    CHECK(!gr_rwmutex_tryrlock(&rw) && !gr_rwmutex_trylock(&rw));
    gr_rwmutex_unlock(&rw);
    CHECK(gr_rwmutex_tryrlock(&rw) && gr_rwmutex_tryrlock(&rw));
    CHECK(!gr_rwmutex_trylock(&rw));
    gr_rwmutex_runlock(&rw);
    gr_rwmutex_runlock(&rw);
    CHECK(gr_rwmutex_trylock(&rw));
}

static void writers_exclude_all(void)
{
    run_all(rw_body, GR_END_OK);
}

static void waiting_writer(void *unused)
{
    (void)unused;
    gr_rwmutex_lock(&rw);
    order[norder++] = 1;
    gr_rwmutex_unlock(&rw);
    gr_wg_done(&wg);
}

static void late_reader(void *unused)
{
    (void)unused;
    gr_rwmutex_rlock(&rw);
    order[norder++] = 2;
    gr_wg_done(&gate); /* both readers must be in at once */
    gr_wg_wait(&gate);
    gr_rwmutex_runlock(&rw);
    gr_wg_done(&wg);
}

static void preference_body(void *unused)
{
    (void)unused;
    reset();
    gr_wg_add(&wg, 3);
    gr_wg_add(&gate, 2);
    gr_rwmutex_rlock(&rw);
    gr_go(waiting_writer, NULL);
    gr_sleep_ns(1);
    CHECK(!gr_rwmutex_tryrlock(&rw));
    gr_go(late_reader, NULL);
    gr_go(late_reader, NULL);
    gr_sleep_ns(1);
    gr_rwmutex_runlock(&rw);
    gr_wg_wait(&wg);
    CHECK_EQ(norder, 3);
    CHECK_EQ(order[0], 1);
}

static void waiting_writer_stops_readers(void)
{
    run_all(preference_body, GR_END_OK);
}

/* ---- group --------------------------------------------------------------------------- */

static void group_waiter(void *unused)
{
    (void)unused;
    gr_wg_wait(&gate);
    CHECK_EQ(total, 2);
    gr_wg_done(&wg);
}

static void group_worker(void *unused)
{
    (void)unused;
    total++;
    gr_wg_done(&gate);
}

static void group_body(void *unused)
{
    (void)unused;
    reset();
    gr_wg_wait(&gate);
    gr_wg_add(&gate, 2);
    gr_wg_add(&wg, 3);
    for (int i = 0; i < 3; i++)
        gr_go(group_waiter, NULL);
    gr_go(group_worker, NULL);
    gr_go(group_worker, NULL);
    gr_wg_wait(&wg);
}

static void all_waiters_are_released(void)
{
    run_all(group_body, GR_END_OK);
}

static void negative_body(void *unused)
{
    (void)unused;
    reset();
    gr_wg_add(&wg, 2);
    gr_wg_add(&wg, -3);
}

static void negative_counter_panics(void)
{
    char text[160];
    CHECK_EQ(run_seeded(negative_body, NULL, 1, text, sizeof text), GR_END_PANIC);
    CHECK_STR(text, "panic: sync: negative WaitGroup counter");
}

/* ---- once ---------------------------------------------------------------------------- */

static void once_fn(void *unused)
{
    (void)unused;
    gr_yield();
    total++;
}

static void once_caller(void *unused)
{
    (void)unused;
    gr_once_do(&once, once_fn, NULL);
    CHECK_EQ(total, 1);
    gr_wg_done(&wg);
}

static void once_body(void *unused)
{
    (void)unused;
    start_and_wait(once_caller, 4);
}

static void once_runs_once_and_all_wait(void)
{
    run_all(once_body, GR_END_OK);
}

static void panics(void *arg)
{
    total++;
    if (arg != NULL)
        gr_goexit();
    gr_panic(gr_int(1));
}

static void swallow(void *unused)
{
    (void)unused, gr_recover();
}
static void wg_done(void *unused)
{
    (void)unused, gr_wg_done(&wg);
}

static void once_panicker(void *arg)
{
    GR_FUNC;
    GR_DEFER(wg_done, NULL);
    GR_DEFER(swallow, NULL);
    gr_once_do(&once, panics, (intptr_t)arg % 2 == 0 ? &once : NULL);
}

static void once_panic_body(void *unused)
{
    (void)unused;
    start_and_wait(once_panicker, 4);
    CHECK_EQ(total, 1);
}

static void panic_and_goexit_count_as_done(void)
{
    run_all(once_panic_body, GR_END_OK);
}

static void once_again(void *unused)
{
    (void)unused, gr_once_do(&once, once_fn, NULL);
}

static void recursion_body(void *unused)
{
    (void)unused;
    reset();
    gr_once_do(&once, once_again, NULL);
}

static void once_inside_once_blocks(void)
{
    run_all(recursion_body, GR_END_DEADLOCK);
}

/* ---- cond ---------------------------------------------------------------------------- */

static void cond_waiter(void *arg)
{
    gr_mutex_lock(&mu);
    gr_cond_wait(&cond);
    CHECK(!gr_mutex_trylock(&mu));
    order[norder++] = (intptr_t)arg;
    gr_mutex_unlock(&mu);
    gr_wg_done(&wg);
}

static void cond_body(void *is_broadcast)
{
    start(cond_waiter, 0);
    gr_cond_signal(&cond); /* nobody there: lost */
    gr_cond_broadcast(&cond);
    gr_wg_add(&wg, 3);
    for (intptr_t i = 1; i <= 3; i++) {
        gr_go(cond_waiter, (void *)i);
        gr_sleep_ns(1);
    }
    CHECK_EQ(norder, 0);
    for (int i = 1; i <= 3 && is_broadcast == NULL; i++) {
        gr_cond_signal(&cond);
        gr_sleep_ns(1);
        CHECK_EQ(norder, i);
    }
    if (is_broadcast != NULL)
        gr_cond_broadcast(&cond);
    gr_wg_wait(&wg);
    CHECK_EQ(norder, 3);
}

static void cond_seeds(void *is_broadcast)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        CHECK_EQ(run_seeded(cond_body, is_broadcast, seed, NULL, 0), GR_END_OK);
        if (is_broadcast == NULL &&
            seed % 2 == 1) /* no any_waiter: first come, first served */
            CHECK(order[0] == 1 && order[1] == 2 && order[2] == 3);
    }
}

static void signal_wakes_one_in_order(void)
{
    cond_seeds(NULL);
}
static void broadcast_wakes_all(void)
{
    cond_seeds(&cond);
}

static bool is_set;

static void setter(void *unused)
{
    (void)unused;
    gr_mutex_lock(&mu);
    is_set = true;
    gr_cond_signal(&cond);
    gr_mutex_unlock(&mu);
}

/* Whoever takes the lock after the waiter let it go cannot be missed. */
static void atomic_wait_body(void *unused)
{
    (void)unused;
    reset();
    is_set = false;
    gr_mutex_lock(&mu);
    gr_go(setter, NULL);
    while (!is_set)
        gr_cond_wait(&cond);
    gr_mutex_unlock(&mu);
}

static void wait_unlocks_and_sleeps_at_once(void)
{
    run_all(atomic_wait_body, GR_END_OK);
}

static const struct unit_case cases[] = {
    UNIT(one_holder_at_a_time),
    UNIT(relocking_blocks),
    UNIT(misuse_is_fatal),
    UNIT(trylock_may_fail_while_others_sleep),
    UNIT(writers_exclude_all),
    UNIT(waiting_writer_stops_readers),
    UNIT(all_waiters_are_released),
    UNIT(negative_counter_panics),
    UNIT(once_runs_once_and_all_wait),
    UNIT(panic_and_goexit_count_as_done),
    UNIT(once_inside_once_blocks),
    UNIT(signal_wakes_one_in_order),
    UNIT(broadcast_wakes_all),
    UNIT(wait_unlocks_and_sleeps_at_once),
};

UNIT_MAIN(cases)
