/* SPDX-License-Identifier: BSD-3-Clause */
/* lock.h - the door of floor lock: locks and notes for threads, not for goroutines.
 *
 * Owns: struct mutex, a futex lock that spins a few rounds only (the machine may have two
 * processors, and the holder may not run); struct note, a one-shot event; the order of
 * locks (rank.def), checked in builds with checks.
 *
 * The holder lets go by a plain store, and only then looks whether somebody sleeps: on its
 * own that look may be done before the store is seen.  Whoever is going to sleep pays for
 * both: it counts itself as a sleeper and then passes a barrier on all threads, so that
 * each holder has let go visibly or looks later (I5).  Where the system has no such barrier
 * the holder swaps.
 *
 * Locks of processors.  A lock that is only taken by threads with a processor (channels,
 * wait lists) protects nothing while there is one processor: whoever has it runs alone
 * until it gives it up, which nobody does with a lock held (I1).  mutex_lock_p and
 * mutex_unlock_p leave the word alone then.
 *
 *   I1  A thread that holds a lock does not switch goroutines, but for the commit of a
 *       park, which runs on the same thread and releases it; nor does it give up its
 *       processor or lose it: brackets, polls and the program's own text lie outside.
 *   I2  Locks are taken in the order of rank.def, top first; locks of one rank together
 *       only where rank.def says so.  Unranked locks (RANK_NONE) are not checked.
 *   I3  A lock is taken by mutex_lock always or by mutex_lock_p always, and by the latter
 *       only with a processor, in a controlled run, or where nothing of the runtime runs.
 *   I4  lock_is_alone changes from true to false before a second processor runs, and back
 *       after all but one have stopped; whoever changes it holds no processors' lock, and
 *       what starts or stops the others orders the change for them.
 *   I5  Who sleeps on a lock is counted in its lot before it looks at the word for the last
 *       time, and the barrier lies in between.  After the store a holder touches the lock
 *       only through the kernel: somebody else may have taken and freed it.
 *   I6  lock_has_barrier is set once, at boot, while there is one thread.
 */
#ifndef LOCK_LOCK_H
#define LOCK_LOCK_H

#include "base/base.h"

enum lock_rank {
    RANK_NONE,
#define RANK_DEF(name, is_many) RANK_##name,
#include "rank.def"
    RANK_COUNT
};

/* The zero value is an unlocked lock without a rank. */
struct mutex {
    atomic_u32 state; /* atomic: 0 free, 1 held */
    uint32_t rank;    /* const after init: enum lock_rank */
};

#define MUTEX_INIT(rank_)                                                                  \
    {                                                                                      \
        .state = 0, .rank = (rank_)                                                        \
    }

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock(struct mutex *m);     /* Blocks: M. */
bool mutex_lock_try(struct mutex *m); /* Blocks: nothing.  The rank is not checked. */
void mutex_unlock(struct mutex *m);
bool mutex_is_held(const struct mutex *m); /* by anybody; for assertions */

/* Asks the system for the barrier (I6); without this call holders swap. */
void lock_boot(void);

/* The rest of mutex_lock and mutex_unlock when somebody else is in the way. */
void mutex_lock_slow(struct mutex *m);
void mutex_wake_slow(struct mutex *m);
NORETURN void mutex_not_held(void);

/* Sleepers are counted by lots that many locks share, outside of the locks (I5). */
#define LOCK_LOTS 64
extern atomic_u32 lock_sleepers[LOCK_LOTS]; /* atomic */
extern _Atomic bool lock_has_barrier;       /* atomic; I6 */

static ALWAYS_INLINE atomic_u32 *lock_lot(const struct mutex *m)
{
    return &lock_sleepers[(uintptr_t)m / CACHE_LINE % LOCK_LOTS];
}

/* Pairs with the acquires in mutex_lock, mutex_lock_p and mutex_lock_slow. */
static ALWAYS_INLINE void mutex_let_go(struct mutex *m)
{
    atomic_u32 *lot = lock_lot(m);
    uint32_t sleepers;
    if (UNLIKELY(load_relaxed(&m->state) == 0))
        mutex_not_held();
    if (LIKELY(load_relaxed(&lock_has_barrier))) {
        store_release(&m->state, 0);
        /* The compiler keeps the order; the processor is held to it by who sleeps (I5). */
        atomic_signal_fence(memory_order_seq_cst);
        sleepers = load_relaxed(lot);
    } else {
        /* Sequentially consistent, as is the sleeper: pairs with mutex_lock_slow. */
        swap_seq(&m->state, 0);
        sleepers = load_seq(lot);
    }
    if (UNLIKELY(sleepers != 0))
        mutex_wake_slow(m);
}

/* Whether at most one processor runs (I4).  Needs: a processor. */
extern _Atomic bool lock_procs_many; /* atomic; I4 */
static inline bool lock_is_alone(void)
{
    return UNLIKELY(!load_relaxed(&lock_procs_many));
}
void lock_set_alone(bool is_alone);

#if GR_DEBUG_CHECKS

/* The word is kept although nobody needs it, and tells who breaks I3 or I4. */
void mutex_lock_p(struct mutex *m);
void mutex_unlock_p(struct mutex *m);

#else

static ALWAYS_INLINE void mutex_lock_p(struct mutex *m) /* Blocks: M. */
{
    uint32_t free_state = 0;
    if (lock_is_alone())
        return;
    /* Pairs with the release in mutex_let_go. */
    if (UNLIKELY(!cas_acquire(&m->state, &free_state, 1)))
        mutex_lock_slow(m);
}

static ALWAYS_INLINE void mutex_unlock_p(struct mutex *m)
{
    if (lock_is_alone())
        return;
    mutex_let_go(m);
}

#endif

/* The same for words that only threads with a processor change, by these (I3, I4): states
 * of goroutines' mutexes, counters of groups.  Names and orders as in cc.h. */
#define cas_acquire_p(p, old_p, v)                                                         \
    (lock_is_alone() ? LOCK_CAS_ALONE(p, old_p, v) : cas_acquire(p, old_p, v))
#define cas_release_p(p, old_p, v)                                                         \
    (lock_is_alone() ? LOCK_CAS_ALONE(p, old_p, v) : cas_release(p, old_p, v))
#define cas_acq_rel_p(p, old_p, v)                                                         \
    (lock_is_alone() ? LOCK_CAS_ALONE(p, old_p, v) : cas_acq_rel(p, old_p, v))
#define add_acq_rel_p(p, v) (lock_is_alone() ? LOCK_ADD_ALONE(p, v) : add_acq_rel(p, v))
#define add_release_p(p, v) (lock_is_alone() ? LOCK_ADD_ALONE(p, v) : add_release(p, v))
#define LOCK_CAS_ALONE(p, old_p, v)                                                        \
    ({                                                                                     \
        __auto_type was_ = load_relaxed(p);                                                \
        bool is_same_ = was_ == *(old_p);                                                  \
        if (is_same_)                                                                      \
            store_relaxed(p, v);                                                           \
        *(old_p) = was_;                                                                   \
        is_same_;                                                                          \
    })
#define LOCK_ADD_ALONE(p, v)                                                               \
    ({                                                                                     \
        __auto_type was_ = load_relaxed(p);                                                \
        store_relaxed(p, was_ + (v));                                                      \
        was_;                                                                              \
    })

/* Asserts that the calling thread holds no ranked lock; free in builds without checks. */
void lock_check_none_held(void);

/* A one-shot event: cleared, then one note_wake ends one sleep, whichever comes first. */
struct note {
    atomic_u32 state; /* atomic: 0 cleared, 1 woken */
};

void note_clear(struct note *n);
/* At most once between two clears.  The sleeper sees what the caller did before. */
void note_wake(struct note *n);
void note_sleep(struct note *n); /* Blocks: M. */
/* As note_sleep_ns, without sleeping: for who is woken soon, by one that runs. */
bool note_look_ns(struct note *n, int64_t ns);
/* False when timeout_ns (negative: none) passed first. */
bool note_sleep_ns(struct note *n, int64_t timeout_ns);

#endif
