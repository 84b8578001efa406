/* SPDX-License-Identifier: BSD-3-Clause */
/* timerchan_test.c - timers with channels, tickers, functions at a time: Go 1.23's
 * meaning. */
#include "unit.h"

#include <stdlib.h>

#include "gr.h"

#define MS INT64_C(1000000)

static void run_seeded(gr_fn fn, void *arg, uint64_t seed, enum gr_end end)
{
    struct gr_control opt = {
        .strategy = GR_STRAT_RANDOM, .seed = seed, .any_waiter = seed % 2 == 0};
    struct gr_verdict out;
    gr_control_run(&opt, fn, arg, &out);
    free(out.tape);
    if (out.end != end)
        fmt_fd(1, "seed %llu: ended %d: %s\n", (unsigned long long)seed, out.end, out.text);
    CHECK_EQ(out.end, end);
}

static void run_all(gr_fn fn, enum gr_end end)
{
    for (uint64_t seed = 1; seed <= 100; seed++)
        run_seeded(fn, NULL, seed, end);
}

static bool is_ready(gr_timer *t)
{
    int64_t v;
    bool ok;
    return gr_chan_try_recv(gr_timer_chan(t), &v, &ok);
}

static int64_t recv(gr_timer *t)
{
    int64_t v = -1;
    CHECK(gr_chan_recv(gr_timer_chan(t), &v));
    return v;
}

static void once_body(void *unused)
{
    int64_t t0 = gr_now_ns();
    gr_timer *t = gr_timer_new(5 * MS);
    (void)unused;
    CHECK_EQ(gr_chan_cap(gr_timer_chan(t)), 0);
    CHECK(!is_ready(t));
    CHECK_EQ(recv(t), t0 + 5 * MS);
    CHECK_EQ(gr_now_ns(), t0 + 5 * MS);
    CHECK(!gr_timer_stop(t));
    CHECK(!gr_timer_reset(t, 3 * MS));
    gr_sleep_ns(4 * MS);
    CHECK_EQ(gr_chan_len(gr_timer_chan(t)), 0);
    CHECK(is_ready(t) && !is_ready(t));
    gr_timer_free(t);
}

static void a_timer_fires_once(void)
{
    run_all(once_body, GR_END_OK);
}

/* Expired and not received: stop and reset still prevent it, and nothing stale comes
 * later. */
static void stale_body(void *unused)
{
    gr_timer *t = gr_timer_new(MS);
    (void)unused;
    gr_sleep_ns(2 * MS);
    CHECK(gr_timer_stop(t));
    CHECK(!is_ready(t));
    CHECK(!gr_timer_stop(t));
    CHECK(!gr_timer_reset(t, MS));
    gr_sleep_ns(2 * MS);
    CHECK(gr_timer_reset(t, 5 * MS));
    CHECK(!is_ready(t));
    int64_t t0 = gr_now_ns();
    CHECK_EQ(recv(t), t0 + 5 * MS);
    CHECK(!gr_timer_reset(t, 0));
    CHECK(is_ready(t));
    gr_timer_free(t);
}

static void nothing_stale_is_received(void)
{
    run_all(stale_body, GR_END_OK);
}

static gr_timer *shared;
static void resetter(void *unused)
{
    (void)unused;
    gr_sleep_ns(MS);
    CHECK(gr_timer_reset(shared, 2 * MS));
    gr_sleep_ns(MS);
    CHECK(gr_timer_reset(shared, 10 * MS));
}

static void moved_body(void *unused)
{
    int64_t t0 = gr_now_ns();
    (void)unused;
    shared = gr_timer_new(100 * MS);
    gr_go(resetter, NULL);
    CHECK_EQ(recv(shared), t0 + 12 * MS);
    gr_timer_free(shared);
}

static void a_reset_moves_the_deadline_of_a_waiter(void)
{
    run_all(moved_body, GR_END_OK);
}

static void ticker_body(void *unused)
{
    int64_t t0 = gr_now_ns();
    gr_timer *t = gr_ticker_new(10 * MS);
    (void)unused;
    for (int i = 1; i <= 5; i++)
        CHECK_EQ(recv(t), t0 + i * 10 * MS);
    gr_sleep_ns(35 * MS);
    CHECK(is_ready(t) && !is_ready(t)); /* three ticks late: one is kept */
    CHECK_EQ(recv(t), t0 + 90 * MS);
    gr_timer_reset(t, 3 * MS);
    CHECK_EQ(recv(t), t0 + 93 * MS);
    gr_timer_stop(t);
    gr_sleep_ns(50 * MS);
    CHECK(!is_ready(t));
    gr_timer_free(t);
}

static void tickers_keep_time(void)
{
    run_all(ticker_body, GR_END_OK);
}

static int calls;
static int64_t call_time;
static void call(void *arg)
{
    CHECK(arg == &calls);
    calls++;
    call_time = gr_now_ns();
}

static void func_body(void *unused)
{
    int64_t t0 = gr_now_ns();
    gr_timer *t = gr_timer_func(5 * MS, call, &calls);
    (void)unused;
    calls = 0;
    CHECK(gr_timer_chan(t) == NULL);
    gr_sleep_ns(6 * MS);
    CHECK_EQ(calls, 1);
    CHECK_EQ(call_time, t0 + 5 * MS);
    CHECK(!gr_timer_stop(t));
    CHECK(!gr_timer_reset(t, MS)); /* it still knows what to call */
    gr_sleep_ns(2 * MS);
    CHECK_EQ(calls, 2);
    CHECK(!gr_timer_reset(t, MS));
    CHECK(gr_timer_stop(t));
    gr_sleep_ns(6 * MS);
    CHECK_EQ(calls, 2);
    gr_timer_free(t);
}

static void functions_run_in_time(void)
{
    run_all(func_body, GR_END_OK);
}

/* A ready channel and two timers: the earlier one wins when it is waited for. */
static void select_body(void *unused)
{
    gr_timer *early = gr_timer_new(2 * MS), *late = gr_timer_new(3 * MS);
    gr_chan *c = gr_chan_make(8, 1);
    int64_t v = 0;
    struct gr_case k[] = {{.dir = GR_RECV, .ch = gr_timer_chan(late), .elem = &v},
                          {.dir = GR_RECV, .ch = gr_timer_chan(early), .elem = &v},
                          {.dir = GR_RECV, .ch = c, .elem = &v}};
    (void)unused;
    CHECK_EQ(gr_select(k, 3, true), GR_SELECT_DEFAULT);
    CHECK_EQ(gr_select(k, 3, false), 1);
    gr_chan_send(c, &v);
    CHECK_EQ(gr_select(k, 3, false), 2);
    CHECK_EQ(gr_select(k, 3, false), 0);
    CHECK_EQ(gr_select(k, 3, true), GR_SELECT_DEFAULT);
    gr_chan_free(c);
    gr_timer_free(early);
    gr_timer_free(late);
}

static void select_takes_the_earlier(void)
{
    run_all(select_body, GR_END_OK);
}

static gr_timer *left[4];

static void unheard_body(void *unused)
{
    (void)unused;
    left[0] = gr_timer_new(MS);
    left[1] = gr_ticker_new(MS);
    gr_chan_recv(NULL, NULL);
}

static void wait_left(void *unused)
{
    (void)unused, recv(left[0]);
}

static void abandoned_body(void *unused)
{
    (void)unused;
    left[0] = gr_timer_new(1000 * MS);
    left[1] = gr_timer_func(1000 * MS, call, &calls);
    gr_go(wait_left, NULL);
    gr_go(wait_left, NULL);
    gr_sleep_ns(MS);
}

/* What a run leaves can be given back after it. */
static void timers_survive_their_run(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        run_seeded(abandoned_body, NULL, seed, GR_END_OK);
        gr_timer_free(left[0]);
        gr_timer_free(left[1]);
        run_seeded(unheard_body, NULL, seed, GR_END_DEADLOCK);
        gr_timer_free(left[0]);
        gr_timer_free(left[1]);
    }
}

/* A function at a time does hold the verdict off, until it has run. */
static void held_off_body(void *unused)
{
    (void)unused;
    calls = 0;
    left[0] = gr_timer_func(MS, call, &calls);
    gr_chan_recv(NULL, NULL);
}

static void a_function_holds_off_the_deadlock(void)
{
    run_seeded(held_off_body, NULL, 1, GR_END_DEADLOCK);
    CHECK_EQ(calls, 1);
    gr_timer_free(left[0]);
}

static void negative_body(void *unused)
{
    (void)unused, gr_ticker_new(0);
}
static void tickers_need_a_period(void)
{
    run_all(negative_body, GR_END_PANIC);
}

/* ---- before Go 1.23 ------------------------------------------------------------------ */

static void run_async(gr_fn fn)
{
    base_boot();
    env_knobs.asynctimerchan = 1;
    run_all(fn, GR_END_OK);
}

static void async_body(void *unused)
{
    int64_t t0 = gr_now_ns();
    gr_timer *t = gr_timer_new(MS);
    (void)unused;
    CHECK_EQ(gr_chan_cap(gr_timer_chan(t)), 1);
    CHECK_EQ(gr_chan_len(gr_timer_chan(t)), 0);
    gr_sleep_ns(2 * MS);
    CHECK_EQ(gr_chan_len(gr_timer_chan(t)), 1);
    CHECK(!gr_timer_stop(t));
    CHECK(!gr_timer_reset(t, 5 * MS));
    CHECK_EQ(recv(t), t0 + MS); /* stale */
    CHECK_EQ(recv(t), t0 + 7 * MS);
    CHECK(!gr_timer_reset(t, MS));
    CHECK(gr_timer_stop(t));
    gr_sleep_ns(2 * MS);
    CHECK(!is_ready(t));
    gr_timer_reset(t, MS);
    gr_sleep_ns(2 * MS);
    gr_timer_free(t); /* with a value in it */
    t = gr_timer_new(MS);
    CHECK(!is_ready(t));
    gr_timer_free(t);
}

static void async_keeps_what_was_sent(void)
{
    run_async(async_body);
}

static void async_ticker_body(void *unused)
{
    int64_t t0 = gr_now_ns();
    gr_timer *t = gr_ticker_new(10 * MS);
    (void)unused;
    CHECK_EQ(recv(t), t0 + 10 * MS);
    gr_sleep_ns(35 * MS);
    gr_timer_stop(t);
    CHECK_EQ(recv(t), t0 + 20 * MS); /* the oldest stays, later ones drop */
    gr_sleep_ns(50 * MS);
    CHECK(!is_ready(t));
    gr_timer_reset(t, 3 * MS);
    CHECK_EQ(recv(t), t0 + 98 * MS);
    gr_timer_free(t);
}

static void async_tickers(void)
{
    run_async(async_ticker_body);
}

static void async_held_off_body(void *unused)
{
    (void)unused;
    left[0] = gr_timer_new(1000 * MS);
    gr_chan_recv(NULL, NULL);
}

static void async_holds_off_the_deadlock(void)
{
    base_boot();
    env_knobs.asynctimerchan = 1;
    run_seeded(async_held_off_body, NULL, 1, GR_END_DEADLOCK);
    CHECK_EQ(gr_chan_len(gr_timer_chan(left[0])), 1);
    gr_timer_free(left[0]);
}

/* ---- threads ------------------------------------------------------------------------- */

enum { TIMERS = 8 };
static int rounds;
static gr_atomic stopped, fired, done;

/* Each setting either is stopped or is received, never both, never neither. */
static void accountant(void *arg)
{
    gr_timer *t = gr_timer_new(1000 * MS);
    CHECK(gr_timer_stop(t));
    for (int i = 0; i < rounds; i++) {
        CHECK(!gr_timer_reset(t, (i + (intptr_t)arg) % 3 * 1000));
        if (i % 2 == 0)
            gr_yield();
        if (gr_timer_stop(t)) {
            CHECK(!is_ready(t));
            gr_atomic_add(&stopped, 1);
        } else
            CHECK(false); /* nobody else receives */
        CHECK(!gr_timer_reset(t, 1000));
        recv(t);
        gr_atomic_add(&fired, 1);
        CHECK(!gr_timer_stop(t));
    }
    gr_timer_free(t);
    gr_atomic_add(&done, 1);
}

static void count_call(void *unused)
{
    (void)unused, gr_atomic_add(&fired, 1);
}

static void func_accountant(void *unused)
{
    (void)unused;
    for (int i = 0; i < rounds; i++) {
        gr_timer *t = gr_timer_func(i % 3 * 1000, count_call, NULL);
        gr_yield();
        if (gr_timer_stop(t))
            gr_atomic_add(&stopped, 1);
        gr_timer_free(t);
    }
    gr_atomic_add(&done, 1);
}

static void account_main(void *fn)
{
    for (intptr_t i = 0; i < TIMERS; i++)
        gr_go(fn != NULL ? func_accountant : accountant, (void *)i);
    while (gr_atomic_load(&done) < TIMERS)
        gr_sleep_ns(MS / 10);
    int64_t want = (int64_t)TIMERS * rounds * (fn != NULL ? 1 : 2);
    while (gr_atomic_load(&stopped) + gr_atomic_load(&fired) < want)
        gr_sleep_ns(MS / 10);
    gr_sleep_ns(MS);
    CHECK_EQ(gr_atomic_load(&stopped) + gr_atomic_load(&fired), want);
}

static void account(void *fn)
{
    rounds = unit_is_slow() ? 50 : 1000;
    CHECK_EQ(gr_main(account_main, fn), 0);
}

static void stopped_or_received(void)
{
    account(NULL);
}
static void stopped_or_called(void)
{
    account(&done);
}

static const struct unit_case cases[] = {
    UNIT(a_timer_fires_once),
    UNIT(nothing_stale_is_received),
    UNIT(a_reset_moves_the_deadline_of_a_waiter),
    UNIT(tickers_keep_time),
    UNIT(functions_run_in_time),
    UNIT(select_takes_the_earlier),
    UNIT(timers_survive_their_run),
    UNIT(a_function_holds_off_the_deadlock),
    UNIT(tickers_need_a_period),
    UNIT(async_keeps_what_was_sent),
    UNIT(async_tickers),
    UNIT(async_holds_off_the_deadlock),
    UNIT(stopped_or_received),
    UNIT(stopped_or_called),
};

UNIT_MAIN(cases)
