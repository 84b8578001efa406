/* SPDX-License-Identifier: BSD-3-Clause */
/* gc_test.c - what can be reached is kept, the rest is used again. */
#include "nodes.h"
#include "rt.h"

#include <string.h>

#include "gc/collect.h"

static struct node *top;
GR_ROOT(top);

static struct node *tree(int depth, uint64_t key)
{
    struct node *n = gr_new(&node_type);
    CHECK_EQ(n->key, 0);
    CHECK(n->left == NULL && n->right == NULL);
    n->key = key;
    if (depth > 0) {
        gr_store(&n->left, tree(depth - 1, 2 * key));
        gr_store(&n->right, tree(depth - 1, 2 * key + 1));
    }
    return n;
}

static int tree_check(const struct node *n, uint64_t key)
{
    if (n == NULL)
        return 0;
    CHECK_EQ(n->key, key);
    return 1 + tree_check(n->left, 2 * key) + tree_check(n->right, 2 * key + 1);
}

/* ---- whole cycles ---- */

static void rooted(void *unused)
{
    (void)unused;
    gr_store(&top, tree(12, 1));
    for (int i = 0; i < 5; i++) {
        gr_gc();
        CHECK_EQ(tree_check(top, 1), (1 << 13) - 1);
        tree(12, 1);
    }
    gr_store(&top, NULL);
    gr_stack_scrub();
    gr_gc();
    gr_gc();
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    CHECK(s.heap_objects < 200);
    CHECK_EQ(s.heap_objects, s.mallocs - s.frees);
    CHECK_EQ(s.num_forced, 7);
}

static void root_keeps_p1(void)
{
    run_free(1, rooted, NULL);
}
static void root_keeps_p4(void)
{
    run_free(4, rooted, NULL);
}
static void root_keeps_in_one_stop(void)
{
    base_boot();
    env_knobs.gcstop = 1;
    run_free(2, rooted, NULL);
}
static void root_keeps_with_small_queues(void)
{
    base_boot();
    env_knobs.gcsmall = 1;
    run_free(2, rooted, NULL);
}
static void root_keeps_controlled(void)
{
    run_seeded(rooted, NULL, 1, GR_END_OK);
}

/* 26 MB of garbage in a heap of 4 to 8 MB: who allocates pays before it goes on. */
static void churning(void *unused)
{
    (void)unused;
    gr_store(&top, tree(10, 1));
    for (int i = 0; i < 200; i++)
        tree(10, 1);
    CHECK_EQ(tree_check(top, 1), (1 << 11) - 1);
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    CHECK(s.total_alloc > 24u << 20); /* else the next shows nothing */
    CHECK(s.heap_sys < 16u << 20);
    CHECK(s.num_gc > 1);
}

static void garbage_is_bounded_p1(void)
{
    run_free(1, churning, NULL);
}
static void garbage_is_bounded_p2(void)
{
    run_free(2, churning, NULL);
}

/* ---- each kind of root, each kind of object ---- */

static struct node **table;
GR_ROOT(table);
static struct node *hidden[8]; /* no root, until it is registered */

static NOINLINE struct node *leaf(uint64_t key)
{
    return tree(0, key);
}

static void leaf_check(const struct node *n, uint64_t key)
{
    CHECK_EQ(n->key, key);
    CHECK(gr_size_of(n) >= sizeof *n);
}

/* Cycles, and garbage that takes the places of what was freed by mistake. */
static void trample(void)
{
    for (int i = 0; i < 3; i++) {
        gr_stack_scrub();
        gr_gc();
        for (int k = 0; k < 2000; k++)
            leaf(UINT64_MAX);
    }
}

static void other_roots(void *unused)
{
    (void)unused;
    gr_root_add(hidden, sizeof hidden);
    for (uint64_t i = 0; i < 8; i++)
        gr_store(&hidden[i], leaf(i));
    gr_handle *h[300];
    for (uint64_t i = 0; i < 300; i++)
        h[i] = gr_handle_new(leaf(i));
    trample();
    for (uint64_t i = 0; i < 8; i++)
        leaf_check(hidden[i], i);
    for (uint64_t i = 0; i < 300; i++) {
        leaf_check(gr_handle_get(h[i]), i);
        gr_handle_free(h[i]);
    }
    gr_root_remove(hidden);
    trample();
    struct gr_mem_stats s;
    gr_gc();
    gr_mem_stats(&s);
    CHECK(s.heap_objects < 200);
}

/* Places that were given back, in any order, and used again. */
static struct node *many[600];

static void roots_again(void *unused)
{
    (void)unused;
    for (int i = 0; i < 600; i++)
        gr_root_add(&many[i], sizeof many[i]);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 600; i += round)
            gr_root_remove(&many[i]);
        for (int i = 0; i < 600; i += round)
            gr_root_add(&many[600 - round - i], sizeof many[i]);
        for (uint64_t i = 0; i < 600; i++)
            gr_store(&many[i], leaf(i));
        trample();
        for (uint64_t i = 0; i < 600; i++)
            leaf_check(many[i], i);
    }
}

/* A hundred thousand, which are taken back in the order in which they came, or far apart.
 * What two entries name is kept until both are gone. */
static void roots_in_crowds(void *unused)
{
    (void)unused;
    enum { CROWD = 100000 };
    struct node **crowd = calloc(CROWD, sizeof(struct node *));
    for (size_t i = 0; i < CROWD; i++)
        gr_root_add(&crowd[i], sizeof crowd[i]);
    gr_root_add(&crowd[7], sizeof crowd[7]);
    for (size_t i = 0; i < CROWD; i += 1000)
        gr_store(&crowd[i + 7], leaf(i));
    gr_root_remove(&crowd[7]);
    trample();
    for (size_t i = 0; i < CROWD; i += 1000)
        leaf_check(crowd[i + 7], i);
    for (size_t i = 0; i < CROWD; i++) /* 7 does not divide it: each once */
        gr_root_remove(&crowd[unit_seed() % 2 == 1 ? i : i * 7 % CROWD]);
    gr_gc();
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    CHECK(s.heap_objects < 100);
    free(crowd);
}

/* A pointer at every place of large arrays, of all sizes around pieces. */
static void large_arrays(void *unused)
{
    (void)unused;
    static const int64_t lengths[] = {63, 64, 65, 4095, 16384, 16385, 50000};
    for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
        int64_t n = lengths[k];
        gr_store(&table, gr_new_array(&gr_type_pointer, n));
        for (int64_t i = 0; i < n; i++)
            gr_store(&table[i], leaf((uint64_t)i));
        trample();
        for (int64_t i = 0; i < n; i++)
            leaf_check(table[i], (uint64_t)i);
    }
}

static struct wide *wides;
GR_ROOT(wides);

static void wide_types(void *unused)
{
    (void)unused;
    for (int64_t n = 1; n <= 300; n = 3 * n + 7) {
        gr_store(&wides, gr_new_array(&wide_type, n));
        for (int64_t i = 0; i < n; i++) {
            gr_store(&wides[i].first, leaf(3 * (uint64_t)i));
            gr_store(&wides[i].middle, leaf(3 * (uint64_t)i + 1));
            gr_store(&wides[i].last, leaf(3 * (uint64_t)i + 2));
            wides[i].plain[0] = (uintptr_t)leaf(1); /* no pointer: keeps nothing */
        }
        trample();
        for (int64_t i = 0; i < n; i++) {
            leaf_check(wides[i].first, 3 * (uint64_t)i);
            leaf_check(wides[i].middle, 3 * (uint64_t)i + 1);
            leaf_check(wides[i].last, 3 * (uint64_t)i + 2);
        }
    }
    struct gr_mem_stats s;
    gr_gc();
    gr_mem_stats(&s);
    CHECK(s.heap_objects < 3 * 300 + 200);
}

static uint64_t *inside;
GR_ROOT(inside);

/* An address inside an object keeps it; one behind its end does not disturb. */
static void interior(void *unused)
{
    (void)unused;
    struct node *n = leaf(77);
    gr_store(&inside, &n->pad[4]);
    n = NULL;
    trample();
    CHECK_EQ(*(inside - 5), 77);
    gr_store(&inside, inside + 1);
    trample();
}

/* ---- settings ---- */

static uint64_t cycles_of(int percent)
{
    struct gr_mem_stats before, after;
    gr_gc_percent(percent);
    gr_gc();
    gr_mem_stats(&before);
    for (int i = 0; i < 400; i++)
        tree(10, 1);
    gr_mem_stats(&after);
    return after.num_gc - before.num_gc;
}

static void percents(void *unused)
{
    (void)unused;
    CHECK_EQ(gr_gc_percent(100), 100);
    gr_store(&top, tree(16, 1));
    uint64_t usual = cycles_of(100), seldom = cycles_of(400);
    CHECK(usual >= 2);
    CHECK(2 * seldom < usual);
    CHECK_EQ(cycles_of(-1), 0);
    CHECK_EQ(gr_gc_percent(50), -1);
    CHECK_EQ(gr_gc_percent(100), 50);
    tree_check(top, 1);
}

static void limits(void *unused)
{
    (void)unused;
    CHECK_EQ(gr_mem_limit(-1), INT64_MAX);
    gr_gc_percent(-1);
    CHECK_EQ(gr_mem_limit(64 << 20), INT64_MAX);
    CHECK_EQ(gr_mem_limit(-1), 64 << 20);
    for (int i = 0; i < 1000; i++)
        tree(10, 1);
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    CHECK(s.num_gc >= 1);
    CHECK(s.sys - s.heap_released < 80u << 20);
}

/* Callers at once share cycles; each of them sees a whole one. */
static atomic_u32 callers;

static void caller(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        struct gr_mem_stats before, after;
        gr_mem_stats(&before);
        gr_gc();
        gr_mem_stats(&after);
        CHECK(after.num_gc > before.num_gc);
    }
    add_acq_rel(&callers, 1);
}

static void concurrent_calls(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++)
        gr_go(caller, NULL);
    while (load_acquire(&callers) < 10)
        gr_yield();
}

#define P2(name, fn)                                                                       \
    static void name(void)                                                                 \
    {                                                                                      \
        run_free(2, fn, NULL);                                                             \
    }
P2(registered_and_handles, other_roots)
P2(places_of_roots_again, roots_again)
P2(crowds_of_roots, roots_in_crowds)
P2(pieces_of_large_arrays, large_arrays)
P2(types_beyond_a_word, wide_types)
P2(interior_pointers, interior)
P2(percent_sets_the_pace, percents)
P2(limit_makes_cycles, limits)
P2(callers_share, concurrent_calls)

static const struct unit_case cases[] = {
    UNIT(registered_and_handles), UNIT(pieces_of_large_arrays),
    UNIT(types_beyond_a_word),    UNIT(interior_pointers),
    UNIT(percent_sets_the_pace),  UNIT(limit_makes_cycles),
    UNIT(callers_share),          UNIT(places_of_roots_again),
    UNIT(crowds_of_roots),

    UNIT(root_keeps_p1),          UNIT(root_keeps_p4),
    UNIT(root_keeps_in_one_stop), UNIT(root_keeps_with_small_queues),
    UNIT(root_keeps_controlled),  UNIT(garbage_is_bounded_p1),
    UNIT(garbage_is_bounded_p2),
};
UNIT_MAIN(cases)
