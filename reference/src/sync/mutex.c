/* SPDX-License-Identifier: BSD-3-Clause */
/* mutex.c - gr_mutex: a lock for goroutines that lets newcomers in and yet starves nobody.
 *
 * Owns: the state word of gr_mutex and what its list means.
 *
 *     state   bit 0 LOCKED    somebody holds it
 *             bit 1 WAITERS   the list is not empty
 *             bit 2 WOKEN     somebody who wants it is awake for certain: waking another
 *                             one is useless
 *             bit 3 STARVING  the first sleeper has waited too long: no newcomer takes it
 *
 * Idea.  Lock and unlock are one locked instruction each, whether others sleep or not.  An
 * unlock with sleepers and nobody WOKEN wakes the first one, which competes with newcomers:
 * throughput is best when whoever runs takes it.  A sleeper that lost this race and has
 * waited for longer than STARVING_NS sets STARVING; the next unlock then hands it the lock:
 * LOCKED is set again on its behalf, newcomers queue (sync.mutex.no-barging-starvation). In
 * controlled runs nobody is handed a lock: every order that a hand-over would give is also
 * one of the competition's, but not the other way round.
 *
 * Who finds it locked looks again for some hundred nanoseconds, if that may help
 * (sched_may_spin), and is WOKEN meanwhile.
 *
 *   I1  WAITERS and the list's being empty change together under the list's lock, as does
 *       setting STARVING; LOCKED and WOKEN change without.
 *   I2  With LOCKED clear and the list not empty WOKEN is set, or the goroutine that
 *       unlocked is about to wake one: somebody is on the way.
 *   I3  Who is WOKEN clears the bit when it takes the lock or goes to sleep.
 *   I4  STARVING only with WAITERS, and LOCKED but between an unlock and its hand-over.
 */
#include "sync.h"

#include "os/os.h"

enum { LOCKED = 1, WAITERS = 2, WOKEN = 4, STARVING = 8 };

#define STARVING_NS 1000000
#define SPINS 4
#define RELAXES_PER_SPIN 30

/* One that wants the lock and did not get it at once. */
struct bid {
    struct sleeper *w; /* its record once it has slept; NULL before */
    int64_t since_ns;  /* when it first went to sleep */
    bool is_woken;     /* I3 */
    bool is_starving;
};

/* Takes the lock for somebody who is WOKEN or not. */
static bool take(gr_mutex *m, bool is_woken)
{
    uint32_t s = load_relaxed(&m->state);
    while ((s & (LOCKED | STARVING)) == 0)
        /* Acquire: pairs with the releases in mutex_release and hand_over. */
        if (cas_acquire_p(&m->state, &s, (s | LOCKED) & ~(is_woken ? (uint32_t)WOKEN : 0)))
            return true;
    return false;
}

bool mutex_acquire_try(gr_mutex *m)
{
    if (MUTANT(mutex_trylock_lies))
        return true;
    if (!take(m, false))
        return false;
    RACE_ACQUIRE(m);
    return true;
}

/* Waits a moment for the lock.  True: has it. */
static bool spin(gr_mutex *m, struct bid *b)
{
    for (int i = 0; i < SPINS && sched_may_spin(); i++) {
        uint32_t s = load_relaxed(&m->state);
        if ((s & STARVING) != 0)
            return false;
        if ((s & LOCKED) == 0 && take(m, b->is_woken))
            return true;
        if (!b->is_woken && (s & (WAITERS | WOKEN)) == WAITERS)
            b->is_woken = cas_relaxed(&m->state, &s, s | WOKEN);
        for (int j = 0; j < RELAXES_PER_SPIN; j++)
            cpu_relax();
    }
    return false;
}

/* Takes the lock if it is free; else says in the word that somebody is going to sleep.
 * Needs: list locked. */
static bool take_or_announce(gr_mutex *m, const struct bid *b)
{
    uint32_t s = load_relaxed(&m->state), new;
    do {
        if ((s & (LOCKED | STARVING)) == 0)
            new = s | LOCKED;
        else
            new = s | WAITERS | (b->is_starving ? STARVING : 0);
        if (b->is_woken)
            new &= ~(uint32_t)WOKEN;
        /* Acquire: pairs with the releases in mutex_release and hand_over. */
    } while (!cas_acquire_p(&m->state, &s, new));
    return (s & (LOCKED | STARVING)) == 0;
}

/* It has lost the lock that it was woken for once more. */
static void lost(struct bid *b)
{
    b->is_woken = true;
    b->is_starving = !sched_controlled() && !MUTANT(mutex_never_hands_over) &&
                     os_coarse_ns() - b->since_ns > STARVING_NS;
}

static COLD void mutex_acquire_slow(gr_mutex *m, enum park_reason why)
{
    struct bid b = {.w = NULL};
    while (!spin(m, &b)) {
        waitlist_lock(&m->waiters);
        if (take_or_announce(m, &b)) {
            waitlist_unlock(&m->waiters);
            break;
        }
        if (b.w == NULL)
            b.since_ns = os_coarse_ns();
        b.w = waitlist_add_locked(&m->waiters, b.w != NULL);
        b.w->since_ns = b.since_ns;
        sleeper_sleep_locked(&m->waiters, b.w, why);
        if (b.w->was_handed)
            break;
        lost(&b);
    }
    RACE_ACQUIRE(m);
}

void mutex_acquire(gr_mutex *m, enum park_reason why)
{
    uint32_t s = 0;
    /* Acquire: pairs with the releases in mutex_release and hand_over. */
    if (LIKELY(cas_acquire_p(&m->state, &s, LOCKED)) || take(m, false)) {
        RACE_ACQUIRE(m);
        return;
    }
    if (MUTANT(mutex_lock_ignores_holder))
        return;
    mutex_acquire_slow(m, why);
}

/* The word of a mutex whose list has lost a sleeper.  Needs: list locked. */
static uint32_t without_one(const gr_mutex *m, uint32_t s)
{
    return m->waiters.waiting > 0 ? s : s & ~(uint32_t)(WAITERS | STARVING);
}

/* I4: nobody else takes the lock meanwhile.  Needs: list locked; unlocks it. */
static void hand_over(gr_mutex *m)
{
    struct sleeper *w = waitlist_take_locked(&m->waiters), *heir = m->waiters.head;
    uint32_t s = load_relaxed(&m->state), new;
    bool is_next_starving = heir != NULL && os_coarse_ns() - heir->since_ns > STARVING_NS;
    do {
        new = without_one(m, s) | LOCKED;
        if (!is_next_starving)
            new &= ~(uint32_t)STARVING;
        /* Release: pairs with the acquires of whoever locks next. */
    } while (!cas_release_p(&m->state, &s, new));
    w->was_handed = true;
    waitlist_unlock(&m->waiters);
    sleeper_wake(w);
}

/* There are sleepers, and nobody who wants the lock is awake.  Needs: the caller held the
 * mutex until now. */
static COLD void mutex_release_slow(gr_mutex *m)
{
    struct sleeper *w = NULL;
    uint32_t s;
    waitlist_lock(&m->waiters);
    s = load_relaxed(&m->state);
    if ((s & (LOCKED | STARVING)) == STARVING) {
        hand_over(m);
        return;
    }
    /* Else a newcomer was faster: its unlock does what is due. */
    if ((s & (LOCKED | WOKEN)) == 0 && !MUTANT(mutex_unlock_wakes_none))
        w = waitlist_take_locked(&m->waiters);
    if (w != NULL)
        while (!cas_release_p(&m->state, &s, without_one(m, s) | WOKEN))
            ;
    waitlist_unlock(&m->waiters);
    if (w != NULL)
        sleeper_wake(w);
}

void mutex_release(gr_mutex *m)
{
    uint32_t s;
    RACE_RELEASE(m);
    /* Release: pairs with the acquires of whoever locks next. */
    s = add_release_p(&m->state, -(uint32_t)LOCKED);
    if (LIKELY(s == LOCKED))
        return;
    if ((s & LOCKED) == 0)
        fatal(GR_FATAL_UNLOCK);
    if ((s & STARVING) != 0 || (s & (WAITERS | WOKEN)) == WAITERS)
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
