/* SPDX-License-Identifier: BSD-3-Clause */
/* collect.h - inside the collector: the state of the cycle, and calls between its files.
 *
 *   file       owns
 *   work.c     queues of what is marked and not yet scanned
 *   mark.c     marking and scanning of objects
 *   slice.c    who marks for how long, and whether all is marked
 *   root.c     where marking begins
 *   card.c     generational mode: what was written to since the last cycle
 *   cycle.c    phases, stops, who waits for what
 *   worker.c   goroutines that mark and sweep in the background
 *   assist.c   goroutines that allocate: when a cycle begins, how much they help
 *   govern.c   settings and figures that decide when a cycle begins
 *   pace.c     the decision: a pure function; gen.c  the same in generational mode
 *   barrier.c  stores
 *   end.c      records of objects; final.c  finalizers and cleanups; weak.c  weak pointers
 *   stats.c    figures and lines about cycles; verify.c  what was left white wrongly
 *
 * Locks: gccycle, gcroots, gchandles -> special (heap) -> gcends -> gcwork -> fix.
 */
#ifndef GC_COLLECT_H
#define GC_COLLECT_H

#include "gc/gc.h"
#include "gc/work.h"
#include "heap/heap.h"
#include "os/os.h"
#include "sched/sched.h"

#define GC_SHARE 4 /* the worker's part of processors is one in so many */

/* ---- mark.c -------------------------------------------------------------------------- */

/* The object that this word points to or into, if any, is reachable.  While marking. */
void mark_word(struct work *w, uintptr_t word);
/* The same for all words that begin in [lo, hi). */
void mark_range(struct work *w, const void *lo, const void *hi);
/* What an object refers to, but not the object itself. */
void mark_inside(struct work *w, const struct heap_ref *r);
/* Words of old objects on this card, which lies in the span. */
void mark_card(struct work *w, const struct heap_meta *m, size_t card);
/* Words of n objects of a type. */
void mark_typed(struct work *w, const gr_type *t, const void *at, size_t n);
/* What queues ask for; the words found there may be put off.  is_stopped: by the caller, so
 * nobody waits for him to come to an end; else entries go back when somebody does. */
void mark_entries(struct work *w, const uint64_t *entry, uint32_t n, bool is_stopped);
/* All that was put off is done.  False: nothing was. */
bool mark_flush(struct work *w);

/* ---- slice.c ------------------------------------------------------------------------- */

/* The world is to stop: who marks must come to an end. */
static inline bool is_point_due(void)
{
    return (load_relaxed(&sched_attention) & (ATT_WORLD | ATT_STOP)) != 0;
}

/* Marks until the clock says `until`, so many bytes are scanned, everything is marked as
 * far as can be seen, or the world is to stop.  True: there was something to do.  *bytes:
 * what was scanned. */
bool mark_slice(int64_t until_ns, uint64_t most, uint64_t *bytes);
/* The world stands still, or one thread is all there is: marks to the end. */
void mark_all(void);
/* The world stands still: marks until the clock says that, or a deep stack is next.  True:
 * all is marked. */
bool mark_briefly(int64_t until_ns);
/* Whether all is marked, as far as can be seen; exact in a stopped world. */
bool mark_is_done(void);
/* Whether nothing is to be had for one more who would mark: a guess. */
bool mark_is_idle(void);
/* In this cycle, by slices that are over: bytes scanned; those of them that were no
 * objects; bytes of objects marked. */
uint64_t mark_scanned(void);
uint64_t mark_scanned_roots(void);
uint64_t mark_found(void);
void mark_reset(void);  /* the world stands still */
void mark_settle(void); /* the same: from now on they are exact */

/* ---- root.c -------------------------------------------------------------------------- */

void root_reset(void); /* the world stands still: all roots are to be scanned */
/* Scans some.  False: nothing is left, but what others may be at. */
bool root_some(struct work *w);
bool root_is_done(void); /* exact when nobody is in root_some */
/* For gcverify: every word of every root, goroutines' excepted; the world stands still. */
void root_each(void (*see)(const void *at, const char *what, void *arg), void *arg);

/* ---- card.c -------------------------------------------------------------------------- */

void card_reset(bool is_minor); /* the world stands still: all dirty cards are to be seen */
/* Scans some, or in a major cycle only cleans them.  False: as root_some. */
bool card_some(struct work *w);
bool card_is_done(void);

/* ---- cycle.c ------------------------------------------------------------------------- */

/* GC_BY_CALL asks for a major cycle, and counts those; GC_BY_MINOR_CALL for any; the others
 * take what is due.  Without generational mode all are major. */
enum gc_reason { GC_BY_HEAP, GC_BY_CALL, GC_BY_MINOR_CALL, GC_BY_TIME, GC_BY_STRESS };

/* Begins a cycle if none marks and nobody is beginning one: number `nth` or a later one is
 * not needed when there have been so many.  On a goroutine, no lock; may park. */
void cycle_begin(uint64_t nth, enum gc_reason why);
void cycle_boot(void);
/* After so much marking in the first stop the world goes on.  Tests set it before they
 * allocate. */
extern int64_t cycle_brief_ns;
/* When the last one ended that was not minor, or the collector booted; 0: neither. */
int64_t cycle_last_ns(void);
/* The heap has reached heap_trigger: comes back when a cycle has begun. */
void cycle_begin_by_heap(void);
uint64_t cycle_begun(void); /* how many have begun so far */
uint64_t cycle_ended(void); /* how many of them are marked */
bool cycle_is_minor(void);  /* the one that marks, or did so last */
/* Comes back when cycle nth is marked, having begun it if nobody has. */
void cycle_wait(uint64_t nth, enum gc_reason why);
/* Nothing was left to mark when the caller looked: ends the marking if that is so. */
void cycle_end_try(void);

/* ---- worker.c ------------------------------------------------------------------------ */

void worker_boot(void);
void worker_start(void);              /* a cycle marks from now on */
struct g *worker_idle(void);          /* gc_hooks.idle_work */
int64_t worker_watch(int64_t now_ns); /* gc_hooks.watch */
void sweeper_start(void);             /* there is something to be swept */
void worker_ahead(void);              /* heap_hooks.ahead */

/* ---- assist.c ------------------------------------------------------------------------ */

void assist_allocated(size_t bytes); /* heap_hooks.allocated */
/* A worker has scanned that much, for whoever owes. */
void assist_credit(uint64_t bytes);
void assist_reset(void); /* the world stands still: marking begins, nothing is owed */
void assist_over(void);  /* marking is over, in a world that runs: nobody waits for it */

/* ---- barrier.c ----------------------------------------------------------------------- */

void shade_word(const void *word);               /* gc_hooks.shade */
void scan_words(const void *lo, const void *hi); /* gc_hooks.scan */

#endif
