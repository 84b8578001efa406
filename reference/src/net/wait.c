/* SPDX-License-Identifier: BSD-3-Clause */
/* wait.c - a goroutine waits for its half of a descriptor: readiness, deadlines.
 *
 * Owns: the word of a half (the table in desc.h), the timers of deadlines, the count of
 * those who wait.
 * Not here: who reports readiness (poller.c), closing (desc.c).
 */
#include "desc.h"

/* Relaxed: goroutines count themselves in before they park and out after they run again, on
 * their own processors; who gives the verdict of a deadlock has synchronised with all of
 * these by then (idle.c). */
static atomic_u32 waiting;

uint32_t desc_waiting(void)
{
    return load_relaxed(&waiting);
}

struct g *desc_take(struct desc *d, enum half half, bool is_edge)
{
    _Atomic uintptr_t *word = &d->half[half].word;
    uintptr_t old = load_seq(word); /* pairs with wait_commit and desc_try_next */
    for (;;) {
        if (old == WORD_READY || (old == WORD_NIL && !is_edge))
            return NULL;
        uintptr_t new = old == WORD_NIL ? WORD_READY : WORD_NIL;
        if (cas_seq(word, &old, new)) /* pairs with wait_commit */
            return old == WORD_NIL ? NULL : (void *)old;
    }
}

/* Cells are aligned, so the half fits into the low bit of a pointer: the commit must read
 * nothing from the stack of a goroutine that may already run again. */
static void *wait_arg(struct desc *d, enum half half)
{
    return (char *)d + half;
}

static bool wait_commit(struct g *g, void *arg)
{
    enum half half = (uintptr_t)arg & 1;
    struct desc *d = (void *)((uintptr_t)arg - half);
    _Atomic uintptr_t *word = &d->half[half].word;
    uintptr_t old = WORD_NIL;
    /* Seq: word, then flags; others flags, then word (desc_take). */
    if (!cas_seq(word, &old, (uintptr_t)g)) {
        store_seq(word, WORD_NIL); /* was ready: a change came since the try */
        return false;
    }
    if ((load_seq(&d->flags) & (FLAG_CLOSING | (FLAG_EXPIRED_READ << half))) == 0)
        return true;
    old = (uintptr_t)g;
    return !cas_seq(word, &old, WORD_NIL); /* taken out by somebody: then he wakes us */
}

void desc_wait(struct desc *d, enum half half)
{
    add_relaxed(&waiting, 1);
    sched_park(wait_commit, wait_arg(d, half), PARK_IO_WAIT);
    add_relaxed(&waiting, -1);
}

/* ---- deadlines ---- */

static void expire_locked(struct desc *d, enum half half)
{
    atomic_fetch_or_explicit(&d->flags, (uint32_t)FLAG_EXPIRED_READ << half,
                             memory_order_seq_cst); /* pairs with wait_commit */
}

static void fired(struct desc *d, enum half half, uint64_t seq)
{
    struct g *g = NULL;
    mutex_lock(&d->lock);
    if (d->half[half].seq == seq || MUTANT(net_deadline_outlives)) {
        expire_locked(d, half);
        g = desc_take(d, half, false);
    }
    mutex_unlock(&d->lock);
    if (g != NULL)
        sched_ready(g);
}

static void fired_read(const struct timer_shot *shot, int64_t now)
{
    (void)now;
    fired(CONTAINER_OF(shot->t, struct desc, half[HALF_READ].timer), HALF_READ, shot->seq);
}

static void fired_write(const struct timer_shot *shot, int64_t now)
{
    (void)now;
    fired(CONTAINER_OF(shot->t, struct desc, half[HALF_WRITE].timer), HALF_WRITE,
          shot->seq);
}

void desc_timers_init(struct desc *d)
{
    timer_init(&d->half[HALF_READ].timer, fired_read);
    timer_init(&d->half[HALF_WRITE].timer, fired_write);
}

static void deadline_end_locked(struct half_state *h)
{
    h->seq++;
    sched_timer_disarm(&h->timer);
}

void desc_deadlines_end_locked(struct desc *d)
{
    if (MUTANT(net_deadline_outlives))
        return;
    for (int i = 0; i < HALVES; i++)
        deadline_end_locked(&d->half[i]);
}

/* Gives: who must be woken, since the deadline has passed. */
static struct g *deadline_set_locked(struct desc *d, enum half half, int64_t when)
{
    struct half_state *h = &d->half[half];
    deadline_end_locked(h);
    if (when != 0 && when <= sched_now_ns()) {
        expire_locked(d, half);
        return desc_take(d, half, false);
    }
    /* Relaxed: who reads the old value fails like one that came earlier. */
    atomic_fetch_and_explicit(&d->flags, ~((uint32_t)FLAG_EXPIRED_READ << half),
                              memory_order_relaxed);
    if (MUTANT(net_deadline_early) && when != 0)
        when -= (when - sched_now_ns()) / 2;
    if (when != 0)
        sched_timer_arm(&h->timer, when < TIMER_NEVER ? when : TIMER_NEVER - 1, h->seq);
    return NULL;
}

int desc_deadline(struct desc *d, unsigned halves, int64_t when)
{
    struct g *wake[HALVES] = {NULL, NULL};
    mutex_lock(&d->lock);
    bool is_closed = (load_relaxed(&d->flags) & FLAG_CLOSING) != 0;
    if (!is_closed && (halves & GR_READ) != 0)
        wake[HALF_READ] = deadline_set_locked(d, HALF_READ, when);
    if (!is_closed && (halves & GR_WRITE) != 0)
        wake[HALF_WRITE] = deadline_set_locked(d, HALF_WRITE, when);
    mutex_unlock(&d->lock);
    for (int i = 0; i < HALVES; i++)
        if (wake[i] != NULL)
            sched_ready(wake[i]);
    return is_closed ? GR_IO_CLOSED : 0;
}
