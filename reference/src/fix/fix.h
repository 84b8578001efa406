/* SPDX-License-Identifier: BSD-3-Clause */
/* fix.h - the door of floor fix: pools of equal objects that are never unmapped.
 *
 * Owns: struct fixpool.  For goroutines, waiters, timers: things that somebody may still
 * look at after they were given back, and must then find an object of the same type.
 *
 *   I1  Memory of a pool stays mapped, and stays objects of this pool, until the
 *       process ends.
 *   I2  A released object is not touched until it is acquired again, not even by the
 *       pool; a fresh one is zero.
 *   I3  Objects are aligned to 16 bytes, to 64 when they are that large, to 128 when they
 *       are larger than that: processors fetch lines in pairs.
 */
#ifndef FIX_FIX_H
#define FIX_FIX_H

#include "lock/lock.h"

struct fix_block; /* room for pointers to free objects */

struct fixpool {
    struct mutex lock;
    uint32_t object_bytes;  /* const after init */
    uint32_t stride;        /* guarded by lock; 0 before the first acquire */
    struct fix_block *free; /* guarded by lock: the top of the stack of free objects */
    uint32_t nfree;         /* guarded by lock: how many of them are in that block */
    char *fresh, *end;      /* guarded by lock: what is left of the newest chunk */
    size_t live, total;     /* guarded by lock */
};

#define FIXPOOL_INIT(bytes)                                                                \
    {                                                                                      \
        .lock = MUTEX_INIT(RANK_fix), .object_bytes = (bytes)                              \
    }

void fixpool_init(struct fixpool *p, size_t object_bytes);

/* An object.  Does not return without one: no memory is the fatal error
 * GR_FATAL_NO_MEMORY. */
void *fixpool_acquire(struct fixpool *p);
void fixpool_release(struct fixpool *p, void *object);

/* The same for n at once under one lock, for caches of single processors. */
void fixpool_acquire_many(struct fixpool *p, void **out, size_t n);
void fixpool_release_many(struct fixpool *p, void *const *in, size_t n);

/* Shows all objects that were ever acquired, released ones too, while others acquire and
 * release them.  What is acquired for the first time meanwhile may be missing. */
void fixpool_each(struct fixpool *p, void (*see)(void *object, void *arg), void *arg);

/* What all pools have from the system. */
uint64_t fixpool_bytes(void);

/* Objects acquired and not released. */
size_t fixpool_live(struct fixpool *p);

/* True when the free list and the counters agree.  Takes the lock. */
bool fixpool_check(struct fixpool *p);

#endif
