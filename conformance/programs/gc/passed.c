/* SPDX-License-Identifier: BSD-3-Clause */
/* As gc/stores, with channels for holders: what leaves a buffer goes into that of a new
 * channel.  Then a crowd whose objects are nowhere but on stacks.
 */
#include "gc/exchange.h"

#define CHANNELS 3000
#define STEPS 15000
#define COLLECTIONS 4
#define CROWD 20
#define HANDS 30 /* objects that each of them has */
#define PASSES 1000

static gr_chan **table; /* collected */
static gr_chan *market;
GR_ROOT(table);
GR_ROOT(market);
static gr_wg all;
static gr_atomic gone;

static void put_send(void *c, struct object *o)
{
    gr_chan_send(c, &o);
}

static struct object *take_receive(void *c)
{
    struct object *o = NULL;
    gr_chan_recv(c, &o);
    return o;
}

static void put_try(void *c, struct object *o)
{
    need(gr_chan_try_send(c, &o), "a buffer is full");
}

static struct object *take_try(void *c)
{
    struct object *o = NULL;
    bool ok = false;
    need(gr_chan_try_recv(c, &o, &ok) && ok, "a buffer is empty");
    return o;
}

static void put_select(void *c, struct object *o)
{
    struct gr_case cases[] = {GR_CASE_SEND(c, &o), GR_CASE_RECV(market, NULL)};
    need(gr_select(cases, 2, false) == 0, "the wrong case");
}

static struct object *take_select(void *c)
{
    struct object *o = NULL, *other = NULL;
    struct gr_case cases[] = {GR_CASE_RECV(market, &other), GR_CASE_RECV(c, &o)};
    need(gr_select(cases, 2, false) == 1, "the wrong case");
    return o;
}

static void put_closed(void *c, struct object *o)
{
    gr_chan_send(c, &o);
    gr_chan_close(c);
}

static void *channel_new(int64_t unused)
{
    (void)unused;
    return gr_chan_new(&gr_type_pointer, 2);
}

static void moves(void *exchange)
{
    const struct exchange *x = exchange;
    gr_store(&table, gr_new_array(&gr_type_pointer, CHANNELS));
    for (int64_t i = 0; i < CHANNELS; i++) {
        gr_store(&table[i], channel_new(i));
        x->put(table[i], object_new(i));
    }
    struct holders h = {.table = (void **)table, .n = CHANNELS, .fresh = channel_new};
    exchange_run(x, &h, STEPS, COLLECTIONS);
}

static void ends(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

/* All channels are filled and emptied again. */
static void pass(void *unused)
{
    (void)unused;
    gr_store(&table, gr_new_array(&gr_type_pointer, CHANNELS));
    for (int64_t i = 0; i < CHANNELS; i++) {
        struct object *o = object_new(i);
        gr_finalizer(o, ends, NULL);
        gr_store(&table[i], gr_chan_new(&gr_type_pointer, 2));
        gr_chan_send(table[i], &o);
        gr_chan_recv(table[i], &o);
    }
}

/* What was received and dropped is gone while its channel lives. */
static void let_go(void)
{
    elsewhere(pass, NULL);
    need(collect_until(&gone, CHANNELS - CHANNELS / 100), "an empty buffer keeps");
    puts("received: let go");
}

/* Everybody gives one of theirs to whoever takes it, and takes what another one gives. */
static void trader(void *arg)
{
    struct object *hand[HANDS];
    uint64_t random = (uintptr_t)arg;
    for (int i = 0; i < HANDS; i++)
        hand[i] = object_new(7);
    for (int n = 0; n < PASSES; n++) {
        int64_t i = pick(&random, HANDS);
        struct object *got = NULL, *given = hand[i];
        struct gr_case cases[] = {GR_CASE_SEND(market, &given), GR_CASE_RECV(market, &got)};
        hand[i] = NULL;
        if (gr_select(cases, 2, false) == 0)
            gr_chan_recv(market, &got);
        else
            gr_chan_send(market, &given);
        given = NULL;
        need(is_whole(got, 7), "stack to stack");
        hand[i] = pick(&random, 8) == 0 ? object_new(7) : got;
    }
    for (int i = 0; i < HANDS; i++)
        need(is_whole(hand[i], 7), "stack to stack");
    gr_wg_done(&all);
}

static void tells(void *done)
{
    gr_wg_wait(&all);
    gr_chan_close(done);
}

/* Nobody trades with himself: the last of them trade with us. */
static void crowd(void *unused)
{
    static struct collecting c; /* not on a stack that may be squeezed while it waits */
    struct object *o = NULL;
    gr_chan *done = gr_chan_new(&gr_type_pointer, 0);
    struct gr_case cases[] = {GR_CASE_RECV(market, &o), GR_CASE_RECV(done, NULL)};
    (void)unused;
    gr_wg_add(&all, CROWD);
    for (uintptr_t i = 0; i < CROWD; i++)
        gr_go(trader, (void *)i);
    gr_go(tells, done);
    collecting_begin(&c);
    while (gr_select(cases, 2, false) == 0)
        gr_chan_send(market, &o);
    collecting_end(&c);
    puts("stack to stack: whole");
}

static void body(void *unused)
{
    static struct exchange kinds[] = {
        {"receive", take_receive, put_send},
        {"try", take_try, put_try},
        {"select", take_select, put_select},
        {"closed", take_receive, put_closed},
    };
    (void)unused;
    gr_store(&market, gr_chan_new(&gr_type_pointer, 0));
    for (int i = 0; i < 4; i++)
        elsewhere(moves, &kinds[i]);
    let_go();
    elsewhere(crowd, NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
