/* SPDX-License-Identifier: BSD-3-Clause */
/* chantype_test.c - collected channels: what lies in them is kept, what has left them is
 * not, and nothing is lost on its way through them; other records that hold pointers of the
 * program: timers.
 */
#include "unit.h"

#include <unistd.h>

#include "gr.h"
#include "heap/heap.h"
#include "rt.h"

struct thing {
    struct thing *next;
    uint64_t number;
};
static const gr_type thing_type = GR_TYPE(struct thing, GR_AT(struct thing, next));

/* An element with a pointer behind something else. */
struct parcel {
    uint64_t weight;
    struct thing *thing;
};
static const gr_type parcel_type = GR_TYPE(struct parcel, GR_AT(struct parcel, thing));

#define THINGS 50

static gr_weak *weak[THINGS]; /* what became of the things */
GR_ROOT(weak);
static gr_chan *chan;
GR_ROOT(chan);
static atomic_u32 done;

static void wait_done(uint32_t n)
{
    while (load_acquire(&done) < n)
        gr_yield();
}

static struct thing *thing_new(uint64_t number)
{
    struct thing *t = gr_new(&thing_type);
    t->number = number;
    return t;
}

static NOINLINE void send_things(gr_chan *c, int n)
{
    for (int i = 0; i < n; i++) {
        struct thing *t = thing_new((uint64_t)i);
        gr_store(&weak[i], gr_weak_new(t));
        gr_chan_send(c, &t);
    }
}

static NOINLINE int alive(int n)
{
    int count = 0;
    gr_stack_scrub();
    gr_gc();
    for (int i = 0; i < n; i++)
        count += gr_weak_get(weak[i]) != NULL;
    return count;
}

static NOINLINE void recv_things(gr_chan *c, int n, bool is_wanted)
{
    for (int i = 0; i < n; i++) {
        struct thing *t = NULL;
        CHECK(gr_chan_recv(c, is_wanted ? &t : NULL));
        CHECK(!is_wanted || t->number == (uint64_t)i);
    }
}

/* ---- buffers ------------------------------------------------------------------------- */

/* A few may stay for a word on somebody's stack that looks like their address. */
static void buffer_main(void *unused)
{
    (void)unused;
    gr_store(&chan, gr_chan_new(&gr_type_pointer, THINGS));
    send_things(chan, THINGS);
    CHECK_EQ(alive(THINGS), THINGS);
    recv_things(chan, THINGS / 2, true);
    CHECK(alive(THINGS) <= THINGS / 2 + 3);
    recv_things(chan, THINGS / 2, false);
    CHECK(alive(THINGS) <= 3);
    CHECK_EQ(gr_chan_cap(chan), THINGS);
}

static void buffers_keep(void)
{
    run_free(2, buffer_main, NULL);
}

static NOINLINE void drop_chan(void)
{
    gr_chan *c = gr_chan_new(&gr_type_pointer, THINGS);
    gr_store(&weak[0], gr_weak_new(c));
    struct thing *t = thing_new(1);
    gr_store(&weak[1], gr_weak_new(t));
    gr_chan_send(c, &t);
    gr_chan_free(c); /* nothing */
    CHECK(gr_chan_recv(c, &t) && t->number == 1);
    gr_chan_send(c, &t);
    gr_store(&weak[2], gr_weak_new(gr_chan_new(&thing_type, 3)));
}

static void dropped_main(void *unused)
{
    (void)unused;
    drop_chan();
    gr_stack_scrub();
    CHECK_EQ(alive(3), 0);
}

static void dropped_channels_go(void)
{
    run_free(1, dropped_main, NULL);
}

/* Channels are as others in all that gr_chan_make promises. */
static void limits_main(void *kind)
{
    gr_type huge = {.size = GR_ELEM_MAX + 1, .name = "huge"};
    if (*(int *)kind == 0)
        gr_chan_new(&gr_type_pointer, -1);
    else if (*(int *)kind == 1)
        gr_chan_new(&gr_type_pointer, INT64_MAX);
    else
        gr_chan_new(&huge, 1);
}

static void limits(void)
{
    for (int kind = 0; kind < 3; kind++)
        run_seeded(limits_main, &kind, 1, GR_END_PANIC);
}

/* ---- those who wait ------------------------------------------------------------------ */

static void sender(void *number)
{
    struct parcel p = {(uintptr_t)number, thing_new((uintptr_t)number)};
    gr_store(&weak[(uintptr_t)number], gr_weak_new(p.thing));
    struct gr_case c[] = {SEND(chan, &p), RECV(NULL, NULL)};
    add_acq_rel(&done, 1);
    if ((uintptr_t)number % 2 == 0)
        gr_chan_send(chan, &p);
    else
        gr_select(c, 2, false);
    add_acq_rel(&done, 1);
}

static void senders_main(void *unused)
{
    (void)unused;
    gr_store(&chan, gr_chan_new(&parcel_type, 0));
    for (uintptr_t i = 0; i < THINGS; i++)
        gr_go(sender, (void *)i);
    wait_done(THINGS);
    CHECK_EQ(alive(THINGS), THINGS);
    for (int i = 0; i < THINGS; i++) {
        struct parcel p = {0, NULL};
        CHECK(gr_chan_recv(chan, &p));
        CHECK_EQ(p.thing->number, p.weight);
    }
    wait_done(2 * THINGS);
    gr_yield();
    CHECK(alive(THINGS) <= 3);
}

static void waiting_senders_keep(void)
{
    run_free(2, senders_main, NULL);
}

/* ---- timers -------------------------------------------------------------------------- */

static void expired(void *arg)
{
    CHECK_EQ(((struct thing *)arg)->number, 7);
    add_acq_rel(&done, 1);
}

static NOINLINE gr_timer *arm(int64_t d_ns)
{
    struct thing *t = thing_new(7);
    gr_store(&weak[0], gr_weak_new(t));
    return gr_timer_func(d_ns, expired, t);
}

static void timer_main(void *unused)
{
    (void)unused;
    gr_timer *t = arm(INT64_MAX);
    CHECK_EQ(alive(1), 1);
    CHECK(gr_timer_stop(t));
    CHECK_EQ(alive(1), 1); /* it may be armed again */
    gr_timer_reset(t, 1);
    wait_done(1);
    gr_timer_free(t);
    while (alive(1) != 0) /* the call may not have ended yet */
        gr_yield();
    t = arm(1000000); /* cycles all the time, until it is due */
    while (load_acquire(&done) < 2)
        gr_gc();
    gr_timer_free(t);
}

static void timers_keep(void)
{
    run_free(2, timer_main, NULL);
}

/* ---- shading ------------------------------------------------------------------------- */

/* As if a cycle marked: what leaves its place becomes marked. */
static bool is_marked(const void *p)
{
    struct heap_ref r;
    CHECK(heap_find(p, &r));
    return heap_bit(r.meta->marks, r.slot);
}

static void unmark(const void *p)
{
    struct heap_ref r;
    CHECK(heap_find(p, &r));
    atomic_fetch_and_explicit(&r.meta->marks[r.slot / 64], ~((uint64_t)1 << r.slot % 64),
                              memory_order_relaxed);
}

static void marking(bool is_on)
{
    sched_stop_world("chantype_test");
    store_relaxed(&gc_is_marking, is_on);
    sched_start_world();
}

/* A receive into a field: the value leaves the buffer, what was in the field is lost. */
static void shade_main(void *unused)
{
    (void)unused;
    gr_gc_percent(-1);
    gr_store(&chan, gr_chan_new(&gr_type_pointer, 1));
    struct thing *holder = thing_new(1), *old = thing_new(2), *moved = thing_new(3);
    gr_store(&holder->next, old);
    gr_chan_send(chan, &moved);
    unmark(old);
    unmark(moved);
    marking(true);
    CHECK(gr_chan_recv(chan, &holder->next));
    CHECK(is_marked(old));
    CHECK(is_marked(moved));
    unmark(moved);
    gr_chan_close(chan);
    CHECK(!gr_chan_recv(chan, &holder->next)); /* clears it */
    CHECK(is_marked(moved));
    _exit(0); /* the collector would not believe what it finds */
}

static void what_moves_is_shaded(void)
{
    run_free(1, shade_main, NULL);
}

/* ---- all at once --------------------------------------------------------------------- */

#define MOVERS 8
#define LAPS 2000

static gr_chan *ring[MOVERS];
GR_ROOT(ring);
static atomic_u32 ended;

/* Takes a chain of things from one channel, checks it, puts a new one in front and the last
 * one away, and hands it on: every pointer is on its way all the time. */
static void mover(void *number)
{
    uintptr_t me = (uintptr_t)number;
    gr_chan *in = ring[me], *out = ring[(me + 1) % MOVERS];
    struct thing *holder = thing_new(0);
    for (int lap = 0; lap < (unit_is_slow() ? LAPS / 10 : LAPS); lap++) {
        struct gr_case c[] = {RECV(in, &holder->next), RECV(NULL, NULL)};
        if (lap % 3 == 0)
            gr_select(c, 2, false);
        else
            gr_chan_recv(in, &holder->next);
        struct thing *chain = holder->next;
        int length = 0;
        for (struct thing *t = chain; t != NULL; t = t->next, length++)
            CHECK_EQ(t->number, chain->number);
        CHECK_EQ(length, 3);
        struct thing *first = thing_new(chain->number);
        gr_store(&first->next, chain);
        gr_store(&chain->next->next, NULL);
        gr_chan_send(out, &first);
    }
    add_acq_rel(&ended, 1);
}

static void torture_main(void *unused)
{
    (void)unused;
    for (int i = 0; i < MOVERS; i++)
        gr_store(&ring[i], gr_chan_new(&gr_type_pointer, i % 3));
    for (uintptr_t i = 0; i < MOVERS; i++)
        gr_go_opt(mover, (void *)i, i % 2 == 0 ? GR_NOESCAPE : 0);
    for (uint64_t i = 1; i <= MOVERS / 2; i++) {
        struct thing *a = thing_new(i), *b = thing_new(i), *c = thing_new(i);
        gr_store(&a->next, b);
        gr_store(&b->next, c);
        gr_chan_send(ring[i], &a);
    }
    while (load_acquire(&ended) == 0)
        gr_gc();
    _exit(0); /* the others wait for who has ended */
}

static void torture_p1(void)
{
    run_free(1, torture_main, NULL);
}

static void torture_p4(void)
{
    run_free(4, torture_main, NULL);
}

static const struct unit_case cases[] = {
    UNIT(buffers_keep),         UNIT(dropped_channels_go), UNIT(limits),
    UNIT(waiting_senders_keep), UNIT(timers_keep),         UNIT(what_moves_is_shaded),
    UNIT(torture_p1),           UNIT(torture_p4),
};
UNIT_MAIN(cases)
