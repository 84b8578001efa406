/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.c - what generational mode is worth: a large old heap, and garbage that dies soon.
 *
 * Owns: three programs that the mode likes, does not mind, and does not like; the first
 * one's figures (figures.toml).  Go has no part in it: each is run with
 * GR_GC_GENERATIONAL=1 and without, with one seed.
 * OPS is the number of nodes of 64 bytes that live all the time; each program allocates ten
 * times that.
 *
 *   young  what is allocated dies at once, but for one in a thousand, which takes the place
 *          of a node
 *   cache  each new node takes the place of a random one: all cards are dirty
 *   queue  each new node takes the place of the oldest one: all that is young survives, and
 *          what dies is old
 *
 * .mark is the time of processors in the collector for each byte that was allocated, as
 * gr_mem_stats has it, .cpu that of the whole process, sweeping and stores included.
 */
#include "bench.h"

enum { TIMES = 10, KEPT_OF = 1000, NODES_LEAST = 1000 };

struct node {
    struct node *left, *right;
    int64_t words[6];
};

static const gr_type node_type =
    GR_TYPE(struct node, GR_AT(struct node, left) | GR_AT(struct node, right));

static struct node **all;
GR_ROOT(all);

static uint64_t draw(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

/* Nodes in an array, each with two others that are older. */
static GR_NOINLINE void build(int64_t n)
{
    uint64_t random = 1;

    gr_store(&all, gr_new_array(&gr_type_pointer, n));
    for (int64_t i = 0; i < n; i++) {
        struct node *new = gr_new(&node_type);
        if (i > 0)
            gr_store(&new->left, all[draw(&random) % (uint64_t)i]);
        gr_store(&all[i], new);
    }
    gr_stack_scrub();
    gr_gc();
}

static int64_t cpu_ns(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

/* step(i, n, random) allocates a node. */
static void measure(const char *name, int64_t n,
                    void (*step)(int64_t i, int64_t n, uint64_t *random))
{
    static struct gr_mem_stats before, after;
    uint64_t random = 1;

    n = n < NODES_LEAST ? NODES_LEAST : n;
    build(n);
    gr_mem_stats(&before);
    int64_t start = cpu_ns();
    for (int64_t i = 0; i < TIMES * n; i++)
        step(i, n, &random);
    int64_t took = cpu_ns() - start;
    gr_mem_stats(&after);
    double bytes = (double)(after.total_alloc - before.total_alloc);
    uint64_t mark = after.mark_ns + after.assist_ns - before.mark_ns - before.assist_ns;
    bench_print(name, "mark", (double)mark / bytes);
    bench_print(name, "cpu", (double)took / bytes);
    bench_print(name, "cycles", (double)(after.num_gc - before.num_gc));
    bench_print(name, "minor", (double)(after.num_minor - before.num_minor));
    bench_print(name, "heap-mb", (double)after.heap_sys / 1e6);
}

static void step_young(int64_t i, int64_t n, uint64_t *random)
{
    struct node *new = gr_new(&node_type);
    uint64_t at = draw(random) % (uint64_t)n;

    if (i % KEPT_OF == 0) {
        gr_store(&new->left, all[at]->left);
        gr_store(&all[at], new);
    }
}

static void step_cache(int64_t i, int64_t n, uint64_t *random)
{
    struct node *new = gr_new(&node_type);

    (void)i;
    gr_store(&all[draw(random) % (uint64_t)n], new);
}

static void step_queue(int64_t i, int64_t n, uint64_t *random)
{
    struct node *new = gr_new(&node_type);

    (void)random;
    gr_store(&all[i % n], new);
}

static void young(int64_t n)
{
    measure("young", n, step_young);
}
static void cache(int64_t n)
{
    measure("cache", n, step_cache);
}
static void queue(int64_t n)
{
    measure("queue", n, step_queue);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"young", NULL, young, "ns per byte beside OPS old nodes, of what dies at once"},
        {"cache", NULL, cache, "the same of what takes the place of any node"},
        {"queue", NULL, queue, "the same of what takes the place of the oldest node"},
        {0},
    };
    return bench_main(argc, argv, "gen", list);
}
