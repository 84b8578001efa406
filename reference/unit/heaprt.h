/* SPDX-License-Identifier: BSD-3-Clause */
/* heaprt.h - what tests of the heap share: a collector that marks what it is told to. */
#ifndef UNIT_HEAPRT_H
#define UNIT_HEAPRT_H

#include "rt.h"

#include "heap/cache.h"

struct pair {
    void *a, *b;
};
static const gr_type pair_type = GR_TYPE(struct pair, GR_AT(struct pair, a));

static inline void on_one(gr_fn fn)
{
    run_free(1, fn, NULL);
}

/* Nobody collects but the test. */
static __attribute__((constructor)) void collector_off(void)
{
    heap_hooks.allocated = NULL;
    heap_hooks.died = NULL;
    heap_hooks.starved = NULL;
}

/* A cycle that keeps these. */
static inline void collect(void **keep, size_t n)
{
    struct heap_ref r;
    uint64_t found = 0;
    heap_sweep_all();
    sched_stop_world("test");
    heap_flush();
    heap_mark_begin(false);
    for (size_t i = 0; i < n; i++)
        if (keep[i] != NULL && heap_find(keep[i], &r)) {
            CHECK(heap_is_object(&r));
            found += heap_mark(&r) ? heap_ref_bytes(&r) : 0;
        }
    heap_mark_end(found);
    heap_check();
    sched_start_world();
}

#endif
