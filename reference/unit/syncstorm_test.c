/* SPDX-License-Identifier: BSD-3-Clause */
/* syncstorm_test.c - floor sync: atomics; locks and conditions on several threads. */
#include "unit.h"

#include "gr.h"

static gr_mutex mu;
static gr_rwmutex rw;
static gr_wg wg;
static int64_t inside;

/* ---- atomics ------------------------------------------------------------------------- */

static void atomic_body(void *unused)
{
    gr_atomic x = 5;
    (void)unused;
    CHECK_EQ(gr_atomic_load(&x), 5);
    CHECK_EQ(gr_atomic_add(&x, 3), 8);
    CHECK_EQ(gr_atomic_swap(&x, 2), 8);
    CHECK(!gr_atomic_cas(&x, 3, 4));
    CHECK(gr_atomic_cas(&x, 2, INT64_MAX));
    CHECK_EQ(gr_atomic_add(&x, 1), INT64_MIN);
    gr_atomic_store(&x, 7);
    CHECK_EQ(gr_atomic_load(&x), 7);
}

static void atomics_give_what_they_promise(void)
{
    CHECK_EQ(gr_main(atomic_body, NULL), 0);
}

/* ---- threads ------------------------------------------------------------------------- */

enum { HANDS = 8 };
static int rounds;
static int64_t plain;

static void hammer(void *arg)
{
    for (int i = 0; i < rounds; i++) {
        switch (((intptr_t)arg + i) % 4) {
        case 0:
            gr_rwmutex_rlock(&rw);
            CHECK(inside == 0);
            gr_rwmutex_runlock(&rw);
            break;
        case 1:
            gr_rwmutex_lock(&rw);
            inside++;
            CHECK_EQ(inside--, 1);
            gr_rwmutex_unlock(&rw);
            break;
        default:
            gr_mutex_lock(&mu);
            plain++;
            gr_mutex_unlock(&mu);
        }
    }
    gr_wg_done(&wg);
}

static void hammer_main(void *unused)
{
    (void)unused;
    gr_wg_add(&wg, HANDS);
    for (intptr_t i = 0; i < HANDS; i++)
        gr_go(hammer, (void *)i);
    gr_wg_wait(&wg);
    CHECK_EQ(plain, (int64_t)HANDS * rounds / 2);
}

static void threads_lose_nothing(void)
{
    rounds = unit_is_slow() ? 400 : 40000;
    gr_noise(1, unit_seed());
    CHECK_EQ(gr_main(hammer_main, NULL), 0);
}

/* A queue of one place built on a condition: each item arrives once. */
static int64_t place;
static gr_cond is_full, is_free;

static void putter(void *arg)
{
    for (int i = 0; i < rounds; i++) {
        gr_mutex_lock(&mu);
        while (place != 0)
            gr_cond_wait(&is_free);
        place = (intptr_t)arg;
        gr_cond_signal(&is_full);
        gr_mutex_unlock(&mu);
    }
    gr_wg_done(&wg);
}

static void getter(void *unused)
{
    (void)unused;
    for (int i = 0; i < rounds; i++) {
        gr_mutex_lock(&mu);
        while (place == 0)
            gr_cond_wait(&is_full);
        plain += place;
        place = 0;
        gr_cond_signal(&is_free);
        gr_mutex_unlock(&mu);
    }
    gr_wg_done(&wg);
}

static void queue_main(void *unused)
{
    (void)unused;
    gr_cond_init(&is_full, &mu);
    gr_cond_init(&is_free, &mu);
    gr_wg_add(&wg, 4);
    gr_go(getter, NULL);
    gr_go(putter, (void *)1);
    gr_go(getter, NULL);
    gr_go(putter, (void *)2);
    gr_wg_wait(&wg);
    CHECK_EQ(plain, (int64_t)rounds * 3);
}

static void conditions_lose_no_signal(void)
{
    rounds = unit_is_slow() ? 300 : 20000;
    CHECK_EQ(gr_main(queue_main, NULL), 0);
}

static void die_body(void *unused)
{
    (void)unused, gr_mutex_unlock(&mu);
}
static void unlock_dies(void)
{
    gr_main(die_body, NULL);
}

static const struct unit_case cases[] = {
    UNIT(atomics_give_what_they_promise),
    UNIT(threads_lose_nothing),
    UNIT(conditions_lose_no_signal),
    UNIT_EXITS(unlock_dies, 2, "fatal error: sync: unlock of unlocked mutex\n"),
};

UNIT_MAIN(cases)
