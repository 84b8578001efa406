/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.c - one processor's deadlines: a 4-ary min-heap of (when, order of arming).
 *
 * Owns: the array, sifting, the mirrored earliest deadline.
 * Not here: callbacks (the scheduler runs what timer_expire hands out).
 *
 *            [0]
 *    [1] [2] [3] [4]          children of i: 4i+1 .. 4i+4; parent: (i-1)/4
 *
 * Four children per node halve the depth of a binary heap; the four keys lie in 1.5 cache
 * lines. Rejected: a wheel (needs a tick, rounds deadlines); lazy deletion (zombies to
 * count and to sweep, and a history of bugs where the counts go wrong); a binary heap
 * (slower for 1M timers).
 *
 * Invariants I1-I4 are in timer.h.
 */
#include "timer/timer.h"

#include <stdlib.h>

#include "base/base.h"

static bool entry_before(const struct timer_entry *a, const struct timer_entry *b)
{
    if (a->when != b->when)
        return a->when < b->when;
    return a->order < b->order;
}

static void entry_put(struct timer_heap *h, uint32_t i, struct timer_entry e)
{
    h->v[i] = e;
    e.t->slot = i;
}

static void sift_up(struct timer_heap *h, uint32_t i)
{
    struct timer_entry e = h->v[i];
    while (i > 0) {
        uint32_t up = (i - 1) / 4;
        if (!entry_before(&e, &h->v[up]))
            break;
        entry_put(h, i, h->v[up]);
        i = up;
    }
    entry_put(h, i, e);
}

static void sift_down(struct timer_heap *h, uint32_t i)
{
    struct timer_entry e = h->v[i];
    for (;;) {
        uint32_t kid = 4 * i + 1;
        if (kid >= h->len)
            break;
        uint32_t end = kid + 4 < h->len ? kid + 4 : h->len;
        uint32_t best = kid;
        for (uint32_t k = kid + 1; k < end; k++)
            if (entry_before(&h->v[k], &h->v[best]))
                best = k;
        if (!entry_before(&h->v[best], &e))
            break;
        entry_put(h, i, h->v[best]);
        i = best;
    }
    entry_put(h, i, e);
}

/* Restores I3.  Needs: h->lock. */
static void mirror_locked(struct timer_heap *h)
{
    int64_t next = h->len > 0 ? h->v[0].when : TIMER_NEVER;
    /* Pairs with the load in timer_next_ns: an M that goes to sleep after this store sees
     * it, one that looked before is woken by sched_timer_arm (idle.c has the argument). */
    if (atomic_load_explicit(&h->next_ns, memory_order_relaxed) != next)
        atomic_store_explicit(&h->next_ns, next, memory_order_seq_cst);
}

/* Takes slot i out.  The last entry fills the hole and may have to move either way.  Needs:
 * h->lock. */
static void remove_locked(struct timer_heap *h, uint32_t i)
{
    h->v[i].t->slot = TIMER_IDLE;
    struct timer_entry last = h->v[--h->len];
    if (i == h->len)
        return;
    entry_put(h, i, last);
    if (MUTANT(timer_remove_no_sift))
        return;
    sift_up(h, i);
    sift_down(h, last.t->slot);
}

static void grow_locked(struct timer_heap *h)
{
    uint32_t cap = h->cap > 0 ? 2 * h->cap : 64;
    struct timer_entry *v = realloc(h->v, cap * sizeof *v);
    if (v == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    h->v = v;
    h->cap = cap;
}

void timer_heap_init(struct timer_heap *h)
{
    *h = (struct timer_heap){.len = 0};
    mutex_init(&h->lock, RANK_timers);
    atomic_init(&h->next_ns, TIMER_NEVER);
}

void timer_heap_clear(struct timer_heap *h)
{
    mutex_lock(&h->lock);
    for (uint32_t i = 0; i < h->len; i++)
        h->v[i].t->slot = TIMER_IDLE;
    h->len = 0;
    h->armed = 0;
    mirror_locked(h);
    mutex_unlock(&h->lock);
}

void timer_heap_fini(struct timer_heap *h)
{
    timer_heap_clear(h);
    free(h->v);
    timer_heap_init(h);
}

void timer_init(struct timer *t, timer_fire_fn fire)
{
    *t = (struct timer){.slot = TIMER_IDLE, .fire = fire};
}

bool timer_arm(struct timer_heap *h, struct timer *t, int64_t when, int64_t period,
               uint64_t seq)
{
    mutex_lock(&h->lock);
    ASSERT(t->slot == TIMER_IDLE);
    /* read by the owner only (I4) */
    atomic_store_explicit(&t->heap, h, memory_order_relaxed);
    t->when = when;
    t->period = period;
    t->seq = seq;
    if (h->len == h->cap)
        grow_locked(h);
    h->v[h->len] = (struct timer_entry){when, h->armed++, t};
    sift_up(h, h->len++);
    bool is_first = t->slot == 0;
    mirror_locked(h);
    mutex_unlock(&h->lock);
    return is_first;
}

bool timer_disarm(struct timer *t)
{
    struct timer_heap *h = atomic_load_explicit(&t->heap, memory_order_relaxed);
    if (h == NULL)
        return false;
    mutex_lock(&h->lock);
    bool was_armed = t->slot != TIMER_IDLE;
    if (was_armed) {
        remove_locked(h, t->slot);
        mirror_locked(h);
    }
    mutex_unlock(&h->lock);
    return was_armed;
}

/* The next deadline of a ticker: on its own grid, after now, so that it does not drift and
 * missed ticks are dropped. */
static int64_t next_tick(const struct timer *t, int64_t now)
{
    int64_t missed = (now - t->when) / t->period;
    return t->when + t->period * (missed + 1);
}

static void expire_slot_locked(struct timer_heap *h, uint32_t i, int64_t now,
                               struct timer_shot *out)
{
    struct timer *t = h->v[i].t;
    *out = (struct timer_shot){t, t->fire, t->seq};
    if (t->period > 0) {
        t->when = next_tick(t, now);
        h->v[i].when = t->when;
        h->v[i].order = h->armed++;
        sift_down(h, i);
    } else {
        remove_locked(h, i);
    }
    mirror_locked(h);
}

bool timer_expire(struct timer_heap *h, int64_t now, struct timer_shot *out)
{
    return timer_expire_nth(h, now, 0, out);
}

/* The slot of the nth entry, by order of arming, among those that share the earliest
 * deadline.  Linear: only the controlled mode asks, with few timers. */
static uint32_t nth_tie_locked(struct timer_heap *h, uint32_t nth)
{
    uint32_t slot = 0;
    uint64_t above = h->v[0].order;
    while (nth-- > 0) {
        uint64_t best = UINT64_MAX;
        for (uint32_t i = 0; i < h->len; i++) {
            uint64_t order = h->v[i].order;
            if (h->v[i].when == h->v[0].when && order > above && order < best) {
                best = order;
                slot = i;
            }
        }
        above = best;
    }
    return slot;
}

bool timer_expire_nth(struct timer_heap *h, int64_t now, uint32_t nth,
                      struct timer_shot *out)
{
    mutex_lock(&h->lock);
    int64_t slack = MUTANT(timer_early) ? 1000000 : 0;
    bool is_due = h->len > 0 && h->v[0].when - slack <= now;
    if (is_due)
        expire_slot_locked(h, nth == 0 ? 0 : nth_tie_locked(h, nth), now, out);
    mutex_unlock(&h->lock);
    return is_due;
}

uint32_t timer_ties(struct timer_heap *h)
{
    mutex_lock(&h->lock);
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->len; i++)
        n += h->v[i].when == h->v[0].when;
    mutex_unlock(&h->lock);
    return n;
}

void timer_heap_check(struct timer_heap *h)
{
    mutex_lock(&h->lock);
    for (uint32_t i = 0; i < h->len; i++) {
        ASSERT(h->v[i].t->slot == i);
        ASSERT(h->v[i].t->when == h->v[i].when);
        ASSERT(i == 0 || !entry_before(&h->v[i], &h->v[(i - 1) / 4]));
    }
    ASSERT(timer_next_ns(h) == (h->len > 0 ? h->v[0].when : TIMER_NEVER));
    mutex_unlock(&h->lock);
}
