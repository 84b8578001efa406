/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define WORKERS 4
#define DEPTH 11
#define STEPS 40000

/* A search tree: its keys tell where a node belongs. */
struct node {
    struct node *left, *right;
    int64_t key, check;
};

static const gr_type node_type =
    GR_TYPE(struct node, GR_AT(struct node, left) | GR_AT(struct node, right));

static struct node *tree[WORKERS];
GR_ROOT(tree);
static gr_wg all;

static struct node *grow(int64_t key, int depth)
{
    struct node *n = gr_new(&node_type);
    n->key = key;
    n->check = ~key;
    if (depth > 0) {
        gr_store(&n->left, grow(2 * key, depth - 1));
        gr_store(&n->right, grow(2 * key + 1, depth - 1));
    }
    return n;
}

static int64_t nodes(const struct node *n, int64_t key)
{
    if (n == NULL)
        return 0;
    need(n->key == key && n->check == ~key, "a node is not itself");
    return 1 + nodes(n->left, 2 * key) + nodes(n->right, 2 * key + 1);
}

/* Goes down at random and does there one of: exchange the node by a copy, turn the children
 * round and back, grow a new subtree. */
static void edit(struct node **at, uint64_t *random)
{
    int64_t down = pick(random, DEPTH);
    struct node *n = *at;
    for (int64_t i = 0; i < down; i++) {
        at = pick(random, 2) == 0 ? &n->left : &n->right;
        n = *at;
    }
    if (down >= DEPTH - 4 && pick(random, 2) == 0) {
        gr_store(at, grow(n->key, DEPTH - (int)down));
        return;
    }
    struct node *copy = gr_new(&node_type), *left = n->left, *right = n->right;
    gr_copy(&node_type, copy, n, 1);
    gr_store(&n->left, NULL);
    gr_store(&n->right, NULL);
    gr_store(&copy->left, right);
    gr_store(&copy->right, left);
    gr_store(at, copy);
    gr_store(&copy->left, left);
    gr_store(&copy->right, right);
}

static void worker(void *arg)
{
    uintptr_t number = (uintptr_t)arg;
    uint64_t random = number;
    gr_store(&tree[number], grow(1, DEPTH));
    for (int i = 0; i < STEPS; i++) {
        edit(&tree[number], &random);
        if (i % 2000 == 0)
            nodes(tree[number], 1);
    }
    need(nodes(tree[number], 1) == (2 << DEPTH) - 1, "nodes are missing");
    gr_wg_done(&all);
}

static void body(void *unused)
{
    struct collecting c = {0};
    (void)unused;
    gr_wg_add(&all, WORKERS);
    for (uintptr_t i = 0; i < WORKERS; i++)
        gr_go(worker, (void *)i);
    collecting_begin(&c);
    gr_wg_wait(&all);
    collecting_end(&c);
    puts("every node is whole");
}

int main(void)
{
    return gr_main(body, NULL);
}
