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

static void no_fire(const struct timer_shot *shot, int64_t now)
{
    (void)shot, (void)now;
}

enum { CELLS = 500 };
static struct timer cell[CELLS];
static struct timer_heap heap;

static bool is_first; /* what the last arming said */

static bool arm(int i, int64_t when, uint64_t seq)
{
    return timer_arm(&heap, &cell[i], when, seq, &is_first);
}

static bool expire(int64_t now, struct timer_shot *shot)
{
    return timer_expire(&heap, now, shot, 1) == 1;
}

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
            CHECK(!arm((int)i, when[i], i));
        }
        if (step % 64 == 0)
            timer_heap_check(&heap);
    }
    int64_t last = -1;
    struct timer_shot shot;
    while (expire(TIMER_NEVER - 1, &shot)) {
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
    for (int i = 0; i < 100; i++)
        arm(i, 7, (uint64_t)i);
    CHECK_EQ(timer_ties(&heap), 100);
    CHECK(timer_expire_nth(&heap, 7, 42, &shot));
    CHECK_EQ(shot.seq, 42);
    CHECK_EQ(timer_ties(&heap), 99);
    for (uint64_t i = 0; i < 100; i++) {
        if (i == 42)
            continue;
        CHECK(expire(7, &shot));
        CHECK_EQ(shot.seq, i);
    }
    CHECK(!expire(7, &shot));
    CHECK_EQ(timer_next_ns(&heap), TIMER_NEVER);
}

static void not_before_its_time(void)
{
    struct timer_shot shot;
    cells_init();
    arm(0, 1000, 0);
    CHECK(is_first);
    arm(1, 1001, 0);
    CHECK(!is_first);
    arm(2, 999, 0);
    CHECK(is_first);
    CHECK_EQ(timer_next_ns(&heap), 999);
    CHECK(!expire(998, &shot));
    CHECK(expire(999, &shot));
    CHECK(shot.t == &cell[2]);
    CHECK(!timer_disarm(&cell[2]));
    CHECK(timer_disarm(&cell[0]));
    CHECK(!timer_disarm(&cell[0]));
    CHECK_EQ(timer_settle(&heap), 1001);
    CHECK(timer_disarm(&cell[1]));
    CHECK_EQ(timer_settle(&heap), TIMER_NEVER);
    arm(3, TIMER_NEVER, 0); /* armed is not never */
    CHECK(timer_settle(&heap) < TIMER_NEVER);
}

/* Armed again, a timer moves; between heaps, too. */
static void moved_fires_once(void)
{
    static struct timer_heap other;
    struct timer_shot shot[4];
    cells_init();
    timer_heap_init(&other);
    CHECK(!arm(0, 10, 1));
    CHECK(arm(0, 30, 2));
    CHECK(arm(0, 20, 3));
    CHECK(timer_arm(&other, &cell[0], 5, 4, &is_first));
    CHECK(is_first);
    CHECK_EQ(timer_expire(&heap, 100, shot, 4), 0);
    CHECK_EQ(timer_expire(&other, 4, shot, 4), 0);
    CHECK_EQ(timer_expire(&other, 5, shot, 4), 1);
    CHECK_EQ(shot[0].seq, 4);
    CHECK(!timer_disarm(&cell[0]));
}

/* Stopped timers do not pile up: neither under one that stays at the top, nor when the
 * array is at its largest. */
static void the_dead_do_not_pile_up(void)
{
    struct timer_shot shot;
    cells_init();
    for (int i = 0; i < 100; i++)
        arm(i, 1000 + i, 0);
    for (int64_t k = 0; k < 100000; k++) {
        arm(100 + (int)(k % 100), 1000000 + k, 0);
        CHECK(heap.len <= 600);
    }
    timer_heap_check(&heap);
    for (int i = 0; i < 200; i++)
        CHECK_EQ(timer_disarm(&cell[i]), true);
    arm(7, 1, 0);
    CHECK(expire(1, &shot));
    CHECK_EQ(timer_settle(&heap), TIMER_NEVER);
    CHECK_EQ(heap.len, 0);
}

/* Expiry in batches is expiry in order, and drops what was stopped. */
static void batches_keep_order(void)
{
    struct timer_shot shot[7];
    cells_init();
    for (int i = 0; i < CELLS; i++)
        arm(i, (i * 37) % CELLS, (uint64_t)(i * 37 % CELLS));
    for (int i = 0; i < CELLS; i++)
        if (i * 37 % CELLS % 3 == 0)
            CHECK(timer_disarm(&cell[i]));
    uint64_t want = 0;
    for (uint32_t n; (n = timer_expire(&heap, CELLS, shot, 7)) > 0;)
        for (uint32_t i = 0; i < n; i++) {
            want += want % 3 == 0;
            CHECK_EQ(shot[i].seq, want++);
        }
    CHECK_EQ(want, CELLS);
}

/* The array moves to larger memory, lastly to very large; refused, to twice as much. */
static void grows(bool is_refused)
{
    enum { MANY = 100000 };
    static struct timer many[MANY];
    struct timer_shot shot;
    cells_init();
    for (int i = 0; i < MANY; i++) {
        timer_init(&many[i], no_fire);
        if (is_refused && heap.len == heap.cap && heap.cap > 30000)
            CHECK(failure_arm("memory_reserve:1"));
        timer_arm(&heap, &many[i], i * INT64_C(7919) % MANY, (uint64_t)i, &is_first);
    }
    timer_heap_check(&heap);
    for (int i = 0; i < MANY; i++) {
        CHECK(expire(i, &shot));
        CHECK_EQ(shot.seq * 7919 % MANY, i);
    }
    CHECK(!expire(MANY, &shot));
}

static void grows_to_large(void)
{
    grows(false);
    CHECK(heap.cap > 10000000);
    timer_heap_fini(&heap);
}

static void grows_when_refused(void)
{
    grows(true);
    CHECK(heap.cap < 200000);
    timer_heap_fini(&heap);
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

static void owned_fire(const struct timer_shot *shot, int64_t now)
{
    (void)now;
    add_relaxed(&CONTAINER_OF(shot->t, struct owned, t)->fired, 1);
}

static void owner(void *arg)
{
    struct owned *o = arg;
    uint64_t r = unit_seed() + (uintptr_t)arg;
    for (int i = 0; i < scale(20000); i++) {
        mutex_lock(&o->lock);
        o->disarmed += sched_timer_disarm(&o->t);
        sched_timer_arm(&o->t, gr_now_ns() + (int64_t)(splitmix64(&r) % 20000), 0);
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
    UNIT(moved_fires_once),
    UNIT(the_dead_do_not_pile_up),
    UNIT(batches_keep_order),
    UNIT(grows_to_large),
    UNIT(grows_when_refused),
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
