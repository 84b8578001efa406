/* SPDX-License-Identifier: BSD-3-Clause */
/* final_test.c - finalizers and cleanups: once, in order, with all that they need. */
#include "rt.h"

#include <unistd.h>

#include "gc/collect.h"

struct box {
    struct box *next;
    int64_t id;
    uint64_t pad[4];
};
static const gr_type box_type = GR_TYPE(struct box, GR_AT(struct box, next));

static struct box *top;
GR_ROOT(top);
static struct box *saved;
GR_ROOT(saved);

static atomic_u64 ran, ids;
static gr_chan *told; /* what ran, in order */

static struct box *box_new(int64_t id, struct box *next)
{
    struct box *b = gr_new(&box_type);
    b->id = id;
    gr_store(&b->next, next);
    return b;
}

/* What a finalizer has done is seen by who sees that it ran: pairs with has_run. */
static void note_run(void)
{
    add_acq_rel(&ran, 1);
}

static uint64_t has_run(void)
{
    return load_acquire(&ran); /* pairs with note_run */
}

static void count(void *object, void *arg)
{
    (void)arg;
    add_relaxed(&ids, (uint64_t)((struct box *)object)->id);
    note_run();
}

static void tell(void *object, void *arg)
{
    (void)arg;
    send(told, ((struct box *)object)->id);
}

static void tell_cleanup(void *arg)
{
    send(told, *(int64_t *)arg);
}

/* A cycle, and time for what it found: finalizers run in a goroutine of their own, and how
 * soon that is served is not ours. */
static void cycle_and_yield(void)
{
    gr_stack_scrub();
    gr_gc();
    for (int k = 0; k < 20; k++)
        gr_yield();
}

/* As many cycles as it takes until n finalizers have run; a stale word may keep an object
 * for some.  Who never sees them hangs. */
static void run_at_least(uint64_t n)
{
    while (has_run() < n)
        cycle_and_yield();
}

static void run_until(uint64_t n)
{
    run_at_least(n);
    CHECK_EQ(has_run(), n);
}

static void cycles(int n)
{
    while (n-- > 0)
        cycle_and_yield();
}

static atomic_u64 drained; /* the number of the last drain of which a mark has run */

static void note_mark(void *object, void *arg)
{
    (void)arg;
    store_release(&drained, (uint64_t)((struct box *)object)->id); /* pairs with drain */
}

static NOINLINE void make_mark(uint64_t nth)
{
    gr_finalizer(box_new((int64_t)nth, NULL), note_mark, NULL);
}

/* What was due so far has run: they run in the order in which they were found.  One mark
 * might be kept by a stale word, not one after the other. */
static void drain(void)
{
    static uint64_t nth;
    nth++;
    while (load_acquire(&drained) != nth) { /* pairs with note_mark */
        make_mark(nth);
        cycle_and_yield();
    }
}

/* How many were told: one.  Where the finalizer runs beside us, another cycle may have
 * brought the next one. */
static void tell_check(void)
{
    CHECK(gr_chan_len(told) >= 1);
    CHECK(gr_chan_len(told) == 1 || !sched_controlled());
}

/* One cycle, or some more where a stale word keeps an object, until something was told. */
static void tell_wait(void)
{
    while (gr_chan_len(told) == 0)
        cycle_and_yield();
}

/* ---- finalizers ---- */

static NOINLINE void make_many(int n)
{
    for (int i = 1; i <= n; i++)
        gr_finalizer(box_new(i, box_new(-i, NULL)), count, NULL);
}

static void once(void *unused)
{
    (void)unused;
    make_many(100);
    run_at_least(98); /* the last ones may be kept by what is left in registers */
    drain();
    drain();
    CHECK(has_run() <= 100);
}

static NOINLINE void make_kept(void)
{
    gr_store(&top, box_new(7, NULL));
    gr_finalizer(top, count, NULL);
}

static void not_while_reachable(void *unused)
{
    (void)unused;
    make_kept();
    drain();
    CHECK_EQ(has_run(), 0);
    gr_store(&top, NULL);
    run_until(1);
    CHECK_EQ(load_relaxed(&ids), 7);
}

static NOINLINE void make_cleared(void)
{
    struct box *b = box_new(7, NULL);
    gr_finalizer(b, count, NULL);
    gr_finalizer(b, NULL, NULL);
}

static void cleared(void *unused)
{
    (void)unused;
    make_cleared();
    cycles(3);
    drain();
    CHECK_EQ(has_run(), 0);
}

/* A refers to B: A's runs first, B's in a later cycle. */
static NOINLINE void make_chain(void)
{
    struct box *b = NULL;
    for (int i = 3; i >= 1; i--) {
        b = box_new(i, b);
        gr_finalizer(b, tell, NULL);
    }
    gr_store(&top, b);
}

static void in_order(void *unused)
{
    (void)unused;
    told = gr_chan_make(8, 100);
    make_chain();
    drain();
    CHECK_EQ(gr_chan_len(told), 0);
    gr_store(&top, NULL);
    for (int i = 1; i <= 3; i++) {
        tell_wait();
        tell_check();
        CHECK_EQ(recv(told), i);
    }
}

static void resurrect(void *object, void *arg)
{
    (void)arg;
    gr_store(&saved, object);
    note_run();
}

static NOINLINE void make_resurrected(void)
{
    gr_finalizer(box_new(5, box_new(6, NULL)), resurrect, NULL);
}

static void resurrected(void *unused)
{
    (void)unused;
    make_resurrected();
    run_until(1);
    CHECK_EQ(saved->id, 5);
    CHECK_EQ(saved->next->id, 6);
    cycles(3);
    CHECK_EQ(saved->next->id, 6);
    gr_store(&saved, NULL);
    cycles(3);
    drain();
    CHECK_EQ(has_run(), 1);
}

/* While one finalizer waits, those behind it in the queue and all that they need are
 * kept. */
static gr_chan *gate;

static void wait_at_gate(void *object, void *arg)
{
    (void)object, (void)arg;
    recv(gate);
}

static void look(void *object, void *arg)
{
    struct box *b = object, *a = arg;
    CHECK(b->id > 0 && b->next->id == -b->id && a->id == 2 * b->id);
    note_run();
}

static NOINLINE void make_blocking(void)
{
    gr_finalizer(box_new(1, NULL), wait_at_gate, NULL);
}

static NOINLINE void make_looked_at(int n)
{
    for (int i = 1; i <= n; i++)
        gr_finalizer(box_new(i, box_new(-i, NULL)), look, box_new(2 * i, NULL));
}

static void queue_is_kept(void *unused)
{
    (void)unused;
    gate = gr_chan_make(8, 10);
    for (int i = 0; i < 4; i++)
        make_blocking();
    cycles(3);
    make_looked_at(50);
    for (int i = 0; i < 4; i++) {
        cycles(1);
        for (int k = 0; k < 5000; k++)
            box_new(12345, NULL);
    }
    CHECK_EQ(has_run(), 0);
    for (int i = 0; i < 10; i++)
        send(gate, 0);
    run_at_least(49);
}

static void leave(void *object, void *arg)
{
    count(object, arg);
    gr_goexit();
}

static NOINLINE void make_leaving(int n)
{
    for (int i = 0; i < n; i++)
        gr_finalizer(box_new(1, NULL), leave, NULL);
    gr_finalizer(box_new(1, NULL), count, NULL);
    gr_finalizer(box_new(1, NULL), count, NULL);
}

static void goexit_ends_one(void *unused)
{
    (void)unused;
    make_leaving(10);
    run_at_least(10);
}

static void bang(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_panic(gr_str("bang"));
}

static NOINLINE void make_banging(void)
{
    for (int i = 0; i < 3; i++)
        gr_finalizer(box_new(1, NULL), bang, NULL);
}

static void panics(void *unused)
{
    (void)unused;
    make_banging();
    for (;;)
        cycle_and_yield();
}

static void set_twice(void *unused)
{
    (void)unused;
    struct box *b = box_new(1, NULL);
    gr_finalizer(b, count, NULL);
    gr_finalizer(b, count, NULL);
}

static void set_inside(void *unused)
{
    (void)unused;
    gr_finalizer(&box_new(1, NULL)->id, count, NULL);
}

static void set_outside(void *unused)
{
    (void)unused;
    gr_finalizer(&ran, count, NULL);
    gr_finalizer(NULL, count, NULL);
    drain();
    CHECK_EQ(has_run(), 0);
}

/* ---- cleanups ---- */

static int64_t numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};

static NOINLINE void make_cleanups(void)
{
    struct box *b = box_new(9, NULL);
    gr_finalizer(b, tell, NULL);
    gr_cleanup c = gr_cleanup_add(b, tell_cleanup, &numbers[1]);
    gr_cleanup_add(&b->id, tell_cleanup, &numbers[2]);
    gr_cleanup_stop(c);
    gr_cleanup_stop(c);
    gr_store(&top, b);
}

/* The finalizer first, what is left of the cleanups when the object dies again. */
static void cleanups(void *unused)
{
    (void)unused;
    told = gr_chan_make(8, 100);
    make_cleanups();
    drain();
    CHECK_EQ(gr_chan_len(told), 0);
    gr_store(&top, NULL);
    tell_wait();
    tell_check();
    CHECK_EQ(recv(told), 9);
    tell_wait();
    tell_check();
    CHECK_EQ(recv(told), 2);
    drain();
    CHECK_EQ(gr_chan_len(told), 0); /* the other one was stopped */
}

static void cleanup_self(void *unused)
{
    (void)unused;
    struct box *b = box_new(9, NULL);
    gr_cleanup_add(b, tell_cleanup, b);
}

#define BOTH(name, fn)                                                                     \
    static void name##_p2(void)                                                            \
    {                                                                                      \
        run_free(2, fn, NULL);                                                             \
    }                                                                                      \
    static void name##_controlled(void)                                                    \
    {                                                                                      \
        run_seeded(fn, NULL, 1, GR_END_OK);                                                \
    }
BOTH(finalizers_run_once, once)
BOTH(finalizers_wait, not_while_reachable)
BOTH(finalizers_clear, cleared)
BOTH(finalizers_order, in_order)
BOTH(finalizers_resurrect, resurrected)
BOTH(queue_keeps, queue_is_kept)
BOTH(goexit_in_finalizer, goexit_ends_one)
BOTH(cleanups_run, cleanups)

static void panic_kills(void)
{
    run_free(2, panics, NULL);
}
static void twice_is_fatal(void)
{
    run_free(2, set_twice, NULL);
}
static void inside_is_fatal(void)
{
    run_free(2, set_inside, NULL);
}
static void outside_is_nothing(void)
{
    run_free(2, set_outside, NULL);
}
static void cleanup_of_itself(void)
{
    run_free(2, cleanup_self, NULL);
}

static const struct unit_case cases[] = {
    UNIT(finalizers_run_once_p2),
    UNIT(finalizers_run_once_controlled),
    UNIT(finalizers_wait_p2),
    UNIT(finalizers_wait_controlled),
    UNIT(finalizers_clear_p2),
    UNIT(finalizers_clear_controlled),
    UNIT(finalizers_order_p2),
    UNIT(finalizers_order_controlled),
    UNIT(finalizers_resurrect_p2),
    UNIT(finalizers_resurrect_controlled),
    UNIT(queue_keeps_p2),
    UNIT(queue_keeps_controlled),
    UNIT(goexit_in_finalizer_p2),
    UNIT(goexit_in_finalizer_controlled),
    UNIT(cleanups_run_p2),
    UNIT(cleanups_run_controlled),
    UNIT_EXITS(panic_kills, 2, "panic: bang\n"),
    UNIT_EXITS(twice_is_fatal, 2,
               "fatal error: runtime.SetFinalizer: finalizer already set\n"),
    UNIT_EXITS(inside_is_fatal, 2,
               "fatal error: runtime.SetFinalizer: pointer not at beginning of allocated "
               "block\n"),
    UNIT(outside_is_nothing),
    UNIT_EXITS(cleanup_of_itself, 2,
               "panic: runtime.AddCleanup: ptr is equal to arg, cleanup will never run\n"),
};
UNIT_MAIN(cases)
