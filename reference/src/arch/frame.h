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

/* Stores up to max return addresses, innermost first, starting from frame pointer fp of a
 * stack [lo, hi).  Gives their number.  Async-signal-safe. */
static inline size_t frame_walk_insig(const void *fp, const void *lo, const void *hi,
                                      uintptr_t *pcs, size_t max)
{
    uintptr_t at = (uintptr_t)fp, floor = (uintptr_t)lo;
    size_t n = 0;
    while (n < max && at % sizeof(void *) == 0 && at >= floor &&
           at + 2 * sizeof(void *) <= (uintptr_t)hi) {
        const uintptr_t *rec = (const uintptr_t *)at;
        if (rec[1] == 0)
            break;
        pcs[n++] = rec[1];
        floor = at + 2 * sizeof(void *);
        at = rec[0];
    }
    return n;
}

#endif
