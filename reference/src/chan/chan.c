/* SPDX-License-Identifier: BSD-3-Clause */
/* chan.c - channels: make, send, receive, close, len, cap.
 *
 * Owns: struct gr_chan's fields and every plain operation on them; invariants are in
 * chan.h. Not here: waiting for several channels (select.c), timers (timerchan.c).
 *
 * A receive from a full buffer with a sender waiting takes the oldest value and puts the
 * sender's into the slot that became free, which is the newest place of the ring: first in,
 * first out is kept with one copy each way.
 *
 * Closing serves every waiter: receivers get zero bytes, senders wake to panic.  All are
 * taken out under the lock and made runnable after it.
 */
#include "chan.h"

#include <stdlib.h>
#include <string.h>

#include "edge.h"

static atomic_u64 last_id; /* atomic */

void chan_init(gr_chan *c, size_t elem_size, uint64_t slots, char *buf)
{
    memset(c, 0, sizeof *c);
    mutex_init(&c->lock, RANK_chan);
    c->elem_size = (uint32_t)elem_size;
    c->is_word = elem_size == sizeof(uint64_t);
    c->slots = slots;
    c->buf = buf;
    c->id = add_relaxed(&last_id, 1) + 1;
}

gr_chan *gr_chan_make(size_t elem_size, int64_t cap)
{
    gr_chan *c;
    uint64_t bytes = elem_buffer_bytes(elem_size, cap);
    c = malloc(sizeof *c + bytes + RACE_PAD_BYTES);
    if (c == NULL)
        gr_panic_error(GR_ERR_MAKECHAN_SIZE);
    if (MUTANT(chan_cap_off_by_one) && cap > 1)
        cap--;
    chan_init(c, elem_size, (uint64_t)cap, (char *)(c + 1));
    return c;
}

void gr_chan_free(gr_chan *c)
{
    ASSERT(c == NULL || c->timer == NULL);
    if (c != NULL && !c->is_collected)
        free(c);
}

/* ---- elements ------------------------------------------------------------------------ */

static ALWAYS_INLINE void elem_put(gr_chan *c, void *slot, const void *from)
{
    if (LIKELY(c->is_word))
        memcpy(slot, from, sizeof(uint64_t));
    else
        elem_put_slow(c, slot, from);
}

static ALWAYS_INLINE void elem_take(gr_chan *c, void *to, void *slot)
{
    if (UNLIKELY(!c->is_word))
        elem_take_slow(c, to, slot);
    else if (to != NULL)
        memcpy(to, slot, sizeof(uint64_t));
}

/* From a waiting sender, or to a waiting receiver; to == NULL: nobody wants it. */
static ALWAYS_INLINE void elem_give(gr_chan *c, void *to, const void *from)
{
    if (to == NULL)
        return;
    if (LIKELY(c->is_word))
        memcpy(to, from, sizeof(uint64_t));
    else
        elem_give_slow(c, to, from);
}

static void elem_clear(gr_chan *c, void *to)
{
    if (to != NULL && c->elem_size != 0 && !MUTANT(chan_closed_dest_kept))
        elem_clear_slow(c, to);
}

static char *slot_at(const gr_chan *c, uint64_t x)
{
    return c->buf + x * c->elem_size;
}

static uint64_t slot_next(const gr_chan *c, uint64_t x)
{
    return x + 1 == c->slots ? 0 : x + 1;
}

/* Appends *elem for g.  Needs: c locked, room. */
static ALWAYS_INLINE void ring_put(gr_chan *c, const void *elem, const struct g *g)
{
    slot_race(c, c->sendx, g);
    elem_put(c, slot_at(c, c->sendx), elem);
    c->sendx = slot_next(c, c->sendx);
    /* Pairs with the acquires of those who look without the lock. */
    store_release(&c->count, load_relaxed(&c->count) + 1);
    chan_changed_locked(c);
}

/* Removes the oldest element.  Needs: c locked, count > 0. */
static ALWAYS_INLINE void ring_get(gr_chan *c, void *elem)
{
    uint64_t x = c->recvx, n = load_relaxed(&c->count);
    if (MUTANT(chan_buffer_lifo)) {
        x = (c->recvx + n - 1) % c->slots;
        c->sendx = x;
    } else
        c->recvx = slot_next(c, x);
    slot_race(c, x, RACE_SELF);
    elem_take(c, elem, slot_at(c, x));
    /* Pairs with the acquires of those who look without the lock. */
    store_release(&c->count, n - 1);
    chan_changed_locked(c);
}

/* ---- one half of an exchange --------------------------------------------------------- */

static ALWAYS_INLINE enum exchange send_locked(gr_chan *c, const void *elem,
                                               struct waiter **wake)
{
    struct waiter *w;
    uint64_t n = load_relaxed(&c->count);
    *wake = NULL;
    if (load_relaxed(&c->is_closed) && !(MUTANT(chan_close_after_buffer) && n < c->slots))
        return EXCHANGE_CLOSED;
    w = waitq_take(&c->recvq);
    if (w != NULL) {
        served_race(c, w, true);
        elem_give(c, w->elem, elem);
        w->success = true;
        *wake = w;
        if (MUTANT(chan_value_duplicated) && n < c->slots)
            ring_put(c, elem, RACE_SELF);
        return EXCHANGE_DONE;
    }
    if (n >= c->slots)
        return EXCHANGE_NONE;
    if (!MUTANT(chan_value_dropped) || n == 0)
        ring_put(c, elem, RACE_SELF);
    return EXCHANGE_DONE;
}

/* Takes the oldest element of a full buffer and puts *from, which g sends, behind the
 * newest: the same slot.  count stays: for those who look without the lock there was no
 * room and no lack in between.  Needs: c locked. */
static void ring_turn(gr_chan *c, void *elem, const void *from, const struct g *g)
{
    uint64_t x = c->recvx;
    if (MUTANT(chan_buffer_lifo)) {
        ring_get(c, elem);
        ring_put(c, from, g);
        return;
    }
    slot_race(c, x, RACE_SELF);
    elem_take(c, elem, slot_at(c, x));
    slot_race(c, x, g);
    elem_put(c, slot_at(c, x), from);
    c->sendx = c->recvx = slot_next(c, x);
}

/* The first waiting sender's value goes where it belongs: to the receiver, or behind the
 * buffer. */
static void take_from_sender(gr_chan *c, struct waiter *w, void *elem)
{
    served_race(c, w, false);
    if (c->slots == 0 || MUTANT(chan_sender_before_buffer))
        elem_give(c, elem, w->elem);
    else
        ring_turn(c, elem, w->elem, w->g);
    w->success = true;
}

static ALWAYS_INLINE enum exchange recv_locked(gr_chan *c, void *elem, struct waiter **wake)
{
    struct waiter *w;
    *wake = NULL;
    if (load_relaxed(&c->is_closed) &&
        (load_relaxed(&c->count) == 0 || MUTANT(chan_close_drops_buffer))) {
        RACE_ACQUIRE(c);
        elem_clear(c, elem);
        return EXCHANGE_CLOSED;
    }
    w = waitq_take(&c->sendq);
    if (w != NULL) {
        take_from_sender(c, w, elem);
        *wake = w;
        return EXCHANGE_DONE;
    }
    if (load_relaxed(&c->count) == 0)
        return EXCHANGE_NONE;
    ring_get(c, elem);
    return EXCHANGE_DONE;
}

enum exchange chan_send_locked(gr_chan *c, const void *elem, struct waiter **wake)
{
    return send_locked(c, elem, wake);
}

enum exchange chan_recv_locked(gr_chan *c, void *elem, struct waiter **wake)
{
    return recv_locked(c, elem, wake);
}

static ALWAYS_INLINE void served_ready(struct waiter *w, struct g *g)
{
    if (w->is_select)
        g->param = w;
    noise_point(NOISE_AFTER_UNLOCK);
    sched_ready(g);
}

void waiter_ready_slow(struct waiter *w)
{
    struct g *g = w->g;
    if (GR_MUTANTS && g == NULL) /* a mutant's ghost */
        return;
    fiber_prefetch(&g->fiber, 2); /* it runs soon */
    served_ready(w, g);
}

/* ---- waiting ------------------------------------------------------------------------- */

static bool commit_unlock(struct g *g, void *arg)
{
    gr_chan *c = arg;
    (void)g;
    mutex_unlock_p(&c->lock);
    return true;
}

static void park_for_ever(enum park_reason why)
{
    for (;;)
        sched_park(NULL, NULL, why);
}

/* Where others may exchange the element of a goroutine whose stack may be squeezed.  Once
 * it goes on, elem_bring takes it from there. */
static void *elem_stash(const gr_chan *c, struct g *g, void *elem)
{
    if (elem == NULL || !sched_on_stack(g, elem))
        return elem;
    g->is_pinned = c->elem_size > sizeof g->stash;
    if (g->is_pinned)
        return elem;
    memcpy(g->stash, elem, c->elem_size);
    return g->stash;
}

static void elem_bring(const gr_chan *c, struct g *g, void *elem, bool is_send)
{
    if (!is_send && elem != NULL && !g->is_pinned && sched_on_stack(g, elem))
        memcpy(elem, g->stash, c->elem_size);
    memset(g->stash, 0, sizeof g->stash); /* what lies there is kept (waitq.c) */
    g->is_pinned = false;
}

/* Waits in a queue until served or closed.  Needs: c locked; it is not afterwards.  Gives:
 * a value was exchanged. */
static bool chan_wait(gr_chan *c, bool is_send, void *elem, enum park_reason why)
{
    struct g *g = g_self();
    struct waiter *w = waiter_in_cell(g);
    waiter_fill(w, g, UNLIKELY(g->no_escape) ? elem_stash(c, g, elem) : elem, false);
    chan_enqueue_locked(c, w, is_send);
    if (UNLIKELY(c->timer != NULL))
        timer_block_locked(c);
    noise_point(NOISE_BEFORE_PARK);
    if (lock_is_alone()) { /* nobody can come in before the park: no commit is needed */
        mutex_unlock_p(&c->lock);
        sched_park(NULL, NULL, why);
    } else
        sched_park(commit_unlock, c, why);
    if (UNLIKELY(c->timer != NULL)) {
        chan_lock(c);
        timer_unblock_locked(c);
        chan_unlock(c);
    }
    if (UNLIKELY(g->no_escape))
        elem_bring(c, g, elem, is_send);
    return w->success;
}

/* ---- public -------------------------------------------------------------------------- */

void gr_chan_send(gr_chan *c, const void *elem)
{
    struct waiter *wake;
    enum exchange x;
    sched_point();
    if (UNLIKELY(c == NULL))
        park_for_ever(PARK_CHAN_SEND_NIL);
    chan_lock(c);
    x = send_locked(c, elem, &wake);
    if (x == EXCHANGE_NONE) {
        /* The record's elem serves both directions; a sender's is only read. */
        if (!chan_wait(c, true, (void *)(uintptr_t)elem, PARK_CHAN_SEND))
            gr_panic_error(GR_ERR_SEND_CLOSED);
        return;
    }
    chan_unlock(c);
    if (x == EXCHANGE_CLOSED)
        gr_panic_error(GR_ERR_SEND_CLOSED);
    waiter_ready(wake);
}

bool gr_chan_recv(gr_chan *c, void *elem)
{
    struct waiter *wake;
    enum exchange x;
    sched_point();
    if (UNLIKELY(c == NULL))
        park_for_ever(PARK_CHAN_RECV_NIL);
    chan_lock(c);
    if (UNLIKELY(c->timer != NULL))
        timer_poll_locked(c);
    x = recv_locked(c, elem, &wake);
    if (x == EXCHANGE_NONE)
        return chan_wait(c, false, elem, PARK_CHAN_RECV);
    chan_unlock(c);
    waiter_ready(wake);
    return x == EXCHANGE_DONE;
}

bool gr_chan_try_send(gr_chan *c, const void *elem)
{
    struct waiter *wake;
    enum exchange x;
    sched_point();
    if (c == NULL || !chan_can_send(c, false)) /* a refusal without the lock */
        return false;
    chan_lock(c);
    x = send_locked(c, elem, &wake);
    chan_unlock(c);
    if (x == EXCHANGE_CLOSED)
        gr_panic_error(GR_ERR_SEND_CLOSED);
    waiter_ready(wake);
    return x == EXCHANGE_DONE;
}

bool gr_chan_try_recv(gr_chan *c, void *elem, bool *ok)
{
    struct waiter *wake;
    enum exchange x;
    sched_point();
    *ok = false;
    if (c == NULL || (c->timer == NULL && !chan_can_recv(c, false)))
        return false;
    chan_lock(c);
    if (UNLIKELY(c->timer != NULL))
        timer_poll_locked(c);
    x = recv_locked(c, elem, &wake);
    chan_unlock(c);
    waiter_ready(wake);
    *ok = x == EXCHANGE_DONE;
    return x != EXCHANGE_NONE;
}

/* Takes everybody out of q, onto a list that ends at *end, newest last.  There may be very
 * many: of each goroutine only the record is touched here. */
static struct waiter **collect(gr_chan *c, struct waitq *q, struct waiter **end,
                               bool is_recv)
{
    struct waiter *w;
    while ((w = waitq_drain(q)) != NULL) {
        closed_race(c, w);
        if (is_recv)
            elem_clear(c, w->elem);
        w->success = is_recv && MUTANT(chan_recv_ok_after_close);
        if (GR_MUTANTS && w->g == NULL)
            continue; /* a mutant's ghost */
        w->next = NULL;
        *end = w;
        end = &w->next;
        if (MUTANT(chan_close_wakes_one))
            break;
    }
    return end;
}

void gr_chan_close(gr_chan *c)
{
    struct waiter *list = NULL, **end = &list, *w;
    sched_point();
    if (c == NULL)
        gr_panic_error(GR_ERR_CLOSE_NIL);
    chan_lock(c);
    if (load_relaxed(&c->is_closed)) {
        chan_unlock(c);
        if (MUTANT(chan_close_twice))
            return;
        gr_panic_error(GR_ERR_CLOSE_CLOSED);
    }
    RACE_RELEASE(c);
    /* Release: pairs with the acquires of the refusals without the lock. */
    store_release(&c->is_closed, true);
    chan_changed_locked(c);
    end = collect(c, &c->recvq, end, true);
    collect(c, &c->sendq, end, false);
    chan_unlock(c);
    while ((w = list) != NULL) {
        list = w->next; /* once it runs the record is its own again */
        served_ready(w, w->g);
    }
}

int64_t gr_chan_len(gr_chan *c)
{
    uint64_t n;
    sched_point();
    if (c == NULL || c->timer != NULL)
        return 0;
    n = load_relaxed(&c->count); /* chan.len.no-sync */
    if (MUTANT(chan_len_off_by_one) && n > 0)
        n--;
    return (int64_t)n;
}

int64_t gr_chan_cap(gr_chan *c)
{
    if (c == NULL || c->timer != NULL)
        return 0;
    return (int64_t)c->slots;
}
