/* SPDX-License-Identifier: BSD-3-Clause */
/* litter_test.c - what an ended goroutine has left on its stack keeps nothing while
 * finalizers run there.
 *
 * Frames have words that nobody writes, and goroutines' stacks are scanned conservatively.
 * So all stacks that the goroutine of the finalizers may get are littered with objects that
 * nobody has any more; and a finalizer waits there, in a frame with much room.  Any word of
 * any goroutine may be stale and keep one of them, or some: but not most.
 */
#include "rt.h"

struct box {
    struct box *next;
    int64_t id;
};
static const gr_type box_type = GR_TYPE(struct box, GR_AT(struct box, next));

#define BOXES 64
static struct box *tops[BOXES];
GR_ROOT(tops);
static gr_weak *weaks[BOXES];
GR_ROOT(weaks);

static gr_chan *gate;
static atomic_u32 ended, is_waiting;

static void cycle_and_yield(void)
{
    gr_stack_scrub();
    gr_gc();
    for (int k = 0; k < 20; k++)
        gr_yield();
}

static NOINLINE void make_boxes(void)
{
    for (int i = 0; i < BOXES; i++) {
        gr_store(&tops[i], gr_new(&box_type));
        gr_store(&weaks[i], gr_weak_new(tops[i]));
    }
}

static NOINLINE int count_kept(void)
{
    int n = 0;
    for (int i = 0; i < BOXES; i++)
        n += gr_weak_get(weaks[i]) != NULL;
    return n;
}

static NOINLINE void litter(void)
{
    struct box *volatile words[16 * BOXES];
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        words[i] = tops[i % BOXES];
}

static void former(void *unused)
{
    (void)unused;
    recv(gate); /* all of them live at once: each has a stack of its own */
    litter();
    add_acq_rel(&ended, 1);
}

static void wait_with_room(void *object, void *arg)
{
    volatile char room[4 * BOXES * sizeof(void *)];
    (void)object, (void)arg;
    gr_keep_alive((char *)room);
    store_release(&is_waiting, 1); /* pairs with the acquire in finalizer_waits */
    recv(gate);
    gr_keep_alive((char *)room);
}

static NOINLINE void make_waiting(void)
{
    gr_finalizer(gr_new(&box_type), wait_with_room, NULL);
}

static void finalizer_waits(void *unused)
{
    enum { FORMERS = 40 }; /* more than a P keeps stacks */
    (void)unused;
    gate = gr_chan_make(sizeof(int64_t), 0);
    gr_gc(); /* the collector's own goroutines have theirs */
    make_boxes();
    for (int i = 0; i < FORMERS; i++)
        gr_go(former, NULL);
    gr_yield();
    for (int i = 0; i < FORMERS; i++)
        send(gate, 0);
    while (load_acquire(&ended) < FORMERS) /* pairs with the add in former */
        gr_yield();
    make_waiting();
    while (load_acquire(&is_waiting) == 0) /* pairs with the release in wait_with_room */
        cycle_and_yield();
    CHECK_EQ(count_kept(), BOXES);
    for (int i = 0; i < BOXES; i++)
        gr_store(&tops[i], NULL);
    for (int i = 0; i < 3; i++)
        cycle_and_yield();
    CHECK(count_kept() <= BOXES / 4);
    send(gate, 0);
}

/* With one P nobody else has stacks to give. */
static void finalizers_p1(void)
{
    run_free(1, finalizer_waits, NULL);
}
static void finalizers_controlled(void)
{
    run_seeded(finalizer_waits, NULL, 1, GR_END_OK);
}

static const struct unit_case cases[] = {
    UNIT(finalizers_p1),
    UNIT(finalizers_controlled),
};
UNIT_MAIN(cases)
