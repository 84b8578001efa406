/* SPDX-License-Identifier: BSD-3-Clause */
/* lock.h - the door of floor lock: locks and notes for threads, not for goroutines.
 *
 * Owns: struct mutex, a futex lock that spins a few rounds only (the machine may have two
 * processors, and the holder may not run); struct note, a one-shot event; the order of
 * locks (rank.def), checked in builds with checks.
 *
 *   I1  A thread that holds a lock does not switch goroutines, but for the commit of a
 * park,
 *       which runs on the same thread and releases it.
 *   I2  Locks are taken in the order of rank.def, top first; locks of one rank together
 *       only where rank.def says so.  Unranked locks (RANK_NONE) are not checked.
 */
#ifndef LOCK_LOCK_H
#define LOCK_LOCK_H

#include "base/base.h"

enum lock_rank {
    RANK_NONE,
#define RANK_DEF(name, is_many) RANK_##name,
#include "rank.def"
    RANK_COUNT
};

/* The zero value is an unlocked lock without a rank. */
struct mutex {
    atomic_u32 state; /* atomic: 0 free, 1 held, 2 held and somebody may sleep */
    uint32_t rank;    /* const after init: enum lock_rank */
};

#define MUTEX_INIT(rank_)                                                                  \
    {                                                                                      \
        .state = 0, .rank = (rank_)                                                        \
    }

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock(struct mutex *m);     /* Blocks: M. */
bool mutex_lock_try(struct mutex *m); /* Blocks: nothing.  The rank is not checked. */
void mutex_unlock(struct mutex *m);
bool mutex_is_held(const struct mutex *m); /* by anybody; for assertions */

/* Asserts that the calling thread holds no ranked lock; free in builds without checks. */
void lock_check_none_held(void);

/* A one-shot event: cleared, then one note_wake ends one sleep, whichever comes first. */
struct note {
    atomic_u32 state; /* atomic: 0 cleared, 1 woken */
};

void note_clear(struct note *n);
/* At most once between two clears.  The sleeper sees what the caller did before. */
void note_wake(struct note *n);
void note_sleep(struct note *n); /* Blocks: M. */
/* False when timeout_ns (negative: none) passed first. */
bool note_sleep_ns(struct note *n, int64_t timeout_ns);

#endif
