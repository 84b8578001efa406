/* SPDX-License-Identifier: BSD-3-Clause */
/* sync.h - Mutex, RWMutex, WaitGroup, Once, Cond and atomics, with Go's meaning.
 *
 * The zero value of each struct is ready for use, but for gr_cond (gr_cond_init names its
 * lock).  None may be copied after first use.  Fields are private.  Misuse that Go makes
 * fatal is fatal here, with the same text.
 */
#ifndef GR_SYNC_H
#define GR_SYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "task.h"

/* A waiting list with permits that were given before anybody waited; private to the
 * runtime. */
struct gr_waitlist {
    _Atomic uint32_t lock;
    uint32_t rank;
    uint32_t permits;
    uint32_t waiting;
    void *head, *tail;
};

typedef struct gr_mutex {
    _Atomic uint32_t state;
    uint32_t unused;
    struct gr_waitlist waiters;
} gr_mutex;

void gr_mutex_lock(gr_mutex *m); /* Blocks: G. */
bool gr_mutex_trylock(gr_mutex *m);
void gr_mutex_unlock(gr_mutex *m); /* Fatal: "sync: unlock of unlocked mutex". */

typedef struct gr_rwmutex {
    gr_mutex writer;
    _Atomic int32_t
        readers; /* active and waiting readers; minus 2^30 while a writer is announced */
    _Atomic int32_t departing; /* readers that the announced writer still waits for */
    struct gr_waitlist read_waiters, write_waiter;
} gr_rwmutex;

void gr_rwmutex_lock(gr_rwmutex *m);
bool gr_rwmutex_trylock(gr_rwmutex *m);
void gr_rwmutex_unlock(gr_rwmutex *m); /* Fatal: "sync: Unlock of unlocked RWMutex". */
void gr_rwmutex_rlock(gr_rwmutex *m);
bool gr_rwmutex_tryrlock(gr_rwmutex *m);
void gr_rwmutex_runlock(gr_rwmutex *m); /* Fatal: "sync: RUnlock of unlocked RWMutex". */

typedef struct gr_wg {
    _Atomic uint64_t state;
    struct gr_waitlist waiters;
} gr_wg;

void gr_wg_add(gr_wg *w, int64_t delta); /* Panics: GR_ERR_WG_NEGATIVE, GR_ERR_WG_MISUSE. */
void gr_wg_done(gr_wg *w);
void gr_wg_wait(gr_wg *w); /* Blocks: G. */

typedef struct gr_once {
    _Atomic uint32_t done;
    gr_mutex m;
} gr_once;

/* Calls fn(arg) if nobody did before; returns after the one call completed, even by panic
 * or Goexit. */
void gr_once_do(gr_once *o, gr_fn fn, void *arg);

typedef struct gr_cond {
    gr_mutex *l;
    struct gr_waitlist waiters;
} gr_cond;

void gr_cond_init(gr_cond *c, gr_mutex *l);
void gr_cond_wait(gr_cond *c); /* Needs: c->l held.  Gives: c->l held.  Blocks: G. */
void gr_cond_signal(gr_cond *c);
void gr_cond_broadcast(gr_cond *c);

/* Sequentially consistent 64-bit atomics (mem.atomic-sc). */
typedef _Atomic int64_t gr_atomic;

int64_t gr_atomic_load(gr_atomic *a);
void gr_atomic_store(gr_atomic *a, int64_t v);
int64_t gr_atomic_add(gr_atomic *a, int64_t delta);       /* gives the new value */
int64_t gr_atomic_swap(gr_atomic *a, int64_t v);          /* gives the old value */
bool gr_atomic_cas(gr_atomic *a, int64_t old, int64_t v); /* never fails spuriously */

#endif
