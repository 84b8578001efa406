/* SPDX-License-Identifier: BSD-3-Clause */
/* spike.c - how soon memory goes back to the system after the heap was large for once.
 *
 * Owns: the figures `spike` (figures.toml).  The other side is go/spike.go.
 * OPS nodes of 64 bytes live besides an eighth as many that stay, and are dropped.  What is
 * measured is the time from then on, a collection included, until the process has less in
 * memory than a tenth more than the heap at which the next collection should be over.
 *
 * That is for heaps beyond some 100 MB.  With 128 MB of nodes of which 16 stay the runtime
 * ends at 126 % of a goal of 38 MB, and the figure is its patience: of the 10 MB beyond it
 * 2 are pages that small heaps keep (gc/govern.c), 2 the rest of a huge page, 4 records of
 * the heap, 2 the program and its libraries.
 */
#include "bench.h"

enum { STAYS = 8, PATIENCE_NS = 2000, LOOK_NS = 5000000 }; /* of patience for each node */

struct node {
    struct node *next;
    int64_t words[7];
};

static const gr_type node_type = GR_TYPE(struct node, GR_AT(struct node, next));
static struct node **stays, **goes;
GR_ROOT(stays);
GR_ROOT(goes);

static GR_NOINLINE void fill(struct node ***root, int64_t n)
{
    struct node **all = gr_new_array(&gr_type_pointer, n);

    gr_store(root, all);
    for (int64_t i = 0; i < n; i++) {
        gr_store(&all[i], gr_new(&node_type));
        all[i]->words[0] = i; /* what was never written to is not in memory */
    }
}

static double goal(void)
{
    static struct gr_mem_stats s;

    gr_mem_stats(&s);
    return (double)s.next_gc;
}

static void spike(int64_t n)
{
    fill(&stays, n / STAYS + 1);
    fill(&goes, n);
    double peak = bench_resident();
    int64_t start = gr_now_ns();
    gr_store(&goes, NULL);
    gr_stack_scrub();
    gr_gc();
    while (bench_resident() >= goal() * 1.1 && gr_now_ns() - start < n * PATIENCE_NS)
        gr_sleep_ns(LOOK_NS);
    bench_print("spike", "back", (double)(gr_now_ns() - start) / 1e6);
    bench_print("spike", "peak", peak / 1e6);
    bench_print("spike", "of-goal", bench_resident() * 100 / goal());
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"spike", NULL, spike, "ms until the memory of OPS dropped nodes is back"},
        {0},
    };
    return bench_main(argc, argv, "spike", list);
}
