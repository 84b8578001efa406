/* SPDX-License-Identifier: BSD-3-Clause */
/* gc.c - boot of floor gc: who is asked by the floors below.
 *
 * Owns: the hooks, which a constructor fills, so that whoever allocates first finds them;
 * gr_stack_scrub.
 */
#include "gc/gc.h"

#include "gc/collect.h"
#include "gc/end.h"
#include "gc/govern.h"

#define SCRUB_BYTES 16384

/* Before constructors without a number: unit tests replace some. */
static __attribute__((constructor(101))) void hooks_fill(void)
{
    gc_hooks.shade = shade_word;
    gc_hooks.scan = scan_words;
    gc_hooks.idle_work = worker_idle;
    gc_hooks.watch = worker_watch;
    heap_hooks.allocated = assist_allocated;
    heap_hooks.died = end_died;
    heap_hooks.starved = gr_gc;
    heap_hooks.ahead = worker_ahead;
    store_relaxed(&heap_trigger, 0); /* the first look boots */
}

void gc_boot(void)
{
    static _Atomic bool is_booted;
    if (LIKELY(load_acquire(&is_booted))) /* pairs with the release below */
        return;
    heap_boot();
    sched_scan_needed();
    govern_boot();
    cycle_boot();
    store_release(&is_booted, true); /* pairs with the acquire above */
}

/* The frame is written below the caller's, where calls before this one had theirs. */
NOINLINE void gr_stack_scrub(void)
{
    volatile uintptr_t words[SCRUB_BYTES / sizeof(uintptr_t)];
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        words[i] = 0;
}
