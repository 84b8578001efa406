/* SPDX-License-Identifier: BSD-3-Clause */
/* gc.c - what the collector costs: a program that lives of allocation, the marking of a
 * large heap, its pauses, and how long a single step of a program takes beside it.
 *
 * Owns: rows 33 to 37 of the table of goals (figures.toml).  The other side is go/gc.go.
 * OPS is the depth of the trees, or the number of nodes of 64 bytes that live.
 */
#include "bench.h"

/* ---- binary trees ---- */

struct tree {
    struct tree *left, *right;
};

static const gr_type tree_type =
    GR_TYPE(struct tree, GR_AT(struct tree, left) | GR_AT(struct tree, right));

static struct tree *grow(int depth)
{
    struct tree *t = gr_new(&tree_type);
    if (depth > 0) {
        gr_store(&t->left, grow(depth - 1));
        gr_store(&t->right, grow(depth - 1));
    }
    return t;
}

static int64_t count(const struct tree *t)
{
    return t->left == NULL ? 1 : 1 + count(t->left) + count(t->right);
}

static void wrong(const char *what)
{
    fprintf(stderr, "gc: %s\n", what);
    exit(2);
}

/* Milliseconds for trees of 4, 8, 12 ... levels, as many of each that their nodes are 32
 * times those of one of `deepest` levels; a tree of about that size lives all the time. */
static void trees(int64_t deepest)
{
    int64_t start = bench_now_ns(), nodes = 0;
    struct tree *lives = grow((int)deepest - 1);

    for (int64_t depth = 4; depth <= deepest; depth += 4)
        for (int64_t i = 0; i < (int64_t)1 << (deepest - depth + 4); i++)
            nodes += count(grow((int)depth));
    if (nodes == 0 || count(lives) != ((int64_t)1 << deepest) - 1)
        wrong("a tree has lost nodes");
    bench_print("trees", NULL, (double)(bench_now_ns() - start) / 1e6);
}

/* ---- a large heap ---- */

enum { NODES_LEAST = 32, MARKS = 3, CYCLES = 4, GARBAGE_BYTES = 4096 };

struct node {
    struct node *left, *right;
    int64_t words[6];
};

static const gr_type node_type =
    GR_TYPE(struct node, GR_AT(struct node, left) | GR_AT(struct node, right));

static struct node *top;
static void *garbage;
GR_ROOT(top);
GR_ROOT(garbage);

static int64_t at_least(int64_t n)
{
    return n < NODES_LEAST ? NODES_LEAST : n;
}

/* n nodes as one tree, level by level as they lie.  All are written to: else the system has
 * one page of zeros for half of them. */
static GR_NOINLINE void build(int64_t n)
{
    struct node **all = gr_new_array(&gr_type_pointer, n);

    for (int64_t i = 0; i < n; i++) {
        struct node *new = gr_new(&node_type);
        new->words[0] = i;
        gr_store(&all[i], new);
    }
    for (int64_t i = 1; i < n / 2; i++) {
        gr_store(&all[i]->left, all[2 * i]);
        gr_store(&all[i]->right, all[2 * i + 1]);
    }
    gr_store(&top, all[1]);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Nanoseconds for each node, the median of some collections. */
static void mark(int64_t n)
{
    int64_t took[MARKS];

    n = at_least(n);
    build(n);
    gr_stack_scrub();
    gr_gc();
    for (int i = 0; i < MARKS; i++) {
        int64_t start = bench_now_ns();
        gr_gc();
        took[i] = bench_now_ns() - start;
    }
    qsort(took, MARKS, sizeof *took, by_value);
    bench_print("mark", NULL, (double)took[MARKS / 2] / (double)n);
}

/* Hangs a new node into the place of one deep down, and drops some bytes. */
static void step(uint64_t *random, int levels)
{
    struct node *n = top, *new = gr_new(&node_type);

    *random = *random * 6364136223846793005u + 1442695040888963407u;
    for (int i = 0; i < levels; i++)
        n = *random >> (63 - i) & 1 ? n->left : n->right;
    struct node **at = *random >> 20 & 1 ? &n->left : &n->right;
    gr_init(&new->left, (*at)->left);
    gr_init(&new->right, (*at)->right);
    gr_store(at, new);
    gr_store(&garbage, gr_new_bytes(GARBAGE_BYTES));
}

/* As many steps as make the garbage of some collections. */
static int64_t steps_of(int64_t n)
{
    return CYCLES * n * (int64_t)sizeof(struct node) /
               (int64_t)(sizeof(struct node) + GARBAGE_BYTES) +
           1;
}

static void pauses_print(uint64_t first)
{
    static struct gr_mem_stats s;
    int64_t took[GR_PAUSES];
    size_t n = 0;

    gr_mem_stats(&s);
    for (uint64_t i = first; i < s.num_pauses && n < GR_PAUSES; i++)
        took[n++] = (int64_t)s.pause_ns[i % GR_PAUSES];
    if (n == 0)
        wrong("no pauses");
    qsort(took, n, sizeof *took, by_value);
    bench_print("live", "pause-p50", (double)took[n / 2] / 1e3);
    bench_print("live", "pause-p99", (double)took[n * 99 / 100] / 1e3);
    bench_print("live", "pause-max", (double)took[n - 1] / 1e3);
}

/* Microseconds that the world stood still, and that steps of a program took. */
static void live(int64_t n)
{
    static struct gr_mem_stats stats;
    uint64_t random = 1;
    int levels = -4;

    n = at_least(n);
    for (int64_t m = n; m > 1; m /= 2)
        levels++;
    int64_t nsteps = steps_of(n), *took = malloc((size_t)nsteps * sizeof *took);
    build(n);
    gr_stack_scrub();
    gr_gc();
    gr_mem_stats(&stats);
    for (int64_t i = 0; i < nsteps; i++) {
        int64_t start = gr_now_ns();
        step(&random, levels);
        took[i] = gr_now_ns() - start;
    }
    gr_gc();
    pauses_print(stats.num_pauses);
    qsort(took, (size_t)nsteps, sizeof *took, by_value);
    bench_print("live", "step-p99.99", (double)took[nsteps - nsteps / 10000 - 1] / 1e3);
    bench_print("live", "step-max", (double)took[nsteps - 1] / 1e3);
    free(took);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"trees", NULL, trees, "ms for binary trees of up to OPS levels"},
        {"mark", NULL, mark, "ns to mark a node of OPS that live"},
        {"live", NULL, live, "us of a pause, and of a step, beside OPS nodes"},
        {0},
    };
    return bench_main(argc, argv, "gc", list);
}
