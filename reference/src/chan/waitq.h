/* SPDX-License-Identifier: BSD-3-Clause */
/* waitq.h - goroutines that wait for a channel, in order of arrival, and their records.
 *
 * Owns: struct waiter, struct waitq, the rule who is served next, the records of a
 * goroutine. Not here: what is exchanged (chan.c, select.c).
 *
 * A goroutine that waits for one channel uses the cell in its struct g; a select takes one
 * record per case, the first in the cell, the others from a pool.  None lies on a stack:
 * peers write into records while the waiting goroutine's stack may be anywhere.
 *
 *   I1  A record is queued in at most one queue, guarded by its channel's lock.
 *   I2  A select's records are all or partly queued while it waits.  Whoever wins the CAS 0
 *       -> 1 on g->select_done has the right to serve it; a queued record whose select is
 *       won is a loser, and is skipped.
 *   I3  A record outlives its wake-up: its goroutine gives it back after the channel let go
 *       of it.
 */
#ifndef CHAN_WAITQ_H
#define CHAN_WAITQ_H

#include "base/base.h"
#include "gr/chan.h"
#include "sched/sched.h"

struct waiter {
    struct waiter *next, *prev; /* guarded by c->lock */
    struct g *g;                /* const while queued */
    void *elem;     /* const while queued; to send from or to receive into; NULL: nothing */
    bool is_select; /* const while queued */
    bool is_queued; /* guarded by c->lock */
    bool success;   /* server, before it readies g: a value was exchanged */
    int32_t index;  /* const while queued; which case of a select */
    /* of a select alone: */
    gr_chan *c;          /* const while queued */
    struct waiter *more; /* owner: G; next record of this select, in lock order */
};

struct waitq {
    struct waiter *_Atomic first; /* atomic; written under c->lock */
    struct waiter *last;          /* guarded by c->lock */
};

/* Acquire: pairs with the releases under the lock, for looks without it. */
static inline struct waiter *waitq_first(const struct waitq *q)
{
    return load_acquire(&((struct waitq *)(uintptr_t)q)->first);
}

/* The record in g's cell. */
static inline struct waiter *waiter_in_cell(struct g *g)
{
    return (struct waiter *)(void *)g->cell;
}

/* Fills a record for a plain operation; of a select's record, what every record has. */
static inline void waiter_fill(struct waiter *w, struct g *g, void *elem, bool is_select)
{
    w->g = g;
    w->elem = elem;
    w->is_select = is_select;
    w->is_queued = false;
    w->success = false;
}

/* A record from the pool, empty; and all records of a select given back (the cell is not).
 * They hang from g->waiting, linked by more. */
struct waiter *waiter_acquire(void);
void waiters_release(struct g *g);

static inline void waitq_push(struct waitq *q, struct waiter *w)
{
    struct waiter *last = q->last;
    bool is_first = waitq_first(q) == NULL;
    ASSERT(!w->is_queued);
    w->is_queued = true;
    w->next = NULL;
    w->prev = is_first ? NULL : last;
    q->last = w;
    if (is_first)
        store_release(&q->first, w); /* pairs with the acquire in waitq_first */
    else
        last->next = w;
}

/* Takes w out if it is still queued. */
void waitq_remove(struct waitq *q, struct waiter *w);

/* Takes out the one to be served, with the right to wake it; NULL: nobody.  First come,
 * first served; in a controlled run with any_waiter, any. */
struct waiter *waitq_take_slow(struct waitq *q);
static inline struct waiter *waitq_take(struct waitq *q)
{
    return waitq_first(q) == NULL ? NULL : waitq_take_slow(q);
}

/* The same when all are going to be taken: the order is nobody's business. */
struct waiter *waitq_drain(struct waitq *q);

/* Somebody could be served now; may change without the lock of the channel that the other
 * side's select also waits for, so a waitq_take may still find nobody.  Needs: the lock, or
 * that nobody else runs. */
bool waitq_is_servable(const struct waitq *q);

#endif
