/* SPDX-License-Identifier: BSD-3-Clause */
/* select_test.c - select: choice among ready cases, waiting, losers, duplicates, many
 * cases. */
#include "rt.h"

static gr_chan *a, *b, *c, *done;
static int taken;
static int64_t got;

/* ---- ready cases --------------------------------------------------------------------- */

static void ready_body(void *unused)
{
    int64_t v = 5, x = 0, y = 0;
    struct gr_case k[] = {RECV(NULL, &x), RECV(a, &x), SEND(b, &v), RECV(c, &y)};
    (void)unused;
    a = k[1].ch = gr_chan_make(8, 1);
    b = k[2].ch = gr_chan_make(8, 1);
    c = k[3].ch = gr_chan_make(8, 1);
    send(a, 1);
    gr_chan_close(c);
    taken = gr_select(k, 4, taken == 77);
    CHECK(taken >= 1 && taken <= 3);
    CHECK_EQ(gr_chan_len(a), taken != 1);
    CHECK_EQ(gr_chan_len(b), taken == 2);
    if (taken == 3)
        CHECK(!k[3].ok && y == 0);
    gr_chan_free(a);
    gr_chan_free(b);
    gr_chan_free(c);
}

static void each_ready_case_is_taken(void)
{
    int seen = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        taken = seed % 2 == 0 ? 77 : 0;
        run_seeded(ready_body, NULL, seed, GR_END_OK);
        seen |= 1 << taken;
    }
    CHECK_EQ(seen, 2 + 4 + 8);
}

static void uniform_body(void *unused)
{
    enum { TRIALS = 60000 };
    int64_t v = 0, counts[3] = {0};
    (void)unused;
    a = gr_chan_make(8, 1);
    gr_chan_close(a);
    for (int i = 0; i < TRIALS; i++) {
        struct gr_case k[] = {RECV(NULL, &v), RECV(a, &v), RECV(a, &v), RECV(a, &v)};
        counts[gr_select(k, 4, false) - 1]++;
    }
    for (int i = 0; i < 3; i++) /* 20000 expected, deviation 115: nine of them and a bit */
        CHECK(counts[i] > 18900 && counts[i] < 21100);
}

static void free_mode_is_uniform(void)
{
    run_free(2, uniform_body, NULL);
}

static void one_processor_is_uniform(void)
{
    run_free(1, uniform_body, NULL);
}

static void default_body(void *unused)
{
    int64_t v = 1;
    (void)unused;
    a = gr_chan_make(8, 0);
    b = gr_chan_make(8, 1);
    struct gr_case none[] = {RECV(a, &v), SEND(a, &v), RECV(NULL, &v), RECV(b, &v)};
    struct gr_case one[] = {SEND(b, &v)};
    CHECK_EQ(gr_select(none, 4, true), GR_SELECT_DEFAULT);
    CHECK_EQ(gr_select(none, 0, true), GR_SELECT_DEFAULT);
    CHECK_EQ(gr_select(one, 1, true), 0);
    CHECK_EQ(gr_select(one, 1, true), GR_SELECT_DEFAULT);
    CHECK_EQ(gr_select(none, 4, true), 3);
    one[0].ch = NULL;
    CHECK_EQ(gr_select(one, 1, true), GR_SELECT_DEFAULT);
    gr_chan_free(a);
    gr_chan_free(b);
}

static void default_only_when_none_is_ready(void)
{
    run_seeds(default_body, 300, GR_END_OK);
}

static void empty_body(void *unused)
{
    (void)unused, gr_select(NULL, 0, false);
}

static void nils_body(void *unused)
{
    struct gr_case k[] = {RECV(NULL, NULL), SEND(NULL, NULL)};
    (void)unused;
    gr_select(k, 2, false);
}

static void nothing_to_wait_for_blocks(void)
{
    run_seeded(empty_body, NULL, 1, GR_END_DEADLOCK);
    run_seeded(nils_body, NULL, 1, GR_END_DEADLOCK);
}

/* ---- waiting ------------------------------------------------------------------------- */

static void selector(void *unused)
{
    int64_t v = 9, x = -1;
    struct gr_case k[] = {RECV(a, &x), RECV(b, &x), SEND(c, &v), RECV(a, &x)};
    (void)unused;
    taken = gr_select(k, 4, false);
    got = taken == 2 ? 9 : x;
    send(done, k[taken].ok);
}

static void open_all(void)
{
    a = gr_chan_make(8, 0);
    b = gr_chan_make(8, 0);
    c = gr_chan_make(8, 0);
    done = gr_chan_make(8, 1);
}

static void close_all(void)
{
    gr_chan_free(a);
    gr_chan_free(b);
    gr_chan_free(c);
    gr_chan_free(done);
}

/* After one case fired the others must be gone: nobody is there to serve. */
static void loser_body(void *which)
{
    int64_t v = 4;
    open_all();
    gr_go(selector, NULL);
    gr_sleep_ns(1);
    if (which == NULL)
        send(b, 3);
    else
        CHECK_EQ(recv(c), 9);
    recv(done);
    CHECK_EQ(taken, which == NULL ? 1 : 2);
    CHECK_EQ(got, which == NULL ? 3 : 9);
    CHECK(!gr_chan_try_send(a, &v));
    CHECK(!gr_chan_try_send(b, &v));
    bool ok;
    CHECK(!gr_chan_try_recv(c, &v, &ok));
    close_all();
}

static void losers_leave_their_queues(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        run_seeded(loser_body, NULL, seed, GR_END_OK);
        run_seeded(loser_body, &taken, seed, GR_END_OK);
    }
}

static void racing_sender(void *arg)
{
    int64_t v = (int64_t)(intptr_t)arg;
    struct gr_case k[] = {SEND(v == 1 ? a : b, &v), RECV(NULL, NULL)};
    gr_select(k, 2, false);
}

/* Two peers, one select: one value arrives, the other peer still holds its own. */
static void win_once_body(void *unused)
{
    bool ok;
    int64_t other = 0;
    (void)unused;
    open_all();
    gr_go(selector, NULL);
    gr_go(racing_sender, (void *)1);
    gr_go(racing_sender, (void *)2);
    recv(done);
    CHECK(got == 1 || got == 2);
    gr_sleep_ns(1);
    CHECK(gr_chan_try_recv(got == 1 ? b : a, &other, &ok));
    CHECK_EQ(other, 3 - got);
    close_all();
}

static void one_peer_wins(void)
{
    run_seeds(win_once_body, 300, GR_END_OK);
}

static bool dup_seen[4];

static void dup_body(void *unused)
{
    (void)unused;
    open_all();
    gr_go(selector, NULL);
    gr_sleep_ns(1);
    send(a, 6);
    recv(done);
    CHECK_EQ(got, 6);
    dup_seen[taken] = true;
    close_all();
}

static void each_duplicate_can_fire(void)
{
    run_seeds(dup_body, 300, GR_END_OK);
    CHECK(dup_seen[0] && dup_seen[3] && !dup_seen[1] && !dup_seen[2]);
}

static void self_body(void *unused)
{
    int64_t v = 1, x = 0;
    (void)unused;
    a = gr_chan_make(8, 0);
    struct gr_case k[] = {SEND(a, &v), RECV(a, &x)};
    gr_select(k, 2, false);
}

static void no_exchange_with_oneself(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        run_seeded(self_body, NULL, seed, GR_END_DEADLOCK);
        gr_chan_free(a);
    }
}

static void pair_member(void *arg)
{
    int64_t me = (int64_t)(intptr_t)arg, x = 0;
    struct gr_case k[] = {SEND(a, &me), RECV(a, &x)};
    if (gr_select(k, 2, false) == 1)
        CHECK_EQ(x, 3 - me);
    send(done, 0);
}

static void pair_body(void *unused)
{
    (void)unused;
    open_all();
    gr_go(pair_member, (void *)1);
    gr_go(pair_member, (void *)2);
    recv(done);
    recv(done);
    close_all();
}

static void two_selects_meet(void)
{
    run_seeds(pair_body, 300, GR_END_OK);
}

/* ---- closing ------------------------------------------------------------------------- */

static gr_value caught;
static void catch_value(void *unused)
{
    (void)unused, caught = gr_recover();
}

static GR_NOINLINE void select_send(int64_t v)
{
    GR_FUNC;
    GR_DEFER(catch_value, NULL);
    struct gr_case k[] = {SEND(a, &v), RECV(b, &v)};
    gr_select(k, 2, v == 2);
}

static void send_selector(void *unused)
{
    (void)unused;
    caught = gr_nil();
    select_send(1);
    send(done, 0);
}

static void close_body(void *unused)
{
    (void)unused;
    open_all();
    gr_go(send_selector, NULL);
    gr_sleep_ns(1);
    gr_chan_close(a);
    recv(done);
    CHECK(caught.kind == GR_ERROR && caught.u.err == GR_ERR_SEND_CLOSED);
    caught = gr_nil();
    select_send(2);
    CHECK(caught.kind == GR_ERROR && caught.u.err == GR_ERR_SEND_CLOSED);
    gr_go(selector, NULL);
    gr_sleep_ns(1);
    gr_chan_close(b);
    CHECK_EQ(recv(done), 0);
    CHECK(taken == 1 || taken == 0 || taken == 3);
    CHECK_EQ(got, 0);
    CHECK_EQ(gr_chan_len(a), 0);
    close_all();
}

static void close_wakes_both_directions(void)
{
    run_seeds(close_body, 300, GR_END_OK);
}

/* ---- many ---------------------------------------------------------------------------- */

enum { MANY = 1000 };
static gr_chan *many[MANY];

static void many_selector(void *unused)
{
    static struct gr_case k[MANY];
    int64_t v;
    (void)unused;
    for (int i = 0; i < MANY; i++)
        k[i] = (struct gr_case)RECV(many[(i * 7) % MANY], &v);
    for (int i = 0; i < 50; i++) {
        int at = gr_select(k, MANY, false);
        CHECK_EQ(v, (at * 7) % MANY);
        send(done, v);
    }
}

static void many_body(void *unused)
{
    (void)unused;
    done = gr_chan_make(8, 0);
    for (int i = 0; i < MANY; i++)
        many[i] = gr_chan_make(8, i % 2);
    gr_go(many_selector, NULL);
    for (int i = 0; i < 50; i++) {
        send(many[i * 19], i * 19);
        CHECK_EQ(recv(done), i * 19);
    }
    for (int i = 0; i < MANY; i++)
        gr_chan_free(many[i]);
    gr_chan_free(done);
}

static void many_cases(void)
{
    for (uint64_t seed = 1; seed <= 5; seed++)
        run_seeded(many_body, NULL, seed, GR_END_OK);
}

static void many_parked(void *unused)
{
    struct gr_case k[40];
    (void)unused;
    for (int i = 0; i < 40; i++)
        k[i] = (struct gr_case)RECV(a, NULL);
    gr_select(k, 40, false);
}

static void drop_body(void *unused)
{
    (void)unused;
    a = gr_chan_make(8, 0);
    for (int i = 0; i < 3; i++)
        gr_go(many_parked, NULL);
    gr_sleep_ns(1);
    gr_chan_free(a);
}

/* Under ASan the leak checker sees what a dropped select would leave behind. */
static void dropped_selects_leave_nothing(void)
{
    run_seeds(drop_body, 300, GR_END_OK);
}

static const struct unit_case cases[] = {
    UNIT(each_ready_case_is_taken),
    UNIT(free_mode_is_uniform),
    UNIT(one_processor_is_uniform),
    UNIT(default_only_when_none_is_ready),
    UNIT(nothing_to_wait_for_blocks),
    UNIT(losers_leave_their_queues),
    UNIT(one_peer_wins),
    UNIT(each_duplicate_can_fire),
    UNIT(no_exchange_with_oneself),
    UNIT(two_selects_meet),
    UNIT(close_wakes_both_directions),
    UNIT(many_cases),
    UNIT(dropped_selects_leave_nothing),
};

UNIT_MAIN(cases)
