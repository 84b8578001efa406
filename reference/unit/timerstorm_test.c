/* SPDX-License-Identifier: BSD-3-Clause */
/* timerstorm_test.c - timers on several processors: accounts of many owners, other
 * processors' timers, idle processes. */
#include <sys/resource.h>

#include "rt.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define HOUR (3600000 * MS)

static gr_wg all;

static int scale(int n)
{
    return unit_is_slow() ? n / 10 : n;
}

/* Waits for a condition; the alarm of the case is its limit. */
#define WAIT_FOR(cond)                                                                     \
    do                                                                                     \
        gr_sleep_ns(MS / 10);                                                              \
    while (!(cond))

/* ---- accounts: each setting fires, or is reported as taken back ---------------------- */

enum { HANDS = 8, SHARED = 16, LIVES = 2000 };

struct account {
    gr_timer *t;
    gr_atomic set, back, fired;
};

static struct account shared[SHARED];

static void check_account(struct account *a)
{
    WAIT_FOR(gr_atomic_load(&a->back) + gr_atomic_load(&a->fired) >=
             gr_atomic_load(&a->set));
    int64_t set = gr_atomic_load(&a->set), back = gr_atomic_load(&a->back),
            fired = gr_atomic_load(&a->fired);
    struct gr_stats s;
    gr_stats_read(&s);
    if (back + fired != set)
        fmt_fd(1,
               "%lld set, %lld taken back, %lld fired; of all: %llu fired, %llu spawned\n",
               (long long)set, (long long)back, (long long)fired,
               (unsigned long long)s.timers_fired, (unsigned long long)s.spawned);
    CHECK_EQ(back + fired, set);
}

static void check_accounts(struct account *a, int n)
{
    for (int i = 0; i < n; i++)
        check_account(&a[i]);
    gr_sleep_ns(2 * MS); /* for what fires once too often */
    for (int i = 0; i < n; i++)
        check_account(&a[i]);
}

static int64_t some_ns(uint64_t *r)
{
    return (int64_t)(splitmix64(r) % 8) * 10 * US;
}

static void account_stop(struct account *a)
{
    gr_atomic_add(&a->back, gr_timer_stop(a->t));
}

static void account_reset(struct account *a, int64_t d_ns)
{
    gr_atomic_add(&a->set, 1);
    gr_atomic_add(&a->back, gr_timer_reset(a->t, d_ns));
}

static void account_call(void *arg)
{
    struct account *a = arg;
    gr_atomic_add(&a->fired, 1);
}

/* Any of several goroutines modifies any function timer. */
static void func_hand(void *arg)
{
    uint64_t r = unit_seed() ^ (uintptr_t)arg << 32;
    for (int i = 0; i < scale(10000); i++) {
        struct account *a = &shared[splitmix64(&r) % SHARED];
        switch (splitmix64(&r) % 8) {
        case 0:
            gr_yield();
            break;
        case 1:
        case 2:
            account_stop(a);
            break;
        default:
            account_reset(a, some_ns(&r));
        }
    }
    gr_wg_done(&all);
}

static void hands_start(gr_fn fn, int n)
{
    gr_wg_add(&all, n);
    for (uintptr_t i = 0; i < (uintptr_t)n; i++)
        gr_go(fn, (void *)(i + 1));
}

static void funcs_body(void *unused)
{
    (void)unused;
    gr_noise(1, unit_seed());
    for (int i = 0; i < SHARED; i++) {
        gr_atomic_store(&shared[i].set, 1);
        shared[i].t = gr_timer_func(0, account_call, &shared[i]);
    }
    hands_start(func_hand, HANDS);
    gr_wg_wait(&all);
    check_accounts(shared, SHARED);
}

static void shared_functions(void)
{
    run_free(4, funcs_body, NULL);
}

/* Timers come and go, their memory goes round while callbacks are on their way: each call
 * is one of its own life. */
static struct account life[HANDS][LIVES];

static void life_hand(void *arg)
{
    uintptr_t me = (uintptr_t)arg - 1;
    uint64_t r = unit_seed() ^ (uintptr_t)arg << 32;
    for (int i = 0; i < scale(LIVES); i++) {
        struct account *a = &life[me][i];
        gr_atomic_store(&a->set, 1);
        a->t = gr_timer_func(some_ns(&r) / 4, account_call, a);
        for (uint64_t n = splitmix64(&r) % 4; n > 0; n--)
            account_reset(a, some_ns(&r) / 4);
        if (splitmix64(&r) % 4 == 0)
            gr_yield();
        account_stop(a);
        gr_timer_free(a->t);
    }
    gr_wg_done(&all);
}

static void lives_body(void *unused)
{
    (void)unused;
    gr_noise(2, unit_seed());
    hands_start(life_hand, HANDS);
    gr_wg_wait(&all);
    for (int i = 0; i < HANDS; i++)
        check_accounts(life[i], scale(LIVES));
}

static void memory_goes_round(void)
{
    run_free(4, lives_body, NULL);
}

/* The same for channels: stopped, moved, polled and waited for. */
static gr_chan *quit;

static void chan_hand(void *arg)
{
    uint64_t r = unit_seed() ^ (uintptr_t)arg << 32;
    for (int i = 0; i < scale(10000); i++) {
        struct account *a = &shared[splitmix64(&r) % SHARED];
        int64_t v;
        bool ok;
        switch (splitmix64(&r) % 8) {
        case 0:
            account_stop(a);
            break;
        case 1:
        case 2:
        case 3:
            account_reset(a, some_ns(&r));
            break;
        case 4:
            gr_yield();
            break;
        default:
            if (gr_chan_try_recv(gr_timer_chan(a->t), &v, &ok))
                gr_atomic_add(&a->fired, 1);
        }
    }
    gr_wg_done(&all);
}

static void chan_waiter(void *arg)
{
    uint64_t r = unit_seed() ^ (uintptr_t)arg << 40;
    for (;;) {
        struct account *a = &shared[splitmix64(&r) % SHARED];
        struct account *b = &shared[splitmix64(&r) % SHARED];
        int64_t v;
        struct gr_case k[] = {RECV(gr_timer_chan(a->t), &v), RECV(gr_timer_chan(b->t), &v),
                              RECV(quit, &v)};
        size_t won = (size_t)gr_select(k, 3, false);
        if (won == 2)
            break;
        gr_atomic_add(won == 0 ? &a->fired : &b->fired, 1);
    }
    gr_wg_done(&all);
}

static void late_waiter(void *unused)
{
    int64_t v;
    struct gr_case k[] = {RECV(gr_timer_chan(shared[0].t), &v), RECV(quit, &v)};
    (void)unused;
    while (gr_select(k, 2, false) == 0) {
    }
    gr_wg_done(&all);
}

static void chans_body(void *unused)
{
    (void)unused;
    gr_noise(1, unit_seed());
    quit = gr_chan_make(sizeof(int64_t), 0);
    for (int i = 0; i < SHARED; i++) {
        gr_atomic_store(&shared[i].set, 1);
        shared[i].t = gr_timer_new(i * US);
    }
    hands_start(chan_hand, HANDS);
    gr_wg_wait(&all);
    hands_start(chan_waiter, HANDS / 2);
    hands_start(chan_hand, HANDS);
    for (int i = 0; i < SHARED; i++)
        while (gr_atomic_load(&shared[i].fired) == 0) {
            account_reset(&shared[i], 0);
            gr_sleep_ns(MS / 10);
        }
    gr_chan_close(quit);
    gr_wg_wait(&all);
    for (int i = 0; i < SHARED; i++)
        account_stop(&shared[i]);
    check_accounts(shared, SHARED);
}

static void shared_channels(void)
{
    run_free(4, chans_body, NULL);
}

/* A callback on its way for the last setting must not be taken for one of the present
 * setting, which is an hour off. */
static void late_body(void *unused)
{
    gr_timer *t = gr_timer_new(HOUR);
    uint64_t r = unit_seed();
    (void)unused;
    gr_noise(2, unit_seed());
    shared[0].t = t;
    quit = gr_chan_make(sizeof(int64_t), 0);
    hands_start(late_waiter, 2);
    for (int i = 0; i < scale(20000); i++) {
        gr_timer_reset(t, (int64_t)(splitmix64(&r) % 20) * US);
        for (uint64_t spins = splitmix64(&r) % 500; spins > 0; spins--)
            cpu_relax();
        gr_timer_reset(t, HOUR);
        for (uint64_t spins = splitmix64(&r) % 500; spins > 0; spins--)
            cpu_relax();
        CHECK(gr_timer_stop(t)); /* else it has fired */
    }
    gr_chan_close(quit);
    gr_wg_wait(&all);
}

static void a_late_callback_finds_another_setting(void)
{
    run_free(4, late_body, NULL);
}

/* ---- other processors' timers -------------------------------------------------------- */

static atomic_u32 nfired;

static void count_one(void *unused)
{
    (void)unused;
    add_acq_rel(&nfired, 1);
}

static void sleeper(void *unused)
{
    gr_sleep_ns(MS);
    count_one(unused);
}

/* The processor whose heap they are in computes, without a poll, until they have fired. */
static void busy_body(void *unused)
{
    for (int i = 0; i < 4; i++) {
        gr_go(sleeper, unused);
        gr_timer_func(i * MS / 2, count_one, NULL);
    }
    while (load_acquire(&nfired) < 8)
        cpu_relax();
}

static void a_busy_owner_is_helped(void)
{
    run_free(2, busy_body, NULL);
}

/* Armed on all processors; then there is one, and then many again. */
static void arm_here(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++)
        gr_timer_func((i + 1) * MS / 4, count_one, NULL);
    gr_wg_done(&all);
}

static void shrink_body(void *unused)
{
    gr_timer *ticker = gr_ticker_new(MS);
    (void)unused;
    for (uint32_t turn = 1; turn <= 10; turn++) {
        gr_procs(4);
        hands_start(arm_here, 8);
        gr_wg_wait(&all);
        gr_procs(1);
        recv(gr_timer_chan(ticker));
        gr_procs(turn % 2 == 0 ? 1 : 3);
        WAIT_FOR(load_acquire(&nfired) >= turn * 400);
        CHECK_EQ(load_acquire(&nfired), turn * 400);
        recv(gr_timer_chan(ticker));
    }
}

static void none_is_lost_when_processors_go(void)
{
    run_free(4, shrink_body, NULL);
}

/* A sleeper gets in at the end of a hog's turn, not after many hogs had theirs. */
enum { HOGS = 6, SLEEPS = 20 };
static atomic_u32 is_over, last_hog, turns;

static void hog(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    while (load_relaxed(&is_over) == 0) {
        gr_point();
        if (load_relaxed(&last_hog) != me)
            add_relaxed(&turns, 1);
        store_relaxed(&last_hog, me);
    }
    gr_wg_done(&all);
}

static void hogs_body(void *unused)
{
    (void)unused;
    hands_start(hog, HOGS);
    for (int i = 0; i < SLEEPS; i++)
        gr_sleep_ns(MS);
    store_relaxed(&is_over, 1);
    CHECK(load_relaxed(&turns) <= 3 * SLEEPS);
    gr_wg_wait(&all);
}

static void a_sleeper_waits_for_few_hogs(void)
{
    run_free(1, hogs_body, NULL);
}

/* ---- idle ---------------------------------------------------------------------------- */

static void never(void *unused)
{
    (void)unused;
    unit_fail(__FILE__, __LINE__, "a stopped timer fired");
}

/* How often threads of the process went to sleep while this goroutine did.  The watcher may
 * do so some 60 times before it rests. */
static int64_t sleeps_in(int64_t d_ns)
{
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    gr_sleep_ns(d_ns);
    getrusage(RUSAGE_SELF, &after);
    return after.ru_nvcsw - before.ru_nvcsw;
}

/* Nobody wakes for a far timer, nor for a thousand that were stopped. */
static void idle_body(void *unused)
{
    uint32_t late = 0;
    (void)unused;
    gr_timer_func(HOUR, never, NULL);
    CHECK(sleeps_in(200 * MS) < 200);
    for (int i = 0; i < 1000; i++)
        late += !gr_timer_stop(gr_timer_func(50 * MS + i * 200 * US, count_one, NULL));
    CHECK(sleeps_in(250 * MS) < 200 + 4 * late);
    CHECK_EQ(load_acquire(&nfired), late);
}

static void idle_means_asleep_p1(void)
{
    run_free(1, idle_body, NULL);
}

static void idle_means_asleep_p4(void)
{
    run_free(4, idle_body, NULL);
}

/* A stopped timer holds nothing off. */
static void stopped_body(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        gr_timer_stop(gr_timer_func(HOUR + i, never, NULL));
    gr_chan_recv(NULL, NULL);
}

static void stopped_is_no_reason_p1(void)
{
    run_free(1, stopped_body, NULL);
}

static void stopped_is_no_reason_p4(void)
{
    run_free(4, stopped_body, NULL);
}

static const struct unit_case cases[] = {
    UNIT(shared_functions),
    UNIT(memory_goes_round),
    UNIT(shared_channels),
    UNIT(a_late_callback_finds_another_setting),
    UNIT(a_busy_owner_is_helped),
    UNIT(none_is_lost_when_processors_go),
    UNIT(a_sleeper_waits_for_few_hogs),
    UNIT(idle_means_asleep_p1),
    UNIT(idle_means_asleep_p4),
    UNIT_EXITS(stopped_is_no_reason_p1, 2,
               "fatal error: all goroutines are asleep - deadlock!\n"),
    UNIT_EXITS(stopped_is_no_reason_p4, 2,
               "fatal error: all goroutines are asleep - deadlock!\n"),
};
UNIT_MAIN(cases)
