/* SPDX-License-Identifier: BSD-3-Clause */
/* young.h - cases in generational mode: nodes, cycles that are minor, garbage. */
#ifndef UNIT_YOUNG_H
#define UNIT_YOUNG_H

#include "nodes.h"
#include "rt.h"

#include <string.h>

#include "gc/collect.h"
#include "gr/chan.h"

#define KB ((uint64_t)1 << 10)
#define MB ((uint64_t)1 << 20)

static struct node *old, **table;
GR_ROOT(old);
GR_ROOT(table);

static UNUSED NOINLINE struct node *leaf(uint64_t key)
{
    struct node *n = gr_new(&node_type);
    n->key = key;
    return n;
}

static UNUSED struct gr_mem_stats stats_now(void)
{
    struct gr_mem_stats s;
    gr_mem_stats(&s);
    return s;
}

/* Only minor cycles, and garbage that takes the places of what was freed by mistake. */
static UNUSED void trample(void)
{
    for (int i = 0; i < 3; i++) {
        gr_stack_scrub();
        gr_gc_minor();
        for (int k = 0; k < 1000; k++)
            leaf(UINT64_MAX);
    }
}

static UNUSED void run_young(int nprocs, gr_fn fn)
{
    base_boot();
    env_knobs.generational = 1;
    env_knobs.gcverify = 1;
    env_knobs.heapcheck = 1;
    env_knobs.gc_percent = -1;
    run_free(nprocs, fn, NULL);
}

static UNUSED uint64_t objects_after(void (*collect)(void))
{
    gr_stack_scrub();
    collect();
    return stats_now().heap_objects;
}

#define YOUNG(name, procs, fn)                                                             \
    static void name(void)                                                                 \
    {                                                                                      \
        run_young(procs, fn);                                                              \
    }

#endif
