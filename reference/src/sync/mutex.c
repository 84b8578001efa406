/* SPDX-License-Identifier: BSD-3-Clause */
/* mutex.c - gr_mutex: a lock for goroutines that lets newcomers in and yet starves nobody.
 *
 * Owns: the state word of gr_mutex and what its list means.
 *
 *     state   bit 0 LOCKED   somebody holds it
 *             bit 1 WAITERS  the list may not be empty
 *             bit 2 WOKEN    a sleeper was woken and has not come back yet: waking another
 *                            one is useless
 *
 * Idea.  Without waiters lock and unlock are one CAS each.  Else both go through the list's
 * lock.  An unlock frees the lock and wakes the first sleeper, which competes with
 * newcomers: throughput is best when whoever runs takes it. A sleeper that has waited for
 * longer than 1 ms is handed the lock instead: LOCKED stays set, newcomers queue
 * (sync.mutex.no-barging-starvation).  In controlled runs nobody is handed a lock: every
 * order that a hand-over would give is also one of the competition's, but not the other way
 * round.
 *
 *   I1  WAITERS is clear only when the list is empty; both change together under the list's
 *       lock.
 *   I2  With LOCKED clear and the list not empty WOKEN is set: somebody is on the way.
 *   I3  A goroutine that was woken clears WOKEN when it takes the lock or goes back to
 *       sleep.
 */
#include "sync.h"

enum { LOCKED = 1, WAITERS = 2, WOKEN = 4 };

#define STARVING_NS 1000000

bool mutex_acquire_try(gr_mutex *m)
{
    uint32_t s = load_relaxed(&m->state);
    if (MUTANT(mutex_trylock_lies))
        return true;
    while ((s & LOCKED) == 0) {
        /* Acquire: pairs with the releases in mutex_release. */
        if (cas_acquire(&m->state, &s, s | LOCKED)) {
            RACE_ACQUIRE(m);
            return true;
        }
    }
    return false;
}

/* Takes the lock if it is free; else says in the word that somebody is going to sleep.
 * Needs: list locked. */
static bool take_or_announce(gr_mutex *m, bool was_woken)
{
    uint32_t s = load_relaxed(&m->state), new;
    do {
        new = (s & LOCKED) == 0 ? s | LOCKED : s | WAITERS;
        if (was_woken)
            new &= ~(uint32_t)WOKEN;
        /* Acquire: pairs with the releases in mutex_release. */
    } while (!cas_acquire(&m->state, &s, new));
    return (s & LOCKED) == 0;
}

static COLD void mutex_acquire_slow(gr_mutex *m, enum park_reason why)
{
    int64_t since_ns = sched_now_ns();
    bool was_woken = false;
    for (;;) {
        struct sleeper *w;
        waitlist_lock(&m->waiters);
        if (take_or_announce(m, was_woken)) {
            waitlist_unlock(&m->waiters);
            break;
        }
        w = waitlist_add_locked(&m->waiters, was_woken);
        w->since_ns = since_ns;
        waitlist_unlock(&m->waiters);
        sleeper_sleep(w, why);
        if (w->was_handed)
            break;
        was_woken = true;
    }
    RACE_ACQUIRE(m);
}

void mutex_acquire(gr_mutex *m, enum park_reason why)
{
    uint32_t s = 0;
    /* Acquire: pairs with the releases in mutex_release. */
    if (LIKELY(cas_acquire(&m->state, &s, LOCKED))) {
        RACE_ACQUIRE(m);
        return;
    }
    if (MUTANT(mutex_lock_ignores_holder))
        return;
    mutex_acquire_slow(m, why);
}

/* The first sleeper has waited too long for competing.  Needs: list locked. */
static bool is_starving(const struct sleeper *w)
{
    return !sched_controlled() && sched_now_ns() - w->since_ns > STARVING_NS;
}

/* There are, or were, waiters.  Needs: the caller holds the mutex. */
static COLD void mutex_release_slow(gr_mutex *m)
{
    struct sleeper *w = NULL;
    uint32_t s, new;
    bool is_handed = false;
    waitlist_lock(&m->waiters);
    s = load_relaxed(&m->state);
    if ((s & WOKEN) == 0 && !MUTANT(mutex_unlock_wakes_none))
        w = waitlist_take_locked(&m->waiters);
    if (w != NULL) {
        is_handed = is_starving(w);
        w->was_handed = is_handed;
    }
    do {
        new = s &WOKEN;
        if (m->waiters.waiting > 0)
            new |= WAITERS;
        if (w != NULL)
            new |= is_handed ? LOCKED : WOKEN;
        /* Release: pairs with the acquires of whoever locks next. */
    } while (!cas_release(&m->state, &s, new));
    waitlist_unlock(&m->waiters);
    if (w != NULL)
        sleeper_wake(w);
}

void mutex_release(gr_mutex *m)
{
    uint32_t s = LOCKED;
    RACE_RELEASE(m);
    /* Release: pairs with the acquires of whoever locks next. */
    if (LIKELY(cas_release(&m->state, &s, 0)))
        return;
    if ((s & LOCKED) == 0)
        fatal(GR_FATAL_UNLOCK);
    mutex_release_slow(m);
}

void gr_mutex_lock(gr_mutex *m)
{
    sched_point();
    mutex_acquire(m, PARK_MUTEX_LOCK);
}

bool gr_mutex_trylock(gr_mutex *m)
{
    uint32_t s;
    sched_point();
    s = load_relaxed(&m->state);
    /* Free, but others sleep on it: failing is allowed, so a controlled run must be able to
     * show it. */
    if (sched_controlled() && (s == WAITERS || s == WOKEN || s == (WAITERS | WOKEN)) &&
        choose(CHOICE_NOISE, 2) == 1)
        return false;
    return mutex_acquire_try(m);
}

void gr_mutex_unlock(gr_mutex *m)
{
    sched_point();
    mutex_release(m);
}
