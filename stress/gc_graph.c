/* SPDX-License-Identifier: BSD-3-Clause */
/* gc_graph.c - claim: whatever way pointers move while the collector marks, every object
 * that can be reached is there, unchanged.
 *
 * Eight goroutines, each with a graph of its own and a copy of that graph in plain memory.
 * They edit it at random: new nodes, stores, swaps, compare-and-swaps, copies, clears, and
 * the move that a barrier is for: the only pointer to a node goes to the stack, its place
 * is overwritten, and some time later it is put elsewhere (gc.wb.every-store-kind,
 * gc.wb.concurrent-mutation).  Trees that say themselves what must be in them go from
 * goroutine to goroutine by way of shared slots.  All drop much, so that cycles never stop;
 * some ask for one.  Now and then, and in the end, graph and copy are compared
 * (gc.reachable-kept, gc.memory-reuse).
 *
 * GR_DEBUG=gcverify=1 finds a missing barrier earlier, gcsmall=1 makes queues run over,
 * GR_GC_GENERATIONAL=1 makes most collections minor ones.
 */
#include "stress.h"

enum { WORKERS = 8, ROOTS = 8, NODES = 400, EDGES = 6, SHARED = 16 };

struct node {
    struct node *edge[EDGES];
    uint64_t id, check;
};
static const gr_type node_type = {.size = sizeof(struct node),
                                  .nwords = EDGES,
                                  .word = (1u << EDGES) - 1,
                                  .name = "node"};

struct tree {
    struct tree *left, *right;
    uint64_t key, pad;
};
static const gr_type tree_type =
    GR_TYPE(struct tree, GR_AT(struct tree, left) | GR_AT(struct tree, right));

static struct node *roots[WORKERS][ROOTS];
GR_ROOT(roots);
static struct tree *shared[SHARED];
GR_ROOT(shared);

/* The copy: nodes by number; 0 stands for NULL. */
struct copy {
    int edge[NODES][EDGES];
    uint64_t id[NODES];
    int root[ROOTS];
    int n;
};
static struct copy copies[WORKERS];
static uint64_t round_seed;
static int steps;
static gr_wg all;

struct worker {
    struct copy *copy;
    struct node **root;
    struct stress_random r;
};

static uint64_t check_of(uint64_t id)
{
    return ~id * 0x9e3779b97f4a7c15u;
}

/* ---- trees that everybody has -------------------------------------------------------- */

static struct tree *tree_new(int depth, uint64_t key)
{
    struct tree *t = gr_new(&tree_type);
    t->key = key;
    if (depth > 0) {
        gr_store(&t->left, tree_new(depth - 1, 2 * key));
        gr_store(&t->right, tree_new(depth - 1, 2 * key + 1));
    }
    return t;
}

static void tree_check(const struct tree *t, uint64_t key)
{
    if (t == NULL)
        return;
    if (t->key != key)
        stress_fail("a tree has key %llu where %llu was", (unsigned long long)t->key,
                    (unsigned long long)key);
    tree_check(t->left, 2 * key);
    tree_check(t->right, 2 * key + 1);
}

static void exchange(struct worker *w)
{
    struct tree *mine = tree_new((int)stress_below(&w->r, 5), 1);
    struct tree **slot = &shared[stress_below(&w->r, SHARED)];
    struct tree *was = gr_pointer_swap(slot, mine);
    tree_check(was, 1);
    if (was != NULL && stress_below(&w->r, 2) == 0)
        gr_pointer_cas(&shared[stress_below(&w->r, SHARED)], NULL, was);
}

/* ---- walking both -------------------------------------------------------------------- */

/* A random walk from a root: the node and its number; NULL, 0 where it ends. */
static struct node *walk(struct worker *w, int *number)
{
    uint64_t i = stress_below(&w->r, ROOTS);
    struct node *n = w->root[i];
    *number = w->copy->root[i];
    for (uint64_t left = stress_below(&w->r, 12); left > 0 && n != NULL; left--) {
        uint64_t e = stress_below(&w->r, EDGES);
        if (w->copy->edge[*number][e] == 0)
            break;
        n = n->edge[e];
        *number = w->copy->edge[*number][e];
    }
    if ((n == NULL) != (*number == 0))
        stress_fail("a pointer is %s", n == NULL ? "gone" : "there that was dropped");
    if (n != NULL && (n->id != w->copy->id[*number] || n->check != check_of(n->id)))
        stress_fail("a node has id %llu where %llu was", (unsigned long long)n->id,
                    (unsigned long long)w->copy->id[*number]);
    return n;
}

static void compare(struct worker *w)
{
    for (int i = 0; i < 200; i++) {
        int number;
        walk(w, &number);
    }
}

/* ---- edits --------------------------------------------------------------------------- */

static void add(struct worker *w, struct node *at, int number)
{
    uint64_t e = stress_below(&w->r, EDGES);
    if (w->copy->n + 1 == NODES || at == NULL)
        return;
    struct node *n = gr_new(&node_type);
    int made = ++w->copy->n;
    n->id = w->copy->id[made] = stress_next(&w->r);
    n->check = check_of(n->id);
    memset(w->copy->edge[made], 0, sizeof w->copy->edge[made]);
    gr_init(&n->edge[0], at->edge[e]);
    w->copy->edge[made][0] = w->copy->edge[number][e];
    gr_store(&at->edge[e], n);
    w->copy->edge[number][e] = made;
}

/* From one place by way of the stack to another, with something in between. */
static void hide(struct worker *w, struct node *from, int a, struct node *to, int b)
{
    uint64_t e = stress_below(&w->r, EDGES), f = stress_below(&w->r, EDGES);
    struct node *moved = from->edge[e];
    int number = w->copy->edge[a][e];
    w->copy->edge[a][e] = 0;
    switch (stress_below(&w->r, 4)) {
    case 0:
        gr_store(&from->edge[e], NULL);
        break;
    case 1:
        gr_pointer_swap(&from->edge[e], NULL);
        break;
    case 2:
        gr_clear(&gr_type_pointer, &from->edge[e], 1);
        break;
    default:
        if (!gr_pointer_cas(&from->edge[e], moved, NULL))
            stress_fail("a compare-and-swap saw another value than was there");
        break;
    }
    for (uint64_t i = stress_below(&w->r, 4); i > 0; i--)
        tree_new((int)stress_below(&w->r, 6), 1);
    if (stress_below(&w->r, 8) == 0)
        gr_yield();
    if (stress_below(&w->r, 2) == 0)
        gr_pointer_store(&to->edge[f], moved);
    else
        gr_store(&to->edge[f], moved);
    w->copy->edge[b][f] = number;
}

static void copy_edges(struct worker *w, struct node *from, int a, struct node *to, int b)
{
    uint64_t e = stress_below(&w->r, EDGES), f = stress_below(&w->r, EDGES);
    uint64_t most = EDGES - (e > f ? e : f), n = 1 + stress_below(&w->r, most);
    gr_copy(&gr_type_pointer, &to->edge[f], &from->edge[e], (int64_t)n);
    memmove(&w->copy->edge[b][f], &w->copy->edge[a][e], n * sizeof(int));
}

static void edit(struct worker *w)
{
    int a, b;
    struct node *from = walk(w, &a), *to = walk(w, &b);
    if (from == NULL || to == NULL)
        return;
    switch (stress_below(&w->r, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        add(w, from, a);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        hide(w, from, a, to, b);
        break;
    case 9:
    case 10:
        copy_edges(w, from, a, to, b);
        break;
    case 11:
        gr_store(&w->root[stress_below(&w->r, ROOTS - 1) + 1], from);
        for (int i = 1; i < ROOTS; i++)
            w->copy->root[i] = w->root[i] == from ? a : w->copy->root[i];
        break;
    case 12:
    case 13:
        exchange(w);
        break;
    case 14:
        compare(w);
        break;
    default:
        tree_new(7, 1);
        break;
    }
}

/* A graph that has as many nodes as it may starts anew. */
static void start(struct worker *w)
{
    struct node *n = gr_new(&node_type);
    memset(w->copy, 0, sizeof *w->copy);
    w->copy->n = 1;
    n->id = w->copy->id[1] = stress_next(&w->r);
    n->check = check_of(n->id);
    for (int i = 0; i < ROOTS; i++) {
        gr_store(&w->root[i], n);
        w->copy->root[i] = 1;
    }
}

static void work(void *arg)
{
    int me = (int)(intptr_t)arg;
    struct worker w = {&copies[me], roots[me], {round_seed * WORKERS + (uint64_t)me}};
    start(&w);
    for (int i = 0; i < steps; i++) {
        edit(&w);
        if (w.copy->n + 1 == NODES && stress_below(&w.r, 500) == 0)
            start(&w);
        uint64_t n = stress_below(&w.r, 4000);
        if (n == 0)
            gr_gc();
        else if (n < 4)
            gr_gc_minor();
    }
    for (int i = 0; i < 50; i++)
        compare(&w);
    gr_wg_done(&all);
}

static uint64_t one_round(uint64_t seed)
{
    round_seed = seed;
    steps = 3000;
    gr_gc_percent((int)(seed % 3) * 50);
    gr_wg_add(&all, WORKERS);
    for (intptr_t i = 0; i < WORKERS; i++)
        gr_go(work, (void *)i);
    gr_wg_wait(&all);
    return (uint64_t)WORKERS * (uint64_t)steps;
}

static void finish(void)
{
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    fprintf(stderr, "gc_graph: cycles=%llu objects=%llu\n", (unsigned long long)s.num_gc,
            (unsigned long long)s.mallocs);
}

int main(int argc, char **argv)
{
    stress_finish = finish;
    return stress_main(argc, argv, "gc_graph",
                       "what can be reached is there, however pointers move", one_round);
}
