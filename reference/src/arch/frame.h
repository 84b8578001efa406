/* SPDX-License-Identifier: BSD-3-Clause */
/* frame.h - walking a stack by its frame pointers.
 *
 * Everything of ours is compiled with -fno-omit-frame-pointer: on both ports a frame
 * pointer points at { caller's frame pointer, return address }.  The walk believes nothing:
 * each pointer must be aligned, inside [lo, hi) and higher than the last one.
 */
#ifndef ARCH_FRAME_H
#define ARCH_FRAME_H

#include "base/base.h"

struct frame_walk {
    uintptr_t at, floor, hi;
    intptr_t moved; /* where the bytes really are, minus where the stack has them */
};

/* A walk that starts from frame pointer fp of a stack [lo, hi). */
static inline struct frame_walk frame_walk(const void *fp, const void *lo, const void *hi)
{
    return (struct frame_walk){(uintptr_t)fp, (uintptr_t)lo, (uintptr_t)hi, 0};
}

/* The next return address, innermost first; 0 at the end.  Async-signal-safe.  Not
 * instrumented, for a dump may look at a stack that somebody else uses. */
UNWATCHED static inline uintptr_t frame_next_insig(struct frame_walk *w)
{
    if (w->at % sizeof(void *) != 0 || w->at < w->floor || w->at >= w->hi ||
        w->hi - w->at < 2 * sizeof(void *))
        return 0;
    const volatile uintptr_t *rec =
        (const volatile uintptr_t *)(w->at + (uintptr_t)w->moved);
    w->floor = w->at + 2 * sizeof(void *);
    w->at = rec[0];
    return rec[1];
}

/* Stores up to max return addresses, innermost first.  Gives their number.
 * Async-signal-safe. */
static inline size_t frame_walk_insig(const void *fp, const void *lo, const void *hi,
                                      uintptr_t *pcs, size_t max)
{
    struct frame_walk w = frame_walk(fp, lo, hi);
    size_t n = 0;
    while (n < max && (pcs[n] = frame_next_insig(&w)) != 0)
        n++;
    return n;
}

#endif
