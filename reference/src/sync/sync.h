/* SPDX-License-Identifier: BSD-3-Clause */
/* sync.h - the door of floor sync: goroutines that sleep on a lock, a counter or a
 * condition.
 *
 * Owns: the waiting list (waitlist.c) on which mutex.c, rwmutex.c, group.c and cond.c are
 * built. Not here: once.c and atomic.c need no list of their own; channels have their own
 * queues (chan).
 *
 * Idea: a list is a counting semaphore whose queue is first come, first served.  A
 * sleeper's record lies in its goroutine's cell (g->cell), never on its stack, so nothing
 * is allocated to sleep.  Who has nothing to do between enqueueing and parking parks with
 * the list locked: nobody finds the record before its goroutine sleeps.  Else (a condition
 * unlocks its mutex in between) a waker may already have picked the sleeper, and one word
 * settles it:
 *
 *     AWAKE --park's commit--> ASLEEP --waker--> PICKED   (the waker makes it runnable)
 *       '---------waker--------------> PICKED           (commit sees it and does not sleep)
 *
 *   I1  A record is in at most one list, and only between enqueue and pick.
 *   I2  permits > 0 only while nobody waits.
 *   I3  Whoever takes a record out of the list has the right to wake it, once.
 *
 * Locks: a list's lock is a leaf but for the scheduler's; nobody holds two.
 */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "base/base.h"
#include "gr/sync.h"
#include "lock/lock.h"
#include "sched/sched.h"

enum { SLEEPER_AWAKE, SLEEPER_ASLEEP, SLEEPER_PICKED };

struct sleeper {
    struct sleeper *next; /* guarded by the list's lock */
    struct g *g;          /* const while enqueued */
    int64_t since_ns;     /* const while enqueued; when it began to want the lock (mutex) */
    atomic_u32 state;     /* atomic */
    bool was_handed; /* waker, before the pick: the lock comes with the wake-up (mutex) */
    uint64_t race;   /* its address stands for the wake-up in flavour racecheck */
};

/* The lock of l.  Blocks: M. */
void waitlist_lock(struct gr_waitlist *l);
void waitlist_unlock(struct gr_waitlist *l);

/* The calling goroutine's record, at the end (or head) of l.  Needs: l locked. */
struct sleeper *waitlist_add_locked(struct gr_waitlist *l, bool at_head);

/* Takes one record out: the first, or in a controlled run with any_waiter any.  NULL: none.
 * Needs: l locked. */
struct sleeper *waitlist_take_locked(struct gr_waitlist *l);

/* Wakes a record that was taken.  Needs: no list's lock. */
void sleeper_wake(struct sleeper *s);

/* Sleeps until the record is picked.  Needs: no list's lock.  Blocks: G. */
void sleeper_sleep(struct sleeper *s, enum park_reason why);

/* The same at once after waitlist_add_locked.  Needs: l locked; it is not afterwards. */
void sleeper_sleep_locked(struct gr_waitlist *l, struct sleeper *s, enum park_reason why);

/* The semaphore: takes a permit or sleeps for one; gives n permits, to sleepers first. */
void waitlist_wait(struct gr_waitlist *l, enum park_reason why);
void waitlist_post(struct gr_waitlist *l, uint32_t n);

/* The mutex without the decision point, for the floor's own use. */
void mutex_acquire(gr_mutex *m, enum park_reason why);
bool mutex_acquire_try(gr_mutex *m);
void mutex_release(gr_mutex *m);

#endif
