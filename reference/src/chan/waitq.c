/* SPDX-License-Identifier: BSD-3-Clause */
/* waitq.c - queues of waiting goroutines: push, take, remove, and the records' memory.
 *
 * Owns and invariants: see waitq.h.
 *
 * A doubly linked list, so that a select can leave the queues where it lost from the
 * middle.  A processor keeps some records at hand, so that a select that waits takes no
 * lock for them.
 */
#include "waitq.h"

#include "fix/fix.h"

STATIC_ASSERT(sizeof(struct waiter) <= G_CELL_BYTES,
              "a waiter must fit into its goroutine's cell");

static struct fixpool waiter_pool = FIXPOOL_INIT(sizeof(struct waiter));

struct waiter *waiter_acquire(void)
{
    return sched_cache_acquire(CACHE_WAITER, &waiter_pool);
}

void waiters_release(struct g *g)
{
    struct waiter *w = g->waiting, *next;
    g->waiting = NULL;
    for (; w != NULL; w = next) {
        next = w->more;
        w->elem = NULL; /* nothing of the program's hangs from a free record */
        if (w != waiter_in_cell(g))
            sched_cache_release(CACHE_WAITER, &waiter_pool, w);
    }
}

/* A controlled run drops goroutines and channels together: the queues need no repair. */
/* What of a goroutine that waits the collector does not find on its stack: where others
 * will write to, or read from, and the channels of a select. */
static void show_waiters(struct g *g)
{
    uint8_t why = load_relaxed(&g->why);
    if (g->no_escape)
        gc_hooks.scan(g->stash, g->stash + ARRAY_LEN(g->stash));
    if (MUTANT(gc_root_waiter))
        return;
    if (load_relaxed(&g->state) == G_WAITING &&
        (why == PARK_CHAN_SEND || why == PARK_CHAN_RECV))
        gc_hooks.shade(waiter_in_cell(g)->elem);
    for (const struct waiter *w = g->waiting; w != NULL; w = w->more) {
        gc_hooks.shade(w->elem);
        gc_hooks.shade(w->c);
    }
}

__attribute__((constructor)) static void waitq_boot(void)
{
    sched_on_scan(show_waiters);
    sched_on_drop(waiters_release);
}

void waitq_remove(struct waitq *q, struct waiter *w)
{
    if (!w->is_queued)
        return;
    w->is_queued = false;
    if (w->prev == NULL)
        store_release(&q->first, w->next); /* pairs with the acquire in waitq_first */
    else
        w->prev->next = w->next;
    if (w->next == NULL)
        q->last = w->prev;
    else
        w->next->prev = w->prev;
}

static bool is_loser(const struct waiter *w)
{
    /* Relaxed: a hint; the CAS in waiter_win decides. */
    return w->is_select && load_relaxed(&w->g->select_done) != 0 &&
           !MUTANT(select_double_fire);
}

/* The right to serve w (I2 of waitq.h). */
static bool waiter_win(struct waiter *w)
{
    uint32_t undone = 0;
    if (!w->is_select)
        return true;
    /* Acquire and release: pairs with other servers' CAS; the select itself reads its
     * outcome after its park. */
    if (cas_acq_rel(&w->g->select_done, &undone, 1))
        return true;
    if (!MUTANT(select_double_fire))
        return false;
    w->g = NULL; /* served, though somebody else woke it: nobody is left to wake */
    return true;
}

bool waitq_is_servable(const struct waitq *q)
{
    for (const struct waiter *w = waitq_first(q); w != NULL; w = w->next)
        if (!is_loser(w))
            return true;
    return false;
}

/* Controlled mode: leaves the first `nth` of those that can be served alone. */
static struct waiter *choose_waiter(struct waitq *q, bool is_last)
{
    uint32_t n = 0, nth = 0;
    struct waiter *w;
    for (w = waitq_first(q); w != NULL; w = w->next)
        n += !is_loser(w);
    if (n == 0)
        return NULL;
    if (n > 1 && !is_last)
        nth = choose(CHOICE_WAITER, n);
    if (MUTANT(chan_waiter_lifo))
        nth = n - 1;
    for (w = waitq_first(q); is_loser(w) || nth > 0; w = w->next)
        nth -= !is_loser(w);
    return w;
}

static struct waiter *take(struct waitq *q, bool is_last)
{
    struct waiter *w;
    if (UNLIKELY(sched_controlled() || MUTANT(chan_waiter_lifo))) {
        w = choose_waiter(q, is_last);
        if (w == NULL || !waiter_win(w))
            return NULL;
        waitq_remove(q, w);
        return w;
    }
    while ((w = waitq_first(q)) != NULL) {
        waitq_remove(q, w);
        if (waiter_win(w))
            return w;
    }
    return NULL;
}

struct waiter *waitq_take_slow(struct waitq *q)
{
    return take(q, false);
}

struct waiter *waitq_drain(struct waitq *q)
{
    return take(q, true);
}
