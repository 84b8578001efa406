/* SPDX-License-Identifier: BSD-3-Clause */
/* plant.h - a collector that only records: it looks for one word, the plant, in all that it
 * is shown.
 *
 * The plant is nowhere in memory but where a case puts it: it is kept in two halves.
 */
#ifndef UNIT_PLANT_H
#define UNIT_PLANT_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "rt.h"
#include "sched/proc.h"

#define NO_STACK_WATCH __attribute__((no_sanitize("address", "thread")))

static const volatile uintptr_t half = 0x5ca1ab1edeadf00d, other = 0x0123456789abcdef;
#define PLANT (half ^ other)

static atomic_u32 found;  /* how often the plant was shown */
static atomic_u32 shaded; /* how often by itself */
static atomic_u32 ranges; /* how many ranges that end like a stack were shown */
static UNUSED atomic_u32 ready, go_on;

/* A hook is called with a claim held: it must not be frozen there (sched/freeze.c). */
#define RUNTIME_TEXT __attribute__((section("gr_text")))

RUNTIME_TEXT UNWATCHED static UNUSED NOINLINE void rec_shade(const void *word)
{
    if (((uintptr_t)word ^ half) == other) {
        add_relaxed(&found, 1);
        add_relaxed(&shaded, 1);
    }
}

RUNTIME_TEXT UNWATCHED static UNUSED NOINLINE void rec_scan(const void *lo, const void *hi)
{
    const volatile uintptr_t *at = lo;
    CHECK((uintptr_t)lo % sizeof *at == 0);
    for (; (const void *)at < hi; at++)
        if ((*at ^ half) == other)
            add_relaxed(&found, 1);
    add_relaxed(&ranges, 1);
}

static UNUSED void rec_install(void)
{
    gc_hooks.shade = rec_shade;
    gc_hooks.scan = rec_scan;
    sched_scan_needed();
}

/* Clears what dead frames left on the stack below the caller's. */
static UNUSED NOINLINE void scrub(void)
{
    volatile char dirt[4096];
    memset((char *)dirt, 0, sizeof dirt);
}

static UNUSED void mark_begin(void)
{
    sched_stop_world("scan_test");
    store_relaxed(&found, 0);
    store_relaxed(&shaded, 0);
    store_relaxed(&ranges, 0);
    store_relaxed(&gc_is_marking, true);
    sched_scan_begin(false);
    CHECK_EQ(load_relaxed(&ranges), 0); /* nothing is walked in a stop */
    sched_start_world();
    sched_scan_own();
}

static UNUSED void mark_end(void)
{
    while (sched_scan_some(3))
        gr_yield();
    sched_stop_world("scan_test");
    sched_scan_end();
    store_relaxed(&gc_is_marking, false);
    sched_start_world();
}

/* A whole cycle.  Gives: how often the plant was seen. */
static UNUSED NOINLINE uint32_t cycle(void)
{
    mark_begin();
    sched_scan_births();
    mark_end();
    return load_relaxed(&found);
}

static UNUSED void with_procs_arg(int procs, gr_fn fn, void *arg)
{
    base_boot();
    rec_install();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, arg), 0);
}

static UNUSED void with_procs(int procs, gr_fn fn)
{
    with_procs_arg(procs, fn, NULL);
}

static UNUSED void wait_for(atomic_u32 *word, uint32_t n)
{
    while (load_acquire(word) < n)
        gr_yield();
}

/* Parked in a channel that stays empty until the case closes it. */
static UNUSED gr_chan *gate;

static UNUSED NOINLINE void pass_gate(void)
{
    add_acq_rel(&ready, 1);
    gr_chan_recv(gate, NULL);
}

static UNUSED void newborn(void *arg)
{
    (void)arg;
    add_acq_rel(&ready, 1);
}

#endif
