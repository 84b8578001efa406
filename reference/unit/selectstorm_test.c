/* SPDX-License-Identifier: BSD-3-Clause */
/* selectstorm_test.c - selects on several processors: nothing is lost or served twice, and
 * a default is taken at one moment only. */
#include "rt.h"

static gr_chan *a, *b, *done;

enum { PLAYERS = 6 };
static int rounds;
static gr_chan *table[3];
static gr_atomic sent, received, finished;

/* Sends on one channel or receives from the next, whatever comes first: tokens are
 * conserved. */
static void player(void *arg)
{
    intptr_t me = (intptr_t)arg;
    for (int i = 0; i < rounds; i++) {
        int64_t v = me * 1000000 + i, x = 0;
        struct gr_case k[] = {SEND(table[me % 3], &v), RECV(table[(me + 1) % 3], &x),
                              RECV(table[me % 3], &x), SEND(table[(me + 2) % 3], &v)};
        int at = gr_select(k, 4, false);
        if (at == 1 || at == 2)
            gr_atomic_add(&received, x);
        else
            gr_atomic_add(&sent, v);
    }
    gr_atomic_add(&finished, 1);
}

static void drain(void)
{
    int64_t x = 0, v = 0;
    bool ok;
    for (int i = 0; i < 3; i++) {
        while (gr_chan_try_recv(table[i], &x, &ok))
            gr_atomic_add(&received, x);
        gr_chan_try_send(table[i], &v); /* serves a stuck receiver; the next round drains */
    }
}

static void players_body(void *cap)
{
    for (int i = 0; i < 3; i++)
        table[i] = gr_chan_make(8, (int64_t)(intptr_t)cap);
    for (intptr_t i = 1; i <= PLAYERS; i++)
        gr_go(player, (void *)i);
    while (gr_atomic_load(&finished) < PLAYERS) {
        drain();
        gr_yield();
    }
    drain();
    drain();
    CHECK_EQ(gr_atomic_load(&sent), gr_atomic_load(&received));
}

static void players(intptr_t cap)
{
    rounds = unit_is_slow() ? 300 : 20000;
    gr_noise(1, unit_seed());
    CHECK_EQ(gr_main(players_body, (void *)cap), 0);
}

static void tokens_are_conserved(void)
{
    players(0);
}
static void buffered_tokens_are_conserved(void)
{
    players(2);
}

/* A value is always in a or in b, never in between: it is put into the one before it is
 * taken from the other.  So no select with a default may find both empty, however its look
 * at the two falls. */
static _Atomic bool is_over;

static void mover(void *unused)
{
    (void)unused;
    while (!load_relaxed(&is_over)) {
        send(b, 1);
        recv(a);
        send(a, 1);
        recv(b);
    }
    send(done, 0);
}

static void moment_body(void *unused)
{
    int64_t v;
    (void)unused;
    a = gr_chan_make(8, 2);
    b = gr_chan_make(8, 2);
    done = gr_chan_make(8, 0);
    send(a, 1);
    gr_go(mover, NULL);
    for (int i = 0; i < rounds; i++) {
        int taken;
        struct gr_case k[] = {RECV(a, &v), RECV(NULL, &v), RECV(b, &v)};
        taken = gr_select(k, 3, true);
        CHECK(taken == 0 || taken == 2);
        send(k[taken].ch, 1);
    }
    store_relaxed(&is_over, true);
    recv(done);
}

static void default_is_of_one_moment(void)
{
    rounds = unit_is_slow() ? 3000 : 100000;
    gr_noise(1, unit_seed());
    run_free(2, moment_body, NULL);
}

static const struct unit_case cases[] = {
    UNIT(tokens_are_conserved),
    UNIT(buffered_tokens_are_conserved),
    UNIT(default_is_of_one_moment),
};

UNIT_MAIN(cases)
