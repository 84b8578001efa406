/* SPDX-License-Identifier: BSD-3-Clause */
/* timer.h - door of the timer floor: heaps of deadlines, passive.
 *
 * Owns: the 4-ary heap of one processor, its lock, and the cell (struct timer) that upper
 * floors embed. Not here: what firing means (the fire callback), which heap a timer goes
 * into, sleeping until a deadline and the virtual clock (sched), Stop/Reset/channels with
 * Go 1.23 meaning (chan/timerchan.c).
 *
 * Idea: a timer is in at most one heap, found through t->heap.  Removal is eager (each cell
 * knows its slot), so there are no zombies to count.  Deadlines are kept beside the
 * pointers in the heap array, so that sifting does not touch the cells.  Equal deadlines
 * fire in the order in which they were armed. The heap's earliest deadline is mirrored in
 * an atomic, so that others need no lock to see it.
 *
 *   I1  heap->v[t->slot].t == t while t->slot != TIMER_IDLE; both change under heap->lock
 *       only.
 *   I2  key(parent) <= key(child), key = (when, order).
 *   I3  heap->next_ns == v[0].when, or TIMER_NEVER when empty, whenever the lock is free.
 *   I4  Calls that arm or disarm ONE timer are serialised by its owner (its own lock, or it
 *       is private); the owner's lock is taken before the heap's.  Only expiry runs
 *       concurrently with them.
 *
 * Firing is split: expiry takes the timer out (or, with a period, arms it again) under the
 * lock; the callback runs later with no lock held, with the seq that was given when the
 * timer was armed.  So a callback may be in flight when disarm returns false: the owner
 * compares seq under its own lock, and the cell's memory must be type-stable (fixpool) or
 * known not to be in flight.
 */
#ifndef TIMER_TIMER_H
#define TIMER_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock/lock.h"

#define TIMER_IDLE UINT32_MAX /* slot of a timer that is in no heap */
#define TIMER_NEVER INT64_MAX

struct timer;
struct timer_heap;

/* What a timer does.  now is the clock at expiry.  Needs: no lock; runs off goroutine
 * stacks, so it must not park; may call sched_ready, sched_spawn and the timer calls. */
typedef void (*timer_fire_fn)(struct timer *t, uint64_t seq, int64_t now);

struct timer {
    int64_t when;                    /* guarded by heap->lock while armed */
    int64_t period;                  /* guarded by heap->lock; 0: fires once */
    uint64_t seq;                    /* guarded by heap->lock; handed to fire */
    uint32_t slot;                   /* guarded by heap->lock; TIMER_IDLE: not armed */
    struct timer_heap *_Atomic heap; /* changed by the owner (I4) while not armed */
    timer_fire_fn fire;              /* const after init */
};

struct timer_entry {
    int64_t when;
    uint64_t order;
    struct timer *t;
};

struct timer_heap {
    struct mutex lock;
    struct timer_entry *v;   /* guarded by lock */
    uint32_t len, cap;       /* guarded by lock */
    uint64_t armed;          /* guarded by lock; source of order */
    _Atomic int64_t next_ns; /* atomic; written under lock (I3) */
};

/* One expiry, taken out of the heap and not yet run. */
struct timer_shot {
    struct timer *t;
    timer_fire_fn fire;
    uint64_t seq;
};

void timer_heap_init(struct timer_heap *h);
void timer_heap_fini(struct timer_heap *h);

/* Takes all timers out; keeps the memory. */
void timer_heap_clear(struct timer_heap *h);

void timer_init(struct timer *t, timer_fire_fn fire);

/* Puts t into h.  Needs: I4, t not armed.  Gives: true when t is now h's earliest.  Blocks:
 * M. */
bool timer_arm(struct timer_heap *h, struct timer *t, int64_t when, int64_t period,
               uint64_t seq);

/* Takes t out of its heap.  Needs: I4.  Gives: true when it was armed; false: it has
 * expired or never was armed, and its callback has run, runs or will run. */
bool timer_disarm(struct timer *t);

/* Takes out the earliest timer with when <= now.  Gives: false when there is none. */
bool timer_expire(struct timer_heap *h, int64_t now, struct timer_shot *out);

/* Number of timers that share the earliest deadline, and expiry of the n-th of them in
 * order of arming. */
uint32_t timer_ties(struct timer_heap *h);
bool timer_expire_nth(struct timer_heap *h, int64_t now, uint32_t nth,
                      struct timer_shot *out);

/* Validator of I1-I3; aborts on a breach. */
void timer_heap_check(struct timer_heap *h);

static inline int64_t timer_next_ns(struct timer_heap *h)
{
    return atomic_load_explicit(&h->next_ns, memory_order_seq_cst);
}

#endif
