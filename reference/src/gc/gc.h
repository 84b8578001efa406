/* SPDX-License-Identifier: BSD-3-Clause */
/* gc.h - the door of floor gc: what floors above must do for the collector, and when.
 *
 * Owns: marking, roots, the phases of a cycle, when one begins, ends of objects.
 * Not here: objects and spans (floor heap), stopping and scanning goroutines (floor sched).
 *
 * A concurrent collector that marks a snapshot: what was reachable when the world stood
 * still for the first time, and everything allocated since, survives the cycle.
 *
 *     OFF --stop 1--> MARK --all marked, stop 2--> SWEEP --all swept--> OFF
 *
 * In stop 1 caches are flushed, gc_is_marking is set, and all goroutines become unscanned;
 * work in both stops is O(processors).  A goroutine is scanned before it runs again, or by
 * a worker while it waits.  So a goroutine that runs has been scanned: what it holds is in
 * the snapshot, or newer.
 *
 *   I1  The snapshot is kept whole: who overwrites or takes away a pointer that the
 *       collector may not have seen yet shades it before (gc_shade): in collected memory
 *       and in roots, and in every record of the runtime that the collector scans beside
 *       the program (births, timers, deferred calls, finalizers).
 *   I2  What is put in needs no shade: a goroutine that runs has it from the snapshot, or
 *       from an allocation since.  What comes from neither, a weak pointer, is shaded.
 *   I3  A record whose goroutine has not been scanned yet counts as part of its stack.
 *
 * reference/model/collect.pml is this for the model checker.
 */
#ifndef GC_GC_H
#define GC_GC_H

#include "base/base.h"
#include "gr/mem.h"

/* The word is about to lose its place in memory that the collector looks at (I1).  Any
 * word; one relaxed load when nothing is being marked.  Needs: a P, runtime text. */
static ALWAYS_INLINE void gc_shade(const void *word)
{
    if (UNLIKELY(load_relaxed(&gc_is_marking)))
        gc_hooks.shade(word);
}

/* The same for the pointers of n objects of a type. */
void gc_shade_many_slow(const gr_type *t, const void *at, size_t n);
static ALWAYS_INLINE void gc_shade_many(const gr_type *t, const void *at, size_t n)
{
    if (UNLIKELY(load_relaxed(&gc_is_marking)))
        gc_shade_many_slow(t, at, n);
}

/* Pointers were put into collected memory other than by gr_store: the cards of that memory
 * become dirty, in generational mode. */
void gc_wrote_slow(const void *at, size_t bytes);
static ALWAYS_INLINE void gc_wrote(const void *at, size_t bytes)
{
    if (UNLIKELY(load_relaxed(&gc_has_cards)))
        gc_wrote_slow(at, bytes);
}

/* Roots of floors above: each(see) shows every word that may be a pointer by see(word), at
 * any time while marking, beside whoever changes them by the rule I1.  Up to 16, by
 * constructors. */
void gc_on_roots(void (*each)(void (*see)(const void *word)));

void gc_boot(void);

#endif
