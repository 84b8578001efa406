/* SPDX-License-Identifier: BSD-3-Clause */
/* runq.c - a ring of runnable goroutines with one producer and many takers.
 *
 * Owns: what runq.h says.
 *
 * Idea: head and tail are free-running 32-bit counters.  The owner writes a slot, then
 * publishes it with the tail; a taker reads slots, then claims them by moving the head with
 * a CAS.  A slot that a slow taker has read may be overwritten meanwhile, but then the head
 * has moved and its CAS fails: counters only meet again after 2^32 operations.
 *
 * While there is one processor nobody but the owner takes (lock.h I4), and plain loads and
 * stores do.
 *
 * The seat ("next") is the hand-over place between a goroutine and the one that it made
 * runnable: it runs next on the same processor, with warm caches.  Who fills it and how
 * long it may go on is find_quick's matter.
 */
#include "sched/runq.h"

#include "lock/lock.h"

#define STACK_AHEAD 3u
#define CELL_AHEAD 6u
#define STACK_LINES 4

bool runq_push(struct runq *q, struct g *g)
{
    /* Pairs with the takers' CAS: what they took they have read. */
    uint32_t head = load_acquire(&q->head);
    uint32_t tail = load_relaxed(&q->tail);
    if (UNLIKELY(tail - head == RUNQ_SIZE))
        return false;
    store_relaxed(&q->ring[tail % RUNQ_SIZE], g);
    /* Pairs with the acquire in runq_steal: who sees the new tail sees the slot and *g.
     * idle_wake has the full fence between a push and the look for sleepers. */
    store_release(&q->tail, tail + 1);
    return true;
}

uint32_t runq_take_half(struct runq *q, struct g *out[RUNQ_SIZE / 2])
{
    uint32_t head = load_acquire(&q->head); /* as in runq_push */
    if (load_relaxed(&q->tail) - head < RUNQ_SIZE)
        return 0;
    for (uint32_t i = 0; i < RUNQ_SIZE / 2; i++)
        out[i] = load_relaxed(&q->ring[(head + i) % RUNQ_SIZE]);
    /* Pairs with the acquire of head in runq_push: slots are reused only after they were
     * read. */
    return cas_acq_rel(&q->head, &head, head + RUNQ_SIZE / 2) ? RUNQ_SIZE / 2 : 0;
}

struct g *runq_push_next(struct runq *q, struct g *g)
{
    struct g *old = load_relaxed(&q->next);
    if (old == NULL || lock_is_alone())
        /* Only the owner fills the seat, so an empty one stays empty.  Pairs with the
         * acquire of whoever takes g. */
        store_release(&q->next, g);
    else
        /* Release: as above.  Acquire: a thief may have put nothing here, but has read what
         * it took. */
        old = swap_acq_rel(&q->next, g);
    return MUTANT(sched_lost_runnext) ? NULL : old;
}

struct g *runq_pop_next(struct runq *q)
{
    struct g *g = load_relaxed(&q->next);
    if (g == NULL)
        return NULL;
    if (lock_is_alone()) {
        store_relaxed(&q->next, NULL);
        return g;
    }
    /* Only the owner fills the seat, so a failed CAS means that a thief emptied it. */
    return cas_acquire(&q->next, &g, NULL) ? g : NULL;
}

/* Calls for what those will need who come soon: first a cell, then the stack that it names.
 * Where very many goroutines take turns each of these would be a miss, and the page of a
 * stack one of the translations too.  A slot may be stale: hints only. */
static ALWAYS_INLINE void look_ahead(struct runq *q, uint32_t head, uint32_t len)
{
    if (LIKELY(len <= STACK_AHEAD))
        return;
    struct g *soon = load_relaxed(&q->ring[(head + STACK_AHEAD) % RUNQ_SIZE]);
    fiber_prefetch(&soon->fiber, STACK_LINES);
    if (len > CELL_AHEAD)
        g_prefetch(load_relaxed(&q->ring[(head + CELL_AHEAD) % RUNQ_SIZE]));
}

struct g *runq_pop(struct runq *q)
{
    for (;;) {
        uint32_t head = load_acquire(&q->head); /* pairs with thieves' CAS */
        uint32_t tail = load_relaxed(&q->tail); /* our own */
        if (head == tail)
            return NULL;
        struct g *g = load_relaxed(&q->ring[head % RUNQ_SIZE]);
        look_ahead(q, head, tail - head);
        if (lock_is_alone()) {
            store_relaxed(&q->head, head + 1);
            return g;
        }
        /* pairs with the acquire in runq_push */
        if (cas_acq_rel(&q->head, &head, head + 1))
            return g;
    }
}

struct g *runq_steal(struct runq *q, struct runq *victim, bool take_next)
{
    uint32_t to = load_relaxed(&q->tail);
    for (;;) {
        uint32_t head = load_acquire(&victim->head); /* pairs with other takers' CAS */
        /* pairs with the release in runq_push */
        uint32_t tail = load_acquire(&victim->tail);
        uint32_t n = tail - head;
        n -= n / 2;
        if (n == 0)
            return take_next ? runq_pop_next(victim) : NULL;
        if (n > RUNQ_SIZE / 2)
            continue; /* head and tail are not of one moment */
        for (uint32_t i = 0; i < n; i++) {
            struct g *g = load_relaxed(&victim->ring[(head + i) % RUNQ_SIZE]);
            store_relaxed(&q->ring[(to + i) % RUNQ_SIZE], g);
        }
        /* pairs with runq_push's acquire */
        if (!cas_acq_rel(&victim->head, &head, head + n))
            continue;
        struct g *mine = load_relaxed(&q->ring[(to + n - 1) % RUNQ_SIZE]);
        /* pairs with the acquire above, by other thieves */
        store_release(&q->tail, to + n - 1);
        return mine;
    }
}

bool runq_is_empty(struct runq *q)
{
    /* Tail may move from ring to ring's head between the loads; the order tail-seat-head of
     * reading is not enough when the owner kicks the seat into the ring, so look until the
     * tail stands still. */
    if (!fresh_is_empty(&q->fresh)) /* first: births move to the ring, never back */
        return false;
    for (;;) {
        uint32_t head = load_seq(&q->head);
        uint32_t tail = load_seq(&q->tail);
        struct g *next = load_seq(&q->next);
        if (tail == load_seq(&q->tail))
            return head == tail && next == NULL;
    }
}

uint32_t runq_len(struct runq *q)
{
    uint32_t tail = load_relaxed(&q->tail);
    return tail - load_relaxed(&q->head);
}
