/* SPDX-License-Identifier: BSD-3-Clause */
/* waitlist.c - the waiting list of the sync floor: a queue of sleeping goroutines with
 * permits.
 *
 * Owns: struct gr_waitlist and struct sleeper from enqueue to wake-up.
 * Not here: what is waited for.
 *
 * The order is first come, first served, but for a mutex waiter that lost the race for a
 * lock that it was woken for: it goes back to the head.  In a controlled run with
 * any_waiter the choice function picks. Lists live in the program's memory, zeroed; their
 * lock has the layout of struct mutex, without a rank.
 */
#include "sync.h"

STATIC_ASSERT(sizeof(struct sleeper) <= G_CELL_BYTES,
              "a sleeper must fit into its goroutine's cell");
STATIC_ASSERT(offsetof(struct gr_waitlist, rank) == offsetof(struct mutex, rank) &&
                  offsetof(struct gr_waitlist, lock) == offsetof(struct mutex, state) &&
                  sizeof(struct mutex) == 2 * sizeof(uint32_t),
              "the head of a waiting list is a struct mutex");

static struct mutex *mutex_of(struct gr_waitlist *l)
{
    return (struct mutex *)(void *)l;
}

static ALWAYS_INLINE void list_lock(struct gr_waitlist *l)
{
    noise_point(NOISE_BEFORE_LOCK);
    mutex_lock_p(mutex_of(l));
}

static ALWAYS_INLINE void list_unlock(struct gr_waitlist *l)
{
    mutex_unlock_p(mutex_of(l));
}

void waitlist_lock(struct gr_waitlist *l)
{
    list_lock(l);
}

void waitlist_unlock(struct gr_waitlist *l)
{
    list_unlock(l);
}

static ALWAYS_INLINE struct sleeper *add_locked(struct gr_waitlist *l, bool at_head)
{
    struct g *g = g_self();
    struct sleeper *s = (struct sleeper *)(void *)g->cell;
    s->g = g;
    s->was_handed = false;
    store_relaxed(&s->state, SLEEPER_AWAKE); /* published by the list's lock */
    s->next = at_head ? l->head : NULL;
    if (l->head == NULL)
        l->head = l->tail = s;
    else if (at_head)
        l->head = s;
    else {
        ((struct sleeper *)l->tail)->next = s;
        l->tail = s;
    }
    l->waiting++;
    return s;
}

struct sleeper *waitlist_add_locked(struct gr_waitlist *l, bool at_head)
{
    return add_locked(l, at_head);
}

struct sleeper *waitlist_take_locked(struct gr_waitlist *l)
{
    struct sleeper *s = l->head, *before = NULL;
    uint32_t nth;
    if (s == NULL)
        return NULL;
    nth = l->waiting > 1 ? choose(CHOICE_WAITER, l->waiting) : 0;
    for (; nth > 0; nth--) {
        before = s;
        s = s->next;
    }
    if (before == NULL)
        l->head = s->next;
    else
        before->next = s->next;
    if (l->tail == s)
        l->tail = before;
    l->waiting--;
    return s;
}

void sleeper_wake(struct sleeper *s)
{
    struct g *g = s->g;
    RACE_RELEASE(&s->race);
    noise_point(NOISE_AFTER_UNLOCK);
    /* Those that went to sleep under the list's lock are ASLEEP for certain.  Else: release
     * pairs with the acquire in sleep_commit and, by way of the scheduler, with the
     * sleeper's going on; acquire, in both, with the release in sleep_commit, so that g is
     * seen parked. */
    if (load_acquire(&s->state) == SLEEPER_ASLEEP ||
        swap_acq_rel(&s->state, SLEEPER_PICKED) == SLEEPER_ASLEEP)
        sched_ready(g);
}

static bool sleep_commit(struct g *g, void *arg)
{
    struct sleeper *s = arg;
    uint32_t awake = SLEEPER_AWAKE;
    (void)g;
    return cas_acq_rel_p(&s->state, &awake, SLEEPER_ASLEEP);
}

void sleeper_sleep(struct sleeper *s, enum park_reason why)
{
    noise_point(NOISE_AFTER_UNLOCK);
    sched_park(sleep_commit, s, why);
    RACE_ACQUIRE(&s->race);
}

static bool unlock_commit(struct g *g, void *arg)
{
    (void)g;
    list_unlock(arg);
    return true;
}

void sleeper_sleep_locked(struct gr_waitlist *l, struct sleeper *s, enum park_reason why)
{
    store_relaxed(&s->state, SLEEPER_ASLEEP); /* published by the list's lock */
    sched_park(unlock_commit, l, why);
    RACE_ACQUIRE(&s->race);
}

void waitlist_wait(struct gr_waitlist *l, enum park_reason why)
{
    list_lock(l);
    if (l->permits > 0) {
        l->permits--;
        list_unlock(l);
        return;
    }
    sleeper_sleep_locked(l, add_locked(l, false), why);
}

/* All of n sleepers get a permit: no order to choose. */
static struct sleeper *take_first(struct gr_waitlist *l)
{
    struct sleeper *s = l->head;
    if (s == NULL)
        return NULL;
    l->head = s->next;
    if (l->head == NULL)
        l->tail = NULL;
    l->waiting--;
    return s;
}

void waitlist_post(struct gr_waitlist *l, uint32_t n)
{
    struct sleeper *first = NULL, **end = &first;
    list_lock(l);
    while (n > 0 && l->waiting > 0) {
        struct sleeper *s = n >= l->waiting ? take_first(l) : waitlist_take_locked(l);
        s->next = NULL;
        *end = s;
        end = &s->next;
        n--;
    }
    l->permits += n;
    list_unlock(l);
    while (first != NULL) {
        struct sleeper *s = first;
        first = s->next;
        sleeper_wake(s);
    }
}
