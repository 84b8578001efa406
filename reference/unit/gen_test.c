/* SPDX-License-Identifier: BSD-3-Clause */
/* gen_test.c - generational mode: what minor cycles keep, free and leave alone, and when
 * they happen. */
#include "young.h"

#include "gc/gen.h"

/* ---- what survives, and what does not ---- */

static void frees_young(void *unused)
{
    (void)unused;
    gr_store(&old, leaf(1));
    uint64_t before = objects_after(gr_gc);
    for (int i = 0; i < 5000; i++)
        leaf(2);
    CHECK(stats_now().heap_objects >= before + 5000);
    CHECK(objects_after(gr_gc_minor) < before + 100);
    CHECK_EQ(old->key, 1);
    CHECK_EQ(stats_now().num_minor, 1);
    CHECK_EQ(stats_now().num_gc, 2);
}

/* What has survived anything is freed by major cycles alone. */
static void keeps_old(void *unused)
{
    (void)unused;
    gr_store(&table, gr_new_array(&gr_type_pointer, 3000));
    uint64_t none = objects_after(gr_gc);
    for (int i = 0; i < 3000; i++)
        gr_store(&table[i], leaf(3));
    uint64_t all = objects_after(gr_gc_minor);
    CHECK(all >= none + 3000);
    gr_clear(&gr_type_pointer, table, 3000);
    CHECK(objects_after(gr_gc_minor) >= none + 3000);
    CHECK(objects_after(gr_gc) < none + 100);
}

/* A minor cycle has little to look at, and counts what it leaves alone as live. */
static void accounts(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100000; i++) {
        struct node *n = leaf(3);
        gr_store(&n->left, old);
        gr_store(&old, n);
    }
    gr_gc();
    gr_stack_scrub();
    uint64_t live = heap_live();
    CHECK(mark_scanned() > 6 * MB && live > 6 * MB);
    CHECK_EQ(heap_old(), live);
    for (int i = 0; i < 5; i++) {
        gr_gc_minor();
        CHECK(cycle_is_minor());
        CHECK(mark_scanned() < MB);
        CHECK(heap_live() >= live && heap_live() < live + 200 * KB);
        struct gr_mem_stats s = stats_now();
        CHECK_EQ(s.heap_objects, s.mallocs - s.frees);
    }
}

/* ---- stacks ---- */

static atomic_u32 nready;
static gr_chan *gate;

static void sits(void *unused)
{
    (void)unused;
    struct node *mine = leaf(7), *got = NULL;
    add_acq_rel(&nready, 1);
    gr_chan_recv(gate, &got);
    CHECK_EQ(mine->key, 7);
    CHECK_EQ(got->key, 8);
    struct node *next = leaf(9); /* it is touched now, and waits again */
    gr_chan_recv(gate, &got);
    CHECK_EQ(mine->key, 7);
    CHECK_EQ(next->key, 9);
    CHECK_EQ(got->key, 8);
    add_acq_rel(&nready, 1);
}

static void wait_ready(uint32_t n)
{
    while (load_acquire(&nready) < n)
        gr_yield();
    for (int i = 0; i < 20; i++)
        gr_yield();
}

static NOINLINE void feed(int n)
{
    for (int i = 0; i < n; i++) {
        struct node *v = leaf(8);
        gr_chan_send(gate, &v);
    }
}

static void stacks_of(unsigned options)
{
    enum { N = 50 };
    gr_root_add(&gate, sizeof gate);
    gr_store(&gate, gr_chan_new(&gr_type_pointer, 0));
    for (int i = 0; i < N; i++)
        gr_go_opt(sits, NULL, options);
    wait_ready(N);
    trample();
    feed(N);
    trample();
    feed(N);
    trample();
    wait_ready(2 * N);
}

static void stacks(void *unused)
{
    (void)unused;
    stacks_of(0);
}
static void stacks_own(void *unused)
{
    (void)unused;
    stacks_of(GR_NOESCAPE);
}

/* Another goroutine writes to a stack, as it may: the owner did not promise more. */
static void writes_there(void *at)
{
    *(struct node **)at = leaf(11);
    add_acq_rel(&nready, 1);
}

static void owner(void *unused)
{
    struct node *there = NULL;
    (void)unused;
    gr_chan *c = gr_chan_new(&gr_type_pointer, 0);
    gr_store(&gate, c);
    add_acq_rel(&nready, 1);
    void *p = &there;
    gr_go(writes_there, p);
    gr_chan_recv(c, NULL);
    CHECK_EQ(there->key, 11);
    add_acq_rel(&nready, 1);
}

static void foreign_stack(void *unused)
{
    (void)unused;
    gr_root_add(&gate, sizeof gate);
    gr_go(owner, NULL);
    wait_ready(2);
    trample();
    struct node *v = NULL;
    gr_chan_send(gate, &v);
    wait_ready(3);
}

/* Those that wait on a stack of their own since the last cycle are not looked at. */
static void sleeps(void *unused)
{
    (void)unused;
    add_acq_rel(&nready, 1);
    gr_chan_recv(gate, NULL);
    add_acq_rel(&nready, 1);
}

static uint64_t roots_of_minor(void)
{
    gr_gc_minor();
    return mark_scanned_roots();
}

static uint64_t skipped(unsigned options)
{
    enum { N = 400 };
    store_relaxed(&nready, 0);
    gr_store(&gate, gr_chan_new(&gr_type_pointer, 0));
    uint64_t before = roots_of_minor();
    for (int i = 0; i < N; i++)
        gr_go_opt(sleeps, NULL, options);
    wait_ready(N);
    roots_of_minor();
    uint64_t bytes = roots_of_minor();
    gr_chan_close(gate);
    wait_ready(2 * N);
    return bytes > before ? (bytes - before) / N : 0;
}

static void skips(void *unused)
{
    (void)unused;
    gr_root_add(&gate, sizeof gate);
    CHECK(skipped(0) > 100);
    CHECK(skipped(GR_NOESCAPE) < 20);
}

/* ---- ends of objects ---- */

static atomic_u32 nfinal;

static void finalized(void *object, void *arg)
{
    CHECK_EQ(((struct node *)object)->key, 5);
    CHECK_EQ(((struct node *)object)->left->key, 6);
    CHECK_EQ(((struct node *)arg)->key, 7);
    add_acq_rel(&nfinal, 1);
}

static NOINLINE gr_weak *doomed(bool has_finalizer)
{
    struct node *n = leaf(5);
    gr_store(&n->left, leaf(6));
    if (has_finalizer)
        gr_finalizer(n, finalized, leaf(7));
    return gr_weak_new(n);
}

static void ends(void *unused)
{
    (void)unused;
    gr_weak *plain = doomed(false), *final = doomed(true);
    gr_gc_minor();
    trample();
    while (load_acquire(&nfinal) == 0)
        gr_yield();
    CHECK(gr_weak_get(plain) == NULL && gr_weak_get(final) == NULL);
    gr_store(&old, leaf(4));
    gr_weak *kept = gr_weak_new(old);
    trample();
    CHECK(gr_weak_get(kept) == old);
    gr_store(&old, NULL);
    trample();
    CHECK(gr_weak_get(kept) != NULL); /* it is old */
    gr_stack_scrub();
    gr_gc();
    CHECK(gr_weak_get(kept) == NULL);
}

/* ---- the decisions ---- */

static void decides(void)
{
    struct gen_in in = {.live = 100 * MB, .floor = 100 * MB, .trigger = 180 * MB};
    struct gen_out out = gen_next(&in);
    CHECK(out.is_minor && out.trigger == 140 * MB);
    in.live = 170 * MB; /* little room is left */
    out = gen_next(&in);
    CHECK(!out.is_minor && out.trigger == 180 * MB);
    in.live = 200 * MB;
    CHECK(!gen_next(&in).is_minor);
    in.live = 100 * MB;
    in.waits = 1;
    out = gen_next(&in);
    CHECK(!out.is_minor && out.trigger == 180 * MB);
    in = (struct gen_in){.live = MB, .floor = MB, .trigger = 4 * MB}; /* small heaps */
    CHECK(!gen_next(&in).is_minor);
    in = (struct gen_in){.live = MB, .floor = MB, .trigger = PACE_OFF};
    CHECK(!gen_next(&in).is_minor && gen_next(&in).trigger == PACE_OFF);
}

static void luck_runs_out(void)
{
    struct gen_luck l = {0, 0};
    l = gen_minor(l, 100 * MB, 10 * MB, 20 * MB);
    CHECK_EQ(l.waits, 0);
    for (uint32_t want = 1; want <= 16; want *= 2) {
        l = gen_minor(l, 100 * MB, 90 * MB, 20 * MB);
        CHECK_EQ(l.waits, want);
        for (uint32_t i = 0; i < want + 2; i++)
            l = gen_major(l);
        CHECK_EQ(l.waits, 0);
    }
    l = gen_minor(l, 100 * KB, 100 * KB, 0); /* too few to tell */
    CHECK_EQ(l.waits, 0);
    l = gen_minor(l, 100 * MB, 10 * MB, 0);
    l = gen_minor(l, 100 * MB, 10 * MB, 200 * MB); /* it looked at more than it freed */
    CHECK_EQ(l.waits, 1);
}

/* By itself: a large old heap, and garbage.  What is allocated while a cycle marks is old
 * at its end, so how many are major depends on who gets how much of the machine. */
static void by_itself(void *unused)
{
    enum { N = 200000 };
    (void)unused;
    gr_gc_percent(-1); /* while all survives, minor cycles come to be mistrusted */
    gr_store(&table, gr_new_array(&gr_type_pointer, N));
    for (int i = 0; i < N; i++)
        gr_store(&table[i], leaf(3));
    gr_gc();
    gr_gc_percent(100);
    for (int i = 0; i < 100 * N && stats_now().num_minor < 3; i += N / 10)
        for (int k = 0; k < N / 10; k++)
            leaf(4);
    CHECK(stats_now().num_minor >= 3);
    for (int i = 0; i < N; i++)
        CHECK_EQ(table[i]->key, 3);
}

static void runs_by_itself(void)
{
    base_boot();
    env_knobs.generational = 1;
    run_free(2, by_itself, NULL);
}

YOUNG(minor_frees_young, 2, frees_young)
YOUNG(minor_keeps_old, 2, keeps_old)
YOUNG(minor_accounts, 2, accounts)
YOUNG(stacks_are_seen_p1, 1, stacks)
YOUNG(stacks_are_seen_p2, 2, stacks)
YOUNG(own_stacks_are_seen_p1, 1, stacks_own)
YOUNG(own_stacks_are_seen_p2, 2, stacks_own)
YOUNG(foreign_stacks_are_seen, 2, foreign_stack)
YOUNG(waiting_stacks_are_skipped, 2, skips)
YOUNG(ends_of_young_objects, 2, ends)

static const struct unit_case cases[] = {
    UNIT(minor_frees_young),
    UNIT(minor_keeps_old),
    UNIT(minor_accounts),
    UNIT(stacks_are_seen_p1),
    UNIT(stacks_are_seen_p2),
    UNIT(own_stacks_are_seen_p1),
    UNIT(own_stacks_are_seen_p2),
    UNIT(foreign_stacks_are_seen),
    UNIT(waiting_stacks_are_skipped),
    UNIT(ends_of_young_objects),
    UNIT(decides),
    UNIT(luck_runs_out),
    UNIT(runs_by_itself),
};
UNIT_MAIN(cases)
