/* SPDX-License-Identifier: BSD-3-Clause */
/* timer_test.c - floor timer and the clock of floor sched: order, counts, sleeping, virtual
 * time. */
#include "unit.h"

#include <stdlib.h>

#include "gr/control.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/sched.h"
#include "timer/timer.h"

static int scale(int n)
{
    return unit_is_slow() ? n / 10 : n;
}

/* ---- the heap alone ---- */

static void no_fire(struct timer *t, uint64_t seq, int64_t now)
{
    (void)t, (void)seq, (void)now;
}

enum { CELLS = 500 };
static struct timer cell[CELLS];
static struct timer_heap heap;

static void cells_init(void)
{
    base_boot(); /* reads GR_MUTANT */
    timer_heap_init(&heap);
    for (int i = 0; i < CELLS; i++)
        timer_init(&cell[i], no_fire);
}

/* Random arming and disarming against a plain array; everything comes out in order. */
static void heap_matches_array(void)
{
    struct rand r;
    rand_seed(&r, unit_seed());
    cells_init();
    int64_t when[CELLS];
    for (int i = 0; i < CELLS; i++)
        when[i] = -1;
    for (int step = 0; step < 20000; step++) {
        uint32_t i = rand_below(&r, CELLS);
        CHECK_EQ(timer_disarm(&cell[i]), when[i] >= 0);
        when[i] = -1;
        if (rand_below(&r, 3) != 0) {
            when[i] = rand_below(&r, 1000);
            timer_arm(&heap, &cell[i], when[i], 0, (uint64_t)i);
        }
        if (step % 64 == 0)
            timer_heap_check(&heap);
    }
    int64_t last = -1;
    struct timer_shot shot;
    while (timer_expire(&heap, TIMER_NEVER - 1, &shot)) {
        CHECK(when[shot.seq] >= last);
        last = when[shot.seq];
        when[shot.seq] = -1;
        timer_heap_check(&heap);
    }
    for (int i = 0; i < CELLS; i++)
        CHECK_EQ(when[i], -1);
    timer_heap_fini(&heap);
}

static void equal_deadlines_in_order(void)
{
    struct timer_shot shot;
    cells_init();
    for (uint64_t i = 0; i < 100; i++)
        timer_arm(&heap, &cell[i], 7, 0, i);
    CHECK_EQ(timer_ties(&heap), 100);
    CHECK(timer_expire_nth(&heap, 7, 42, &shot));
    CHECK_EQ(shot.seq, 42);
    for (uint64_t i = 0; i < 100; i++) {
        if (i == 42)
            continue;
        CHECK(timer_expire(&heap, 7, &shot));
        CHECK_EQ(shot.seq, i);
    }
    CHECK(!timer_expire(&heap, 7, &shot));
    CHECK_EQ(timer_next_ns(&heap), TIMER_NEVER);
}

static void not_before_its_time(void)
{
    struct timer_shot shot;
    cells_init();
    CHECK(timer_arm(&heap, &cell[0], 1000, 0, 0));
    CHECK(!timer_arm(&heap, &cell[1], 1001, 0, 0));
    CHECK(timer_arm(&heap, &cell[2], 999, 0, 0));
    CHECK_EQ(timer_next_ns(&heap), 999);
    CHECK(!timer_expire(&heap, 998, &shot));
    CHECK(timer_expire(&heap, 999, &shot));
    CHECK(shot.t == &cell[2]);
    CHECK(!timer_disarm(&cell[2]));
    CHECK(timer_disarm(&cell[0]));
    CHECK(!timer_disarm(&cell[0]));
    CHECK_EQ(timer_next_ns(&heap), 1001);
}

/* A ticker stays on its grid and drops what was missed. */
static void ticks_do_not_drift(void)
{
    struct timer_shot shot;
    cells_init();
    timer_arm(&heap, &cell[0], 100, 10, 3);
    CHECK(timer_expire(&heap, 100, &shot));
    CHECK_EQ(timer_next_ns(&heap), 110);
    CHECK(timer_expire(&heap, 138, &shot));
    CHECK_EQ(shot.seq, 3);
    CHECK_EQ(timer_next_ns(&heap), 140);
    CHECK(!timer_expire(&heap, 139, &shot));
    CHECK(timer_expire(&heap, 140, &shot));
    CHECK(timer_disarm(&cell[0]));
}

/* ---- in the scheduler ---- */

static atomic_u32 done;

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void in_fake_time(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.faketime = 1;
    with_procs(procs, fn);
}

static void sleep_random(void *arg)
{
    uint64_t r = (uintptr_t)arg;
    int64_t d = (int64_t)(splitmix64(&r) % 20000000);
    int64_t before = gr_now_ns();
    gr_sleep_ns(d);
    CHECK(gr_now_ns() - before >= d);
    add_acq_rel(&done, 1);
}

static void sleepers(void *unused)
{
    (void)unused;
    uint32_t n = (uint32_t)scale(10000);
    for (uintptr_t i = 0; i < n; i++)
        gr_go(sleep_random, (void *)(i ^ unit_seed() << 32));
    while (load_acquire(&done) < n)
        gr_sleep_ns(1000000);
    struct gr_stats s;
    gr_stats_read(&s);
    CHECK(s.timers_fired >= n);
}

static void many_sleepers_p1(void)
{
    with_procs(1, sleepers);
}
static void many_sleepers_p2(void)
{
    with_procs(2, sleepers);
}
static void many_sleepers_p8(void)
{
    with_procs(8, sleepers);
}

static void hog_ends(void *arg)
{
    gr_sleep_ns(2000000);
    store_release((atomic_u32 *)arg, 1);
}

/* The only other goroutine computes and polls: the sleeper must get in. */
static void sleeper_under_hog(void *unused)
{
    (void)unused;
    static atomic_u32 flag;
    gr_go(hog_ends, &flag);
    gr_yield();
    while (load_acquire(&flag) == 0)
        gr_point();
}

static void hog_lets_timers_p1(void)
{
    with_procs(1, sleeper_under_hog);
}
static void hog_lets_timers_p2(void)
{
    with_procs(2, sleeper_under_hog);
}

static void short_sleeps(void *unused)
{
    (void)unused;
    gr_sleep_ns(0);
    gr_sleep_ns(-1);
    gr_sleep_ns(INT64_MIN);
}

static void no_sleep_at_all(void)
{
    with_procs(1, short_sleeps);
}

static void sleep_for_ever(void *unused)
{
    (void)unused;
    gr_sleep_ns(INT64_MAX);
    unit_fail(__FILE__, __LINE__, "the longest sleep is over");
}

static void huge_sleep(void *unused)
{
    (void)unused;
    gr_go(sleep_for_ever, NULL);
    gr_sleep_ns(2000000);
}

static void longest_sleep(void)
{
    with_procs(2, huge_sleep);
}

static char order[8];
static uint32_t norder;

static void sleep_hours(void *arg)
{
    int hours = *(int *)arg;
    int64_t before = gr_now_ns();
    gr_sleep_ns(hours * (int64_t)3600000000000);
    CHECK_EQ(gr_now_ns() - before, hours * (int64_t)3600000000000);
    order[norder++] = (char)('0' + hours);
    add_acq_rel(&done, 1);
}

static void days(void *unused)
{
    (void)unused;
    static int hours[] = {3, 1, 2, 9};
    for (int i = 0; i < 4; i++)
        gr_go(sleep_hours, &hours[i]);
    gr_sleep_ns(INT64_C(36000000000000));
    CHECK_EQ(load_acquire(&done), 4);
    CHECK_STR(order, "1239");
}

static void fake_time_jumps_p1(void)
{
    in_fake_time(1, days);
}
static void fake_time_jumps_p4(void)
{
    in_fake_time(4, days);
}

static void sleep_then_block(void *unused)
{
    (void)unused;
    gr_sleep_ns(INT64_C(3600000000000));
    sched_park(NULL, NULL, PARK_CHAN_SEND);
}

static void fake_time_deadlock(void)
{
    in_fake_time(2, sleep_then_block);
}

/* Owners arm and disarm while others expire: each arming is disarmed or fires, never
 * both. */
struct owned {
    struct mutex lock;
    struct timer t;
    uint64_t armed, disarmed;
    atomic_u64 fired;
};

static void owned_fire(struct timer *t, uint64_t seq, int64_t now)
{
    (void)seq, (void)now;
    add_relaxed(&CONTAINER_OF(t, struct owned, t)->fired, 1);
}

static void owner(void *arg)
{
    struct owned *o = arg;
    uint64_t r = unit_seed() + (uintptr_t)arg;
    for (int i = 0; i < scale(20000); i++) {
        mutex_lock(&o->lock);
        o->disarmed += sched_timer_disarm(&o->t);
        sched_timer_arm(&o->t, gr_now_ns() + (int64_t)(splitmix64(&r) % 20000), 0, 0);
        o->armed++;
        mutex_unlock(&o->lock);
        if (r % 8 == 0)
            gr_yield();
    }
    mutex_lock(&o->lock);
    o->disarmed += sched_timer_disarm(&o->t);
    mutex_unlock(&o->lock);
    add_acq_rel(&done, 1);
}

static void owners(void *unused)
{
    (void)unused;
    enum { OWNED = 16, EACH = 2 };
    static struct owned o[OWNED];
    for (int i = 0; i < OWNED; i++) {
        timer_init(&o[i].t, owned_fire);
        for (int k = 0; k < EACH; k++)
            gr_go(owner, &o[i]);
    }
    while (load_acquire(&done) < OWNED * EACH)
        gr_yield();
    for (int i = 0; i < OWNED; i++)
        while (o[i].armed != o[i].disarmed + load_relaxed(&o[i].fired))
            gr_yield(); /* a callback may be in flight */
}

static void arm_disarm_accounts(void)
{
    with_procs(4, owners);
}

static const struct unit_case cases[] = {
    UNIT(heap_matches_array),
    UNIT(equal_deadlines_in_order),
    UNIT(not_before_its_time),
    UNIT(ticks_do_not_drift),
    UNIT(many_sleepers_p1),
    UNIT(many_sleepers_p2),
    UNIT(many_sleepers_p8),
    UNIT(hog_lets_timers_p1),
    UNIT(hog_lets_timers_p2),
    UNIT(no_sleep_at_all),
    UNIT(longest_sleep),
    UNIT(fake_time_jumps_p1),
    UNIT(fake_time_jumps_p4),
    UNIT_EXITS(
        fake_time_deadlock, 2,
        "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan send]:\n"),
    UNIT(arm_disarm_accounts),
};
UNIT_MAIN(cases)
