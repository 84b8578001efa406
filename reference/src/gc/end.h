/* SPDX-License-Identifier: BSD-3-Clause */
/* end.h - inside the collector: records of what happens when objects end, and their queue.
 *
 * Owns: struct end, records of objects as roots, finalizers and cleanups that are due.
 *
 * A record hangs from the span of its object (heap.h: struct special).  When the object
 * dies, records of finalizers and cleanups go into the queue, as they are.
 *
 *   I1  Finalizers are roots: what an object with one refers to, but not the object, is
 *       marked in every cycle.  So when it dies all that it refers to is there.
 *   I2  A record leaves its object when that dies, under the span's special_lock, and goes
 *       into the queue.  Nothing dies while a cycle marks, so the queue grows only outside
 *       of marking; who takes a record out of a list or the queue shades what it holds.
 *   I3  Records of a controlled run mean nothing after it: they are dropped.
 */
#ifndef GC_END_H
#define GC_END_H

#include "gc/collect.h"

enum end_kind { END_FINALIZER, END_WEAK, END_CLEANUP }; /* in the order of the list */

struct end {
    struct special s; /* guarded by special_lock of the span, then by the queue's lock */
    union {
        void (*finalizer)(void *object, void *arg);
        void (*cleanup)(void *arg);
    } fn;
    void *object; /* END_FINALIZER, once it is due */
    void *arg;    /* END_WEAK: the gr_weak */
    uint64_t id;  /* END_CLEANUP */
    uint64_t run; /* const: sched_run_number() (I3) */
};

struct end *end_acquire(enum end_kind kind, uint64_t offset);
void end_release(struct end *e);

/* The span's lock, by the object that p lies in.  False: it is no object. */
bool end_find(const void *p, struct heap_ref *out);
static inline void end_lock(struct heap_meta *m)
{
    mutex_lock_p(special_lock(m));
}
static inline void end_unlock(struct heap_meta *m)
{
    mutex_unlock_p(special_lock(m));
}
static inline uint64_t end_offset(const struct heap_ref *r, const void *p)
{
    return (uint64_t)((const char *)p - heap_page_at(heap_page_no(r->meta)));
}

/* heap_hooks.died */
bool end_died(struct heap_meta *m, uint32_t slot, struct special **at);

/* final.c: what is due.  due_push: under special_lock. */
void due_push(struct end *e);
void due_reset(void); /* as of the roots below */
bool due_some(struct work *w);
bool due_is_done(void);
/* After sweeping, without a lock: what is due is run, by a goroutine of the runtime. */
void due_run(void);

void end_roots_reset(void); /* the world stands still */
bool end_roots_some(struct work *w);
bool end_roots_are_done(void);

/* weak.c: the object of this record is gone.  Under special_lock. */
void weak_clear_locked(struct end *e);

#endif
