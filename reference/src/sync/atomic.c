/* SPDX-License-Identifier: BSD-3-Clause */
/* atomic.c - sequentially consistent 64-bit atomics, each a decision point of controlled
 * runs.
 *
 * Owns: gr_atomic_*.
 *
 * In flavour racecheck this file is not instrumented, as all of the runtime, so the
 * operation is done by the thread sanitizer's own entry points: it then sees the value and
 * the edge as one, and judges no atomic access a race.
 */
#include "sync.h"

#if GR_RACECHECK

int64_t __tsan_atomic64_load(const volatile int64_t *a, int order);
void __tsan_atomic64_store(volatile int64_t *a, int64_t v, int order);
int64_t __tsan_atomic64_fetch_add(volatile int64_t *a, int64_t v, int order);
int64_t __tsan_atomic64_exchange(volatile int64_t *a, int64_t v, int order);
int __tsan_atomic64_compare_exchange_strong(volatile int64_t *a, int64_t *old, int64_t v,
                                            int order, int failure);

#define RAW(a) ((volatile int64_t *)(void *)(a))
#define DO_LOAD(a) __tsan_atomic64_load(RAW(a), __ATOMIC_SEQ_CST)
#define DO_STORE(a, v) __tsan_atomic64_store(RAW(a), (v), __ATOMIC_SEQ_CST)
#define DO_ADD(a, v) __tsan_atomic64_fetch_add(RAW(a), (v), __ATOMIC_SEQ_CST)
#define DO_SWAP(a, v) __tsan_atomic64_exchange(RAW(a), (v), __ATOMIC_SEQ_CST)
#define DO_CAS(a, old, v)                                                                  \
    (__tsan_atomic64_compare_exchange_strong(RAW(a), (old), (v), __ATOMIC_SEQ_CST,         \
                                             __ATOMIC_SEQ_CST) != 0)

#else

/* Sequentially consistent: each pairs with all others on any gr_atomic (mem.atomic-sc). */
#define DO_LOAD(a) load_seq(a)
#define DO_STORE(a, v) store_seq(a, v)
#define DO_ADD(a, v) add_seq(a, v)
#define DO_SWAP(a, v) atomic_exchange_explicit((a), (v), memory_order_seq_cst)
#define DO_CAS(a, old, v) cas_seq((a), (old), (v))

#endif

int64_t gr_atomic_load(gr_atomic *a)
{
    sched_point();
    return DO_LOAD(a);
}

void gr_atomic_store(gr_atomic *a, int64_t v)
{
    sched_point();
    DO_STORE(a, v);
}

int64_t gr_atomic_add(gr_atomic *a, int64_t delta)
{
    int64_t old;
    sched_point();
    old = DO_ADD(a, delta);
    if (MUTANT(atomic_add_returns_old))
        return old;
    return (int64_t)((uint64_t)old + (uint64_t)delta);
}

int64_t gr_atomic_swap(gr_atomic *a, int64_t v)
{
    sched_point();
    return DO_SWAP(a, v);
}

bool gr_atomic_cas(gr_atomic *a, int64_t old, int64_t v)
{
    sched_point();
    if (MUTANT(atomic_cas_ignores_old)) {
        DO_STORE(a, v);
        return true;
    }
    return DO_CAS(a, &old, v);
}
