/* SPDX-License-Identifier: BSD-3-Clause */
/* chan.h - the door of floor chan: channels, select, and the channels of timers.
 *
 * Owns: struct gr_chan and the two halves of an exchange under its lock (chan.c); select
 * (select.c); timers with channels (timerchan.c).
 *
 * Idea: a value goes straight from one goroutine's memory into the other's when the other
 * one waits; the buffer is used only when nobody waits.  Whoever arrives second does the
 * work for both and makes the first runnable, after the lock is free.
 *
 *   I1  count > 0 implies that no receiver waits; count < slots implies that no sender
 *       waits (losers of selects, which are only queued, do not count as waiting).
 *   I2  Both queues hold somebody who can be served only when it is one select that waits
 *       in both directions.
 *   I3  is_closed never clears.
 *   I4  sendx == (recvx + count) mod slots, when slots > 0.
 *   I5  What makes a send or a receive possible that was not (a value put or taken, a
 *       waiter enqueued, a close) moves version on, before the lock is free.  What is seen
 *       without the lock (count, is_closed, heads of queues) is stored with release, so
 *       whoever sees a state sees the versions of all that came before it.
 *
 * Locks: c->lock, a lock of processors (lock.h); several at once in order of id (select.c).
 * It is also the owner's lock of a timer's cell.  count, is_closed and the heads of the
 * queues are atomic for those who look without the lock (len, fast refusals).
 */
#ifndef CHAN_CHAN_H
#define CHAN_CHAN_H

#include "base/base.h"
#include "gc/gc.h"
#include "gr/chan.h"
#include "gr/select.h"
#include "lock/lock.h"
#include "sched/sched.h"
#include "waitq.h"

struct gr_timer;

/* Laid out by who touches what: a plain operation that need not wait writes the first line
 * only, and reads the heads of both queues in the next. */
struct gr_chan {
    struct mutex lock;
    uint32_t elem_size;     /* const after make */
    _Atomic bool is_closed; /* atomic; written under lock */
    bool is_word;           /* const after make: elements are words that nobody looks at */
    bool is_collected;      /* const after make: gr_chan_new's */
    atomic_u64 count;       /* atomic; written under lock */
    uint64_t
        /* const after make: capacity; 1 for a timer's channel, which looks unbuffered */
        slots;
    uint64_t sendx, recvx;  /* guarded by lock */
    char *buf;              /* const after make */
    struct gr_timer *timer; /* const after make; NULL for an ordinary channel */

    struct waitq recvq, sendq; /* guarded by lock, but for looks at their heads */
    atomic_u64 version;        /* atomic; written under lock (I5) */
    uint64_t id;               /* const after make; order of locking */
    const gr_type *type;       /* const after make; NULL: elements without pointers */
};

/* Something that could not go on may be able to now (I5).  Needs: c locked. */
static ALWAYS_INLINE void chan_changed_locked(gr_chan *c)
{
    /* Pairs with the acquires of version in select.c: who sees the number sees the state,
     * and what it was before can not come back under the same one. */
    store_release(&c->version, load_relaxed(&c->version) + 1);
}

/* Puts w, which was filled, at the end of c's queue of that direction.  Needs: c locked. */
static ALWAYS_INLINE void chan_enqueue_locked(gr_chan *c, struct waiter *w, bool is_send)
{
    waitq_push(is_send ? &c->sendq : &c->recvq, w);
    chan_changed_locked(c);
}

/* For memory of the caller: a channel with this buffer. */
void chan_init(gr_chan *c, size_t elem_size, uint64_t slots, char *buf);

/* Moving elements that are more or less than a word, or that the collector looks at
 * (elem.c).  A slot is empty before a put and after a take; `to` is memory of a receiver.
 * to may be NULL for a take. */
void elem_put_slow(gr_chan *c, void *slot, const void *from);
void elem_take_slow(gr_chan *c, void *to, void *slot);
void elem_give_slow(gr_chan *c, void *to, const void *from);
void elem_clear_slow(gr_chan *c, void *to);
/* Bytes of a buffer.  Panics: GR_ERR_MAKECHAN_SIZE. */
uint64_t elem_buffer_bytes(size_t elem_size, int64_t cap);

static ALWAYS_INLINE void chan_lock(gr_chan *c)
{
    noise_point(NOISE_BEFORE_LOCK);
    mutex_lock_p(&c->lock);
    noise_point(NOISE_LOCKED);
}

static ALWAYS_INLINE void chan_unlock(gr_chan *c)
{
    mutex_unlock_p(&c->lock);
    noise_point(NOISE_AFTER_UNLOCK);
}

enum exchange { EXCHANGE_NONE, EXCHANGE_DONE, EXCHANGE_CLOSED };

/* One half of an exchange, if it can be done now.  *wake gets the waiter that was served,
 * or NULL; the caller makes it runnable with waiter_ready after the unlock.
 * EXCHANGE_CLOSED: a send must panic; a receive has cleared *elem.  Needs: c locked. */
enum exchange chan_send_locked(gr_chan *c, const void *elem, struct waiter **wake);
enum exchange chan_recv_locked(gr_chan *c, void *elem, struct waiter **wake);

/* Makes a served waiter runnable; NULL: nothing.  Needs: no lock. */
void waiter_ready_slow(struct waiter *w);
static inline void waiter_ready(struct waiter *w)
{
    if (w != NULL)
        waiter_ready_slow(w);
}

static inline bool waitq_may_serve(const struct waitq *q, bool is_exact)
{
    if (waitq_first(q) == NULL)
        return false;
    return !is_exact || waitq_is_servable(q);
}

/* Whether a case could go on now.  With the lock of c, or where nobody else runs, the
 * answer is exact.  Without it is_exact must be false: then `no` was true at some moment
 * since the call, and `yes` is a guess.  A timer's channel must have been polled.
 *
 * Without the lock: a channel that is full has no receivers waiting, nor senders when it is
 * empty, and one that is seen open was open before.  So the moment is that of the look at
 * count, or at the queue when there is no buffer; is_closed comes last.  Acquires: pair
 * with the releases under the lock (I5). */
static inline bool chan_can_send(const gr_chan *c, bool is_exact)
{
    struct gr_chan *u = (struct gr_chan *)(uintptr_t)c;
    return load_acquire(&u->count) < c->slots || waitq_may_serve(&c->recvq, is_exact) ||
           load_acquire(&u->is_closed);
}

static inline bool chan_can_recv(const gr_chan *c, bool is_exact)
{
    struct gr_chan *u = (struct gr_chan *)(uintptr_t)c;
    return load_acquire(&u->count) > 0 || waitq_may_serve(&c->sendq, is_exact) ||
           load_acquire(&u->is_closed);
}

/* Timers' channels.  Before looking at one: a deadline that has passed fires.  Before
 * waiting on it, and after: its timer is armed while somebody waits.  Need: c locked,
 * c->timer not NULL. */
void timer_poll_locked(gr_chan *c);
void timer_block_locked(gr_chan *c);
void timer_unblock_locked(gr_chan *c);

#endif
