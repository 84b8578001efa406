/* SPDX-License-Identifier: BSD-3-Clause */
/* span.h - one span: making, sweeping, finding its free slots; what all spans share.
 *
 * Not here: the lists they are in (central.h), who allocates from them (cache.h).
 */
#ifndef HEAP_SPAN_H
#define HEAP_SPAN_H

#include "heap/class.h"
#include "heap/page.h"

struct heap_state {
    atomic_u32 sweep_gen;    /* atomic; changes while the world stands still (heap.h I4) */
    _Atomic bool is_marking; /* atomic; the same: between heap_mark_begin and _end */
    atomic_u64 live CACHE_ALIGNED; /* atomic: heap_live(); the rest is read far more */
    atomic_u64 old;                /* atomic: heap_old() */
    uint64_t live_before;          /* STW: live when marking began */
    bool is_minor;                 /* STW: the cycle that marks, or did so last */
};
extern struct heap_state heap_state;

/* A span on fresh pages, SPAN_NEW, all slots free.  NULL: no memory. */
struct heap_meta *span_make(uint32_t class, bool is_noscan, size_t npages);
void span_free(struct heap_meta *m); /* its pages are free.  Needs: its owner */

/* alloc = marks.  Gives: how many free slots it has; *freed: so many objects are gone.
 * Needs: its owner, not swept yet. */
uint32_t span_sweep(struct heap_meta *m, uint32_t *freed);

static inline bool span_is_swept(const struct heap_meta *m)
{
    return load_relaxed((atomic_u32 *)(uintptr_t)&m->sweep_gen) ==
           load_relaxed(&heap_state.sweep_gen);
}

static inline uint32_t span_words(const struct heap_meta *m)
{
    return (m->nslots + 63u) / 64;
}

static inline uint32_t span_kind(const struct heap_meta *m)
{
    return class_kind(m->class, m->is_noscan);
}

static inline size_t span_slot_bytes(const struct heap_meta *m)
{
    return m->slot_bytes != 0 ? m->slot_bytes : (size_t)m->npages << HEAP_PAGE_SHIFT;
}

static inline uint32_t span_slot_of(const struct heap_meta *m, uint64_t offset)
{
    return m->slot_bytes != 0 ? (uint32_t)(offset * heap_classes[m->class].magic >> 32) : 0;
}

/* Whether the object in that slot was reachable when the last cycle ended, or is newer.
 * Exact for objects that are reachable now.  Any thread, beside a sweep (span.c I3). */
bool span_is_alive(struct heap_meta *m, uint32_t slot);

uint32_t span_count(const struct heap_meta *m, const atomic_u64 *bits);

/* The first run of free slots at `from` or behind: [*from, *end).  False: there is none.
 * Needs: its owner. */
bool span_next_run(const struct heap_meta *m, uint32_t *from, uint32_t *end);

/* Slots [from, end) are in use now, or not.  Needs: its owner. */
void span_alloc_put(struct heap_meta *m, uint32_t from, uint32_t end, bool is_set);

/* While marking: all free slots count as scanned and marked; and those in [from, end) do
 * not any more, which needs a world that stands still. */
void span_blacken(struct heap_meta *m);
void span_whiten(struct heap_meta *m, uint32_t from, uint32_t end);

NORETURN void heap_out_of_memory(uint64_t bytes);

#endif
