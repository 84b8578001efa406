/* SPDX-License-Identifier: BSD-3-Clause */
/* mutex.c - the lock of runtime structures: one word, a futex when it is contended.
 *
 * Owns: the states of struct mutex.  Not here: order of locks (rank.c), goroutine locks
 * (floor sync).
 *
 *     0 free --lock--> 1 held --another waits--> 2 held, perhaps sleepers
 *     ^----------------unlock----'------unlock and wake one------'
 *
 * Idea: the uncontended pair is one compare-and-swap and one swap.  A waiter spins SPINS
 * short rounds only: with two processors the holder may well be descheduled, and spinning
 * then keeps it so.
 *
 *   I1  Who sleeps has set state to 2 before; who then gets the lock leaves it at 2, so
 * that
 *       no sleeper is forgotten (at worst one wake-up finds nobody).
 */
#include "os/os.h"
#include "rank.h"

#define SPINS 4
#define RELAXES_PER_SPIN 30

void mutex_init(struct mutex *m, enum lock_rank rank)
{
    *m = (struct mutex)MUTEX_INIT(rank);
}

static bool take(struct mutex *m)
{
    uint32_t free_state = 0;
    /* Pairs with the release in mutex_unlock. */
    return cas_acquire(&m->state, &free_state, 1);
}

COLD void mutex_lock_slow(struct mutex *m)
{
    for (int i = 0; i < SPINS; i++) {
        for (int j = 0; j < RELAXES_PER_SPIN; j++)
            cpu_relax();
        if (load_relaxed(&m->state) == 0 && take(m))
            return;
    }
    /* I1.  Pairs with the release in mutex_unlock. */
    while (swap_acquire(&m->state, 2) != 0)
        os_futex_wait(&m->state, 2, -1);
}

void mutex_lock(struct mutex *m)
{
    rank_check(m);
    if (UNLIKELY(!take(m)))
        mutex_lock_slow(m);
    rank_push(m);
}

bool mutex_lock_try(struct mutex *m)
{
    if (!take(m))
        return false;
    rank_push(m);
    return true;
}

void mutex_unlock(struct mutex *m)
{
    rank_pop(m);
    /* Pairs with the acquires in take and mutex_lock_slow. */
    uint32_t was = swap_release(&m->state, 0);
    if (UNLIKELY(was != 1))
        mutex_wake_slow(m, was);
}

COLD void mutex_wake_slow(struct mutex *m, uint32_t was)
{
    if (was == 0)
        throw("unlock of a runtime lock that is not held");
    os_futex_wake(&m->state, 1);
}

/* ---- locks of processors ------------------------------------------------------------- */

_Atomic bool lock_procs_many;

void lock_set_alone(bool is_alone)
{
    lock_check_none_held();
    store_relaxed(&lock_procs_many, !is_alone);
}

#if GR_DEBUG_CHECKS

/* Relaxed, so that tsan judges whether one processor is order enough. */
void mutex_lock_p(struct mutex *m)
{
    if (!lock_is_alone()) {
        mutex_lock(m);
        return;
    }
    rank_check(m);
    if (load_relaxed(&m->state) != 0)
        throw("a processor's lock is held by somebody else");
    store_relaxed(&m->state, 1);
    rank_push(m);
}

void mutex_unlock_p(struct mutex *m)
{
    if (!lock_is_alone()) {
        mutex_unlock(m);
        return;
    }
    rank_pop(m);
    if (load_relaxed(&m->state) != 1)
        throw("unlock of a processor's lock that is not held");
    store_relaxed(&m->state, 0);
}

#endif

bool mutex_is_held(const struct mutex *m)
{
    return load_relaxed(&((struct mutex *)(uintptr_t)m)->state) != 0;
}
