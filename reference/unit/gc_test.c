/* SPDX-License-Identifier: BSD-3-Clause */
/* gc_test.c - what can be reached is kept, the rest is used again. */
#include "rt.h"

#include <string.h>

#include "gc/collect.h"

struct node {
    struct node *left, *right;
    uint64_t key;
    uint64_t pad[5];
};
static const gr_type node_type =
    GR_TYPE(struct node, GR_AT(struct node, left) | GR_AT(struct node, right));

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

/* Endless allocation in a bounded heap. */
static void churning(void *unused)
{
    (void)unused;
    gr_store(&top, tree(10, 1));
    for (int i = 0; i < 200; i++)
        tree(10, 1);
    CHECK_EQ(tree_check(top, 1), (1 << 11) - 1);
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    CHECK(s.num_gc > 1);
    CHECK(s.heap_sys < 32u << 20);
}

static void garbage_is_bounded_p1(void)
{
    run_free(1, churning, NULL);
}
static void garbage_is_bounded_p2(void)
{
    run_free(2, churning, NULL);
}

static const struct unit_case cases[] = {
    UNIT(root_keeps_p1),          UNIT(root_keeps_p4),
    UNIT(root_keeps_in_one_stop), UNIT(root_keeps_with_small_queues),
    UNIT(root_keeps_controlled),  UNIT(garbage_is_bounded_p1),
    UNIT(garbage_is_bounded_p2),
};
UNIT_MAIN(cases)
