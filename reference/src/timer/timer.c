/* SPDX-License-Identifier: BSD-3-Clause */
/* timer.c - arming, disarming and expiry: tickets, and what becomes of dead entries.
 *
 * Owns: the lock of a heap, its mirrored earliest deadline, drawing tickets, sweeping.
 * Not here: order (heap.c), callbacks (the scheduler runs what timer_expire hands out).
 *
 * Dead entries.  A stop costs one exchange on the cell; the entry stays.  It goes when it
 * comes to the top, or in a sweep, which looks at all entries and builds the heap anew. A
 * sweep of n entries is paid for by the n/4 dead ones that it removes.  Whether that many
 * are dead is asked each time the heap has grown by half, and after each 16 dead ones in a
 * row at the top, by looking at 64 random entries: a heap thus stays within about twice its
 * live entries, or takes longer to shrink with a probability that does not matter.
 *
 * Invariants I1-I5 are in timer.h.
 */
#include "timer/heap.h"

#define TICKETS_DRAWN 4096u /* at a time; a later draw is larger, so order holds */
#define SAMPLE 64u
#define LOOK_MIN 32u
#define DEAD_ROW 16u

static atomic_u64 last_ticket; /* atomic */

static uint64_t ticket_locked(struct timer_heap *h)
{
    if (UNLIKELY(h->ticket_next == h->ticket_end)) {
        h->ticket_next = add_relaxed(&last_ticket, TICKETS_DRAWN) + 1;
        h->ticket_end = h->ticket_next + TICKETS_DRAWN;
    }
    return h->ticket_next++;
}

static ALWAYS_INLINE bool is_dead(const struct timer_entry *e)
{
    return load_relaxed(&e->t->ticket) != e->ticket;
}

/* Restores I3. */
static void mirror_locked(struct timer_heap *h)
{
    int64_t next = h->len > 0 ? h->v[0].when : TIMER_NEVER;
    /* Pairs with the load in timer_next_ns: an M that goes to sleep after this store sees
     * it, one that looked before is woken by sched_timer_arm (idle.c has the argument). */
    if (load_relaxed(&h->next_ns) != next)
        store_seq(&h->next_ns, next);
}

/* ---- dead entries -------------------------------------------------------------------- */

static void sweep_locked(struct timer_heap *h)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->len; i++) {
        __builtin_prefetch(h->v[i + 8 < h->len ? i + 8 : i].t);
        if (!is_dead(&h->v[i]) && !(MUTANT(timer_sweep_drops_live) && i % 2 == 0))
            h->v[n++] = h->v[i];
    }
    h->len = n;
    heap_build_locked(h);
}

static bool is_much_dead(struct timer_heap *h)
{
    uint32_t looks = h->len < SAMPLE ? h->len : SAMPLE, dead = 0;
    for (uint32_t i = 0; i < looks; i++)
        dead += is_dead(&h->v[h->len <= SAMPLE ? i : rand_below(&h->sample, h->len)]);
    return 4 * dead >= looks;
}

static void look_locked(struct timer_heap *h)
{
    if (is_much_dead(h))
        sweep_locked(h);
    h->look_at = h->len + (h->len / 2 > LOOK_MIN ? h->len / 2 : LOOK_MIN);
}

/* Gives: whether there is a top; it was live when it was looked at. */
static bool settle_locked(struct timer_heap *h)
{
    for (uint32_t row = 1; h->len > 0 && is_dead(&h->v[0]); row++) {
        heap_pop_locked(h);
        if (row % DEAD_ROW == 0 && is_much_dead(h))
            sweep_locked(h);
    }
    return h->len > 0;
}

int64_t timer_settle(struct timer_heap *h)
{
    if (timer_next_ns(h) == TIMER_NEVER)
        return TIMER_NEVER;
    mutex_lock_p(&h->lock);
    settle_locked(h);
    mirror_locked(h);
    int64_t next = timer_next_ns(h);
    mutex_unlock_p(&h->lock);
    return next;
}

/* ---- life ---------------------------------------------------------------------------- */

void timer_heap_init(struct timer_heap *h)
{
    *h = (struct timer_heap){.look_at = LOOK_MIN};
    mutex_init(&h->lock, RANK_timers);
    rand_seed(&h->sample, 1);
    atomic_init(&h->next_ns, TIMER_NEVER);
}

void timer_heap_clear(struct timer_heap *h)
{
    mutex_lock_p(&h->lock);
    for (uint32_t i = 0; i < h->len; i++) {
        uint64_t ticket = h->v[i].ticket;
        cas_relaxed(&h->v[i].t->ticket, &ticket, 0);
    }
    h->len = 0;
    h->look_at = LOOK_MIN;
    mirror_locked(h);
    mutex_unlock_p(&h->lock);
}

void timer_heap_move(struct timer_heap *to, struct timer_heap *from)
{
    mutex_lock_p(&from->lock);
    struct timer_heap old = *from;
    from->v = NULL;
    from->len = from->cap = 0;
    from->look_at = LOOK_MIN;
    mirror_locked(from);
    mutex_unlock_p(&from->lock);
    mutex_lock_p(&to->lock);
    for (uint32_t i = 0; i < old.len; i++)
        if (!is_dead(&old.v[i]))
            heap_push_locked(to, old.v[i].when, old.v[i].ticket, old.v[i].t, old.v[i].seq);
    heap_build_locked(to);            /* pushed tickets were not the newest */
    to->ticket_next = to->ticket_end; /* the next draw is larger than all of them */
    mirror_locked(to);
    mutex_unlock_p(&to->lock);
    heap_free_locked(&old);
}

void timer_heap_fini(struct timer_heap *h)
{
    timer_heap_clear(h);
    heap_free_locked(h);
}

void timer_init(struct timer *t, timer_fire_fn fire)
{
    store_relaxed(&t->ticket, 0);
    t->fire = fire;
}

/* ---- arming -------------------------------------------------------------------------- */

bool timer_arm(struct timer_heap *h, struct timer *t, int64_t when, uint64_t seq,
               bool *is_first)
{
    mutex_lock_p(&h->lock);
    if (UNLIKELY(h->len >= h->look_at))
        look_locked(h);
    uint64_t ticket = ticket_locked(h);
    if (when == TIMER_NEVER) /* an armed timer is not none */
        when--;
    heap_push_locked(h, when, ticket, t, seq);
    /* I4.  Release: what the owner wrote before is seen by who takes this ticket (claim,
     * timer_disarm); acquire: pairs with their release. */
    bool was_armed = swap_acq_rel(&t->ticket, ticket) != 0;
    *is_first = h->v[0].ticket == ticket;
    mirror_locked(h);
    mutex_unlock_p(&h->lock);
    return was_armed;
}

bool timer_disarm(struct timer *t)
{
    if (load_relaxed(&t->ticket) == 0)
        return false;
    if (MUTANT(timer_disarm_forgets))
        return true;
    /* I4.  Acquire: pairs with the release in timer_arm, and in claim: a callback's capture
     * of fn and arg comes before what the owner does to them next. */
    return swap_acq_rel(&t->ticket, 0) != 0;
}

/* ---- expiry -------------------------------------------------------------------------- */

/* Takes the ticket of a due entry out of its cell.  False: it has just died. */
static bool claim(const struct timer_entry *e, struct timer_shot *out)
{
    struct timer *t = e->t;
    uint64_t ticket = e->ticket;
    *out = (struct timer_shot){t, t->fire, e->seq, load_relaxed(&t->fn),
                               load_relaxed(&t->arg)};
    /* I4.  Acquire: pairs with the release in timer_arm; release: with the acquires there
     * and in timer_disarm. */
    return cas_acq_rel(&t->ticket, &ticket, 0);
}

static bool is_due_locked(struct timer_heap *h, int64_t now)
{
    int64_t slack = MUTANT(timer_early) ? 1000000 : 0;
    return settle_locked(h) && h->v[0].when - slack <= now;
}

uint32_t timer_expire(struct timer_heap *h, int64_t now, struct timer_shot *out,
                      uint32_t max)
{
    uint32_t n = 0;
    mutex_lock_p(&h->lock);
    while (n < max && is_due_locked(h, now)) {
        n += claim(&h->v[0], &out[n]);
        heap_pop_locked(h);
    }
    mirror_locked(h);
    mutex_unlock_p(&h->lock);
    return n;
}

/* The place of the nth live entry, by order of arming, of those with the earliest deadline.
 * Needs: a live top. */
static uint32_t nth_tie_locked(struct timer_heap *h, uint32_t nth)
{
    uint32_t place = 0;
    uint64_t above = h->v[0].ticket;
    while (nth-- > 0) {
        uint64_t best = UINT64_MAX;
        for (uint32_t i = 0; i < h->len; i++) {
            const struct timer_entry *e = &h->v[i];
            if (e->when == h->v[0].when && e->ticket > above && e->ticket < best &&
                !is_dead(e)) {
                best = e->ticket;
                place = i;
            }
        }
        above = best;
    }
    return place;
}

bool timer_expire_nth(struct timer_heap *h, int64_t now, uint32_t nth,
                      struct timer_shot *out)
{
    mutex_lock_p(&h->lock);
    bool is_taken = is_due_locked(h, now);
    /* The entry stays, dead, and goes as others do. */
    if (is_taken)
        is_taken = claim(&h->v[nth_tie_locked(h, nth)], out);
    settle_locked(h);
    mirror_locked(h);
    mutex_unlock_p(&h->lock);
    return is_taken;
}

uint32_t timer_ties(struct timer_heap *h)
{
    uint32_t n = 0;
    mutex_lock_p(&h->lock);
    settle_locked(h);
    for (uint32_t i = 0; i < h->len; i++)
        n += h->v[i].when == h->v[0].when && !is_dead(&h->v[i]);
    mirror_locked(h);
    mutex_unlock_p(&h->lock);
    return n;
}

void timer_heap_check(struct timer_heap *h)
{
    mutex_lock_p(&h->lock);
    ASSERT(h->len <= h->cap);
    ASSERT(heap_is_sound_locked(h));
    ASSERT(timer_next_ns(h) == (h->len > 0 ? h->v[0].when : TIMER_NEVER));
    mutex_unlock_p(&h->lock);
}
