/* SPDX-License-Identifier: BSD-3-Clause */
/* poison.h - memory of slots in the eyes of debug modes and sanitizers.
 *
 * GR_DEBUG=poison=1: free memory is filled when it becomes free, and looked at before it is
 * used again: whoever has written to it meanwhile kept a pointer that the collector did not
 * know of.  ASan is told of free memory and of the rest behind what was asked for; a race
 * detector of programs, that an object has nothing to do with who was there before.
 *
 *   I1  In a span without is_zero all memory of free slots is filled; in one with it, zero.
 *       What a run has zeroed ahead is zero.
 *   I2  For ASan exactly what was asked for by live objects is good, but for larger objects
 *       with pointers, which the collector reads to their ends.
 *
 * All of it is nothing in builds and runs that do not ask.
 */
#ifndef HEAP_POISON_H
#define HEAP_POISON_H

#include "arch/arch.h"
#include "heap/span.h"

#define POISON_BYTE 0xdb

static ALWAYS_INLINE bool poison_is_on(void)
{
    return UNLIKELY(env_knobs.poison != 0);
}

void poison_made_slow(struct heap_meta *m);
void poison_dying_slow(struct heap_meta *m);
void poison_reuse_slow(const struct heap_meta *m, char *at, size_t bytes);
void poison_unused_slow(const struct heap_meta *m, char *at, size_t bytes);

/* A span has been made. */
static inline void poison_made(struct heap_meta *m)
{
    if (GR_ASAN || poison_is_on())
        poison_made_slow(m);
}

/* What is in use and has no mark dies now. */
static inline void poison_dying(struct heap_meta *m)
{
    if (GR_ASAN || poison_is_on())
        poison_dying_slow(m);
}

/* Free memory of the span is about to be zeroed for use; the same backwards. */
static ALWAYS_INLINE void poison_reuse(const struct heap_meta *m, char *at, size_t bytes)
{
    if (GR_ASAN || poison_is_on())
        poison_reuse_slow(m, at, bytes);
}
static inline void poison_unused(const struct heap_meta *m, char *at, size_t bytes)
{
    if (GR_ASAN || poison_is_on())
        poison_unused_slow(m, at, bytes);
}

/* The pages of a span are nobody's. */
static inline void poison_gone(const struct heap_meta *m)
{
    const char *at = heap_page_at(heap_page_no(m));
    san_unpoison(at, at + ((size_t)m->npages << HEAP_PAGE_SHIFT));
}

/* An object of so many bytes begins here, in a slot of this size. */
static ALWAYS_INLINE void poison_object(const char *p, size_t bytes, size_t slot)
{
    san_unpoison(p, p + bytes);
    san_race_forget(p, slot);
}

#endif
