/* SPDX-License-Identifier: BSD-3-Clause */
/* work.h - what is marked and not yet scanned: queues of processors, and one for all.
 *
 * Owns: struct work, entries, moving them between processors.
 * Not here: what an entry asks for (mark.c).
 *
 * An entry is a span with marked objects that were not scanned, or a single larger object,
 * or a piece of one.  Each processor has a ring of them, first in, first out: a span that
 * waits for its turn collects marks meanwhile.  The owner pushes; anybody takes.  What does
 * not fit goes to blocks that all share.
 *
 *     span    page * 2 + 1
 *     object  the address where to begin, which is even
 *
 *   I1  Only the owner of a ring pushes: who has the processor it hangs from.  Who has none
 *       pushes to the shared blocks.
 *   I2  tail - head <= room <= WORK_RING; both run freely.
 *   I3  Records are never freed, and all of them are in one list: work of a processor that
 *       retired is taken like that of any other.
 */
#ifndef GC_WORK_H
#define GC_WORK_H

#include "fix/fix.h"
#include "heap/heap.h"

#define WORK_RING 512u

#define WORK_AHEAD 16u

/* Objects that are to be marked (mark.c), by one word of marks. */
struct ahead {
    struct heap_meta *meta; /* NULL: none */
    uint64_t bits;          /* not 0 */
    uint32_t first;         /* the slot of bit 0 */
};

struct work {
    struct work *all_next;  /* const after it was made */
    uint32_t room;          /* const: entries that fit; 0: all go to the shared blocks */
    uint64_t scanned_bytes; /* owner: of objects, not yet counted */
    uint64_t root_bytes;    /* owner: of roots and stacks, the same */
    uint64_t found_bytes;   /* owner: of objects that it marked, the same */
    int64_t debt;           /* owner: bytes to be scanned for what was allocated */
    uint32_t ahead_at;      /* owner: counts those that were put off */
    uint32_t ahead_from;    /* owner: those before it are done */
    struct ahead ahead[WORK_AHEAD]; /* owner: put off, oldest at ahead_at */
    atomic_u32 tail;                /* atomic; written by the owner */
    atomic_u32 head CACHE_ALIGNED;  /* atomic; taken from by anybody */
    atomic_u64 ring[WORK_RING] CACHE_ALIGNED;
};

static inline uint64_t work_span(size_t page)
{
    return (uint64_t)page * 2 + 1;
}

/* The record of the caller's processor, made when there is none.  Without a processor, in a
 * controlled run: one for that, without room. */
struct work *work_mine(void);

/* w: work_mine(), as everywhere. */
void work_push(struct work *w, uint64_t entry);

/* Shows all records.  The world stands still. */
void work_each(void (*see)(struct work *w));

/* Takes up to max entries from the caller's ring. */
uint32_t work_take_mine(struct work *w, uint64_t *out, uint32_t max);

/* Takes up to max entries from the caller's ring, from the shared blocks or from others.
 * 0: nothing was seen anywhere. */
uint32_t work_take(struct work *w, uint64_t *out, uint32_t max);

/* Whether nothing waits anywhere.  Exact while the world stands still. */
bool work_is_empty(void);

#endif
