/* SPDX-License-Identifier: BSD-3-Clause */
/* mutex.c - the lock of runtime structures: one word, a futex when it is contended.
 *
 * Owns: the states of struct mutex.  Not here: order of locks (rank.c), goroutine locks
 * (floor sync).
 *
 *     0 free --lock--> 1 held --unlock--> 0 free, and wake one if anybody sleeps
 *
 * Idea: the uncontended pair is one compare-and-swap and one store.  A waiter looks SPINS
 * times, a microsecond apart: long enough for any holder that runs to be done, and no
 * longer, for one that does not is kept from it.  It looks seldom, so that who has the lock
 * in its cache may take it many times before the line goes to the other side: for two
 * processors on one channel looks ten times as often cost four times as much.  On a single
 * CPU nobody lets go while we look: there it sleeps at once.
 *
 *   I1  While somebody sleeps on a lock its lot counts at least one, so each holder that
 *       lets go wakes one; who was woken and finds the lock taken sleeps again, and the
 *       taker will wake it.  Locks that share a lot cost each other a wake-up of nobody.
 *
 * reference/model/lock.pml is this protocol, searched exhaustively.
 */
#include "os/os.h"
#include "rank.h"

#define SPINS 20
#define RELAXES_PER_SPIN 100

static atomic_u32 spins = SPINS; /* const after boot */

void mutex_init(struct mutex *m, enum lock_rank rank)
{
    *m = (struct mutex)MUTEX_INIT(rank);
}

static bool take(struct mutex *m)
{
    uint32_t free_state = 0;
    /* Pairs with the release in mutex_let_go. */
    return cas_acquire(&m->state, &free_state, 1);
}

COLD void mutex_lock_slow(struct mutex *m)
{
    uint32_t free_state = 0;
    for (uint32_t i = 0; i < load_relaxed(&spins); i++) {
        for (int j = 0; j < RELAXES_PER_SPIN; j++)
            cpu_relax();
        if (load_relaxed(&m->state) == 0 && take(m))
            return;
    }
    /* I1, and I5 of lock.h.  Sequentially consistent, as is what comes next: pairs with the
     * swap and the load in mutex_let_go, where there is no barrier. */
    add_seq(lock_lot(m), 1);
    if (load_relaxed(&lock_has_barrier))
        os_barrier();
    while (!cas_seq(&m->state, &free_state, 1)) {
        os_futex_wait(&m->state, 1, -1);
        free_state = 0;
    }
    sub_seq(lock_lot(m), 1);
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
    mutex_let_go(m);
}

COLD void mutex_wake_slow(struct mutex *m)
{
    /* Whoever is woken must see the lock free, or it sleeps again: the store comes
     * first. */
    atomic_thread_fence(memory_order_seq_cst);
    os_futex_wake(&m->state, 1);
}

COLD void mutex_not_held(void)
{
    throw("unlock of a runtime lock that is not held");
}

/* ---- who sleeps ---------------------------------------------------------------------- */

atomic_u32 lock_sleepers[LOCK_LOTS];
_Atomic bool lock_has_barrier;

void lock_boot(void)
{
    store_relaxed(&spins, os_cpu_count() > 1 ? SPINS : 0);
    /* The thread sanitizer does not know of the barrier, and judges the other way. */
    if (!GR_TSAN && !load_relaxed(&lock_has_barrier) && os_barrier_init())
        store_relaxed(&lock_has_barrier, true);
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
