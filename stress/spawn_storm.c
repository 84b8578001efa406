/* SPDX-License-Identifier: BSD-3-Clause */
/* spawn_storm.c - claim: every goroutine that is started runs exactly once, and its
 * descriptor carries nothing over.
 *
 * A tree of goroutines: each marks its own cell, starts its children, and ends by return,
 * Goexit or a recovered panic. More are started at once than a run queue holds
 * (sched.local-queue-overflow, sched.double-ready, go.reuse-state-clean). The join is a
 * WaitGroup; afterwards each cell must have been marked once and each ending counted.
 */
#include "stress.h"

enum { CELLS = 4000 };

struct storm {
    gr_wg all;
    gr_atomic cell[CELLS];
    gr_atomic deferred;
    uint64_t seed;
    int total;
};

struct node {
    struct storm *storm;
    int number;
};

static struct node node[CELLS];

static void tidy(void *arg)
{
    struct storm *storm = arg;

    gr_value v = gr_recover();
    if (v.kind != GR_NIL && v.kind != GR_INT)
        stress_fail("recovered a value of kind %d", (int)v.kind);
    gr_atomic_add(&storm->deferred, 1);
    gr_wg_done(&storm->all);
}

static void live(void *arg)
{
    GR_FUNC;
    struct node *n = arg;
    struct storm *storm = n->storm;
    struct stress_random r = {storm->seed ^ (uint64_t)n->number};

    GR_DEFER(tidy, storm);
    gr_atomic_add(&storm->cell[n->number], 1);
    for (int child = 3 * n->number + 1; child <= 3 * n->number + 3 && child < storm->total;
         child++)
        gr_go(live, &node[child]);
    switch (stress_below(&r, 4)) {
    case 0:
        gr_goexit();
    case 1:
        gr_panic(gr_int(n->number));
    case 2:
        gr_yield();
        break;
    default:
        break;
    }
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    static struct storm storm;

    memset(&storm, 0, sizeof storm);
    storm.seed = seed;
    storm.total = 300 + (int)stress_below(&r, CELLS - 300);
    gr_wg_add(&storm.all, storm.total);
    for (int i = 0; i < storm.total; i++)
        node[i] = (struct node){&storm, i};
    gr_go(live, &node[0]);
    gr_wg_wait(&storm.all);
    for (int i = 0; i < storm.total; i++)
        if (gr_atomic_load(&storm.cell[i]) != 1)
            stress_fail("goroutine %d ran %lld times", i,
                        (long long)gr_atomic_load(&storm.cell[i]));
    if (gr_atomic_load(&storm.deferred) != storm.total)
        stress_fail("%lld of %d deferred calls ran",
                    (long long)gr_atomic_load(&storm.deferred), storm.total);
    return (uint64_t)storm.total;
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, "spawn_storm",
                       "every goroutine runs exactly once, and ends clean", one_round);
}
