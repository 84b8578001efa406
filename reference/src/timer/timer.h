/* SPDX-License-Identifier: BSD-3-Clause */
/* timer.h - door of the timer floor: heaps of deadlines, passive.
 *
 * Owns: the heap of one processor's deadlines, its lock, and the cell (struct timer) that
 * upper floors embed. Not here: what firing means (the fire callback), which heap a timer
 * goes into, sleeping until a deadline and the virtual clock (sched), Stop/Reset/channels
 * with Go 1.23 meaning (chan/timerchan.c).
 *
 * Idea: whether a timer is armed is one word of its cell, the ticket.  Arming puts an entry
 * with a fresh ticket into a heap and the ticket into the cell; disarming only takes the
 * ticket out of the cell, with one exchange and no lock.  An entry whose ticket is not in
 * its cell any more is dead: it is dropped when it comes to the top, or when dead ones make
 * up so much of a heap that a sweep pays.  Nothing counts them: a sample of the heap tells,
 * so there is no count to go wrong.  Moving a timer is arming it again: the new ticket
 * replaces the old one.
 *
 *   I1  A ticket is never used twice, in any heap; 0 is none.  An entry is live while
 *       entry.t->ticket == entry.ticket, so a timer has one live entry at most.
 *   I2  key(parent) <= key(child), key = (when, ticket): equal deadlines of one heap fire
 *       in the order in which they were armed.
 *   I3  heap->next_ns <= the deadline of every live entry, and TIMER_NEVER when the heap
 *       is empty, whenever the lock is free.  It may be that of a dead entry: who is about
 *       to rely on it asks timer_settle.
 *   I4  Who takes the ticket out of a cell decides: disarm, another arming or expiry.
 *       Expiry reads fn and arg before it tries to, so that they are those of its arming.
 *   I5  Memory of a cell that was ever armed stays a cell for ever (fixpool, static): dead
 *       entries point to it.
 *
 * Calls on one timer may be concurrent.  Firing is split: expiry takes the ticket under
 * the heap's lock; the callback runs later with no lock held, with the seq that was given
 * when the timer was armed.  So a callback may be in flight when disarm returns false, and
 * an owner with more state than this compares seq under its own lock.
 */
#ifndef TIMER_TIMER_H
#define TIMER_TIMER_H

#include "gr/task.h"
#include "lock/lock.h"

#define TIMER_NEVER INT64_MAX

struct timer;
struct timer_shot;

/* What a timer does.  now is the clock at expiry.  Needs: no lock; runs off goroutine
 * stacks, so it must not park; may call sched_ready, sched_spawn and the timer calls. */
typedef void (*timer_fire_fn)(const struct timer_shot *shot, int64_t now);

struct timer {
    atomic_u64 ticket;  /* atomic (I4) */
    _Atomic gr_fn fn;   /* atomic: for the owner's use; */
    void *_Atomic arg;  /* both written while not armed, handed to fire */
    timer_fire_fn fire; /* const after init */
};

/* One expiry, taken out of the heap and not yet run. */
struct timer_shot {
    struct timer *t;
    timer_fire_fn fire;
    uint64_t seq;
    gr_fn fn;
    void *arg;
};

struct timer_entry;

struct timer_heap {
    struct mutex lock;
    struct timer_entry *v;            /* guarded by lock */
    uint32_t len, cap;                /* guarded by lock */
    uint32_t look_at;                 /* guarded by lock; at this length dead ones matter */
    struct rand sample;               /* guarded by lock */
    uint64_t ticket_next, ticket_end; /* guarded by lock; drawn and not used */
    _Atomic int64_t next_ns;          /* atomic; written under lock (I3) */
};

void timer_heap_init(struct timer_heap *h);
void timer_heap_fini(struct timer_heap *h);

/* Disarms all timers; keeps the memory. */
void timer_heap_clear(struct timer_heap *h);

/* Moves all timers.  They keep their order; those armed later in `to` come behind them
 * where deadlines are equal.  Needs: nobody else arms timers. */
void timer_heap_move(struct timer_heap *to, struct timer_heap *from);

/* fn and arg are for the owner to set. */
void timer_init(struct timer *t, timer_fire_fn fire);

/* Arms t, or moves it when it is armed in whatever heap.  Gives: it was armed; *is_first:
 * it is now h's earliest.  Blocks: M. */
bool timer_arm(struct timer_heap *h, struct timer *t, int64_t when, uint64_t seq,
               bool *is_first);

/* Gives: true when t was armed, and will not fire; false: it has expired or never was
 * armed, and its callback has run, runs or will run. */
bool timer_disarm(struct timer *t);

/* Takes out up to max timers with when <= now, earliest first.  Gives: how many; max: there
 * may be more. */
uint32_t timer_expire(struct timer_heap *h, int64_t now, struct timer_shot *out,
                      uint32_t max);

/* Number of timers that share the earliest deadline, and expiry of the n-th of them in
 * order of arming.  Linear: only the controlled mode asks, with few timers. */
uint32_t timer_ties(struct timer_heap *h);
bool timer_expire_nth(struct timer_heap *h, int64_t now, uint32_t nth,
                      struct timer_shot *out);

/* Drops what is dead at the top.  Gives: next_ns, which is now that of a timer that was
 * live a moment ago. */
int64_t timer_settle(struct timer_heap *h);

/* Validator of I2 and I3; aborts on a breach. */
void timer_heap_check(struct timer_heap *h);

static inline int64_t timer_next_ns(struct timer_heap *h)
{
    return load_seq(&h->next_ns); /* pairs with the store in timer.c's mirror_locked */
}

#endif
