/* SPDX-License-Identifier: BSD-3-Clause */
/* sched.h - door of the scheduler: park, ready, spawn, end, points, choices.
 *
 * Owns: who runs where and when; the one choice function; verdicts of controlled runs.
 * Not here: what goroutines wait for (chan, sync), deferred calls (panic).
 *
 * Two modes share these calls.  Free: GR_PROCS threads, decisions by processor-local random
 * numbers. Controlled (gr_control_run): one thread, every decision drawn from choose(),
 * virtual clock.
 *
 *   I1  A public operation starts with sched_point(), before it takes any lock.  In
 *       controlled mode that is the only place (besides park, yield and end) where another
 *       goroutine can come in between, so everything from there to the next point or park
 *       is one indivisible step.
 *   I2  No runtime lock is held across sched_park, sched_yield_now, sched_point and
 *       noise_point sites that may yield; a lock held at sched_park is released by its
 *       commit.
 *   I3  A value of g_self() stays right for ever on the goroutine that asked; nothing else
 *       that hangs from the thread does across a call that can park (the TLS rule).
 *
 * Locks: callers' locks (channel, wait list, timer owner) -> timer heap -> sched.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "gr/debug.h"
#include "sched/g.h"
#include "sched/self.h"

/* ---- goroutines ---------------------------------------------------------------------- */

/* g_self() (self.h) is the running goroutine; NULL on a thread's own stack (timer
 * callbacks, threads of the program). */

/* Parks the running goroutine.  commit(g, arg) runs once the goroutine can be made ready by
 * others, off its stack where there are other threads; it must not park, and releases the
 * lock that protects what g waits for, and must not look at g's stack.  It returns false
 * when g need not wait: g then goes on soon.  commit == NULL: just wait. After commit has
 * released its lock nothing that g owns may be touched in it. Needs: a goroutine, I2.
 * Blocks: G. */
void sched_park(bool (*commit)(struct g *g, void *arg), void *arg, enum park_reason why);

/* When g->no_escape: whether p lies on the caller's stack, where nobody may read or write
 * while it waits, unless it is pinned (is_pinned) meanwhile. */
static inline bool sched_on_stack(const struct g *g, const void *p)
{
    return (const char *)p >= g->stack.lo && (const char *)p < g->stack.top;
}

/* Gives back what memory of stacks nobody uses. */
void sched_stack_trim(void);

/* Makes a parked goroutine runnable, next on this processor.  Needs: the right to wake g,
 * obtained once; no lock that a woken goroutine's resumption needs.  Anything written
 * before is seen by g after its park. */
void sched_ready(struct g *g);

/* The same for a list linked by g->link, first one first. */
void sched_ready_all(struct g *list);

/* Lets others run; the caller stays runnable and goes behind everything that is runnable
 * now. */
void sched_yield_now(void);

/* Starts fn(arg) in a new goroutine; from goroutines and from timer callbacks.  Gives: its
 * number. */
uint64_t sched_spawn(gr_fn fn, void *arg);

/* Ends the running goroutine; its deferred calls have run.  When it is the main one
 * (Goexit), the others go on. */
_Noreturn void sched_exit_g(void);

/* Upper floors' cleanup of a goroutine that a controlled run drops while it waits or is
 * runnable: gives back what hangs from g->waiting, g->frames, g->panics; must not touch its
 * stack unless it still exists (it does), nor wake anybody.  Set once, at boot, by a
 * constructor.  Several may be added (up to 4). */
void sched_on_drop(void (*drop)(struct g *g));

/* Free objects of floors above that a processor keeps at hand, so that most need no lock:
 * from the pool and back, half a cache at a time.  In a controlled run it is the pool's
 * turn.  What an object holds is kept. */
enum sched_cache { CACHE_DEFER, CACHE_FUNC_TIMER, CACHE_TIMER, CACHE_WAITER, CACHES };
struct fixpool;
void *sched_cache_acquire(enum sched_cache kind, struct fixpool *pool);
void sched_cache_release(enum sched_cache kind, struct fixpool *pool, void *object);

/* ---- points and choices -------------------------------------------------------------- */

/* Why somebody has to look up: bits of sched_attention. */
enum { ATT_CONTROL = 1, ATT_NOISE = 2, ATT_PREEMPT = 4, ATT_STOP = 8, ATT_WORLD = 16 };
extern _Atomic uint32_t sched_attention;

void sched_point_slow(void);

/* The head of each public operation: decision point in controlled mode, preemption poll and
 * noise in free mode; one relaxed load otherwise.  No-op off goroutines.  Needs: I2. */
static inline void sched_point(void)
{
    if (__builtin_expect(atomic_load_explicit(&sched_attention, memory_order_relaxed) != 0,
                         0))
        sched_point_slow();
}

static inline bool sched_controlled(void)
{
    return (atomic_load_explicit(&sched_attention, memory_order_relaxed) & ATT_CONTROL) !=
           0;
}

/* The number of the controlled run that is active, or 0. */
uint64_t sched_run_number(void);

enum choice {
    /* which runnable goroutine (or due timer) goes on; 0: the current one */
    CHOICE_NEXT,
    CHOICE_SELECT,  /* which ready case; 0: the first in source order */
    CHOICE_WAITER,  /* which parked waiter is served; 0: the one that came first */
    CHOICE_TIMER,   /* which of several due timers fires; 0: the one armed first */
    CHOICE_PREEMPT, /* whether to be preempted at a poll */
    CHOICE_NOISE,   /* whether to disturb */
    CHOICES
};

/* A number below n (n >= 1).  Controlled mode: by tape or strategy, recorded; CHOICE_WAITER
 * gives 0 there unless any_waiter is on.  Free mode: uniform for CHOICE_SELECT, else 0.
 * Needs: a goroutine, or a timer callback. */
uint32_t choose(enum choice kind, uint32_t n);

/* Whether waiting for a moment, instead of parking, could be worth it: another processor is
 * at work, and nobody waits for this one.  Never in controlled runs. */
bool sched_may_spin(void);

/* A uniformly random number below n for decisions that nobody can see (free mode:
 * processor-local; controlled mode: 0). */
uint32_t sched_random(uint32_t n);

/* Where stress noise may strike.  LOCKED sites only spin, the others may also yield. */
enum noise_site {
    NOISE_POINT,        /* start of an operation (sched_point does it) */
    NOISE_BEFORE_LOCK,  /* before a channel's or wait list's lock */
    NOISE_AFTER_UNLOCK, /* after it */
    NOISE_SAFEPOINT,
    NOISE_LOCKED,       /* first of the sites with a lock held: inside */
    NOISE_BEFORE_PARK,  /* enqueued, not yet parked */
    NOISE_BEFORE_READY, /* a waiter is dequeued, not yet runnable */
    NOISE_SELECT_LOCKS, /* between two locks of a select */
    NOISE_TIMER,        /* a timer has expired, not yet fired */
    NOISE_RECOVER,      /* before recover takes the panic */
    NOISE_SITES
};
void noise_point_slow(enum noise_site site);

static inline void noise_point(enum noise_site site)
{
    if (__builtin_expect(
            (atomic_load_explicit(&sched_attention, memory_order_relaxed) & ATT_NOISE) != 0,
            0))
        noise_point_slow(site);
}

/* ---- clock and timers ---------------------------------------------------------------- */

/* The clock of gr_now_ns: monotonic, or virtual. */
int64_t sched_now_ns(void);

/* Whether a deadline that is in no heap has come.  In controlled runs with any_time on this
 * is a decision, which may move the clock to it, unless an armed deadline comes earlier. */
bool sched_is_due(int64_t when);

/* timer_arm on the right heap, waking a sleeper when needed; and its opposite (timer.h has
 * the rules: calls may be concurrent; fire runs with no lock, with seq; the cell's memory
 * stays a cell).  Both give: it was armed.
 *
 * An armed timer holds off the deadlock verdict.  So the timer of a channel is armed only
 * while somebody waits on the channel; at other times its owner compares its deadline with
 * sched_now_ns() when asked. All of gr_timer_* is built on these two by chan/timerchan.c,
 * gr_timer_func included (its fire: sched_spawn). */
bool sched_timer_arm(struct timer *t, int64_t when, uint64_t seq);
bool sched_timer_disarm(struct timer *t);

/* ---- leaving the processor ----------------------------------------------------------- */

/* A bracket around a system call that may block the thread: between the two the goroutine
 * has no processor for itself, so others run.  Nothing of the runtime may be called inside
 * but what says "any thread".  Plain stores when nobody needed the processor.
 * Not nested.  No-ops in controlled runs and off goroutines. */
void sched_block_begin(void);
void sched_block_end(void);

/* Stops all goroutines at their next poll, or wherever they are if they do not poll; then
 * starts them again.  In between no queue, heap or cache of any P changes but by the
 * caller, who must not park.  The caller keeps its processor; two callers take turns.
 * Needs: a goroutine, I2.  Blocks: G. */
void sched_stop_world(const char *reason);
void sched_start_world(void);

/* ---- for the heap and the collector -------------------------------------------------- */

/* The slot of the running goroutine's P for its heap cache: NULL at first.  NULL itself in
 * a controlled run and off goroutines: then there is one cache for all. */
static ALWAYS_INLINE void **sched_heap_slot(void)
{
    struct m_head *m = (struct m_head *)(void *)m_self();
    return m != NULL ? m->p : NULL;
}
/* The same for floor gc. */
static ALWAYS_INLINE void **sched_gc_slot(void)
{
    void **slot = sched_heap_slot();
    return slot != NULL ? slot + 1 : NULL;
}
/* Shows the slots of floor heap of all Ps, retired ones too.  The world stands still. */
void sched_each_heap_slot(void (*see)(void **slot, void *arg), void *arg);

/* The world stands still: from now on, until sched_scan_end, each goroutine that exists is
 * shown to gc_hooks.scan once, before it runs again: its stack, or the image of it, its
 * registers, its record.  Nothing is shown here; the caller owes sched_scan_own.  Births
 * are shown as they become goroutines, by gc_hooks.shade.  gc_is_marking is set already.
 * is_minor, in generational mode: but for those that have waited since the last
 * sched_scan_end, on a stack that nobody else writes to (GR_NOESCAPE). */
void sched_scan_begin(bool is_minor);
/* Shows the caller, who has called sched_scan_begin, if it was not shown since: right after
 * the world was started, before anything that could park or touch the program's memory; or
 * before that, where all is marked in the stop.  Till then scanning is not over. */
void sched_scan_own(void);
size_t sched_scan_own_bytes(void); /* how much stack that is, about */
/* Scans up to n goroutines that nobody has scanned yet.  False: none is left, and nobody is
 * scanning one.  With a P, any number of callers at once. */
bool sched_scan_some(size_t n);
/* How much stack the next one in turn holds, about.  The world stands still. */
size_t sched_scan_next_bytes(void);
void sched_scan_end(void); /* the world stands still */

/* Shows what births hold, by gc_hooks.shade. */
void sched_scan_births(void);

/* What hangs from a goroutine and lies neither on its stack nor in its registers: show(g)
 * shows it by gc_hooks, while g does not run, or is the caller.  Its stack may be squeezed:
 * sched_scan_at tells where an address on it can be read.  Up to 4, by constructors. */
void sched_on_scan(void (*show)(struct g *g));
const void *sched_scan_at(const struct g *g, const void *p);

/* There is collected memory from now on: brackets note what they hold.  Any goroutine. */
void sched_scan_needed(void);

/* Whether somebody waits for the caller's P, or could be run by it.  If so the caller must
 * leave it soon. */
bool sched_is_wanted(void);

/* gc_hooks.idle_work may have something to give: wakes an idle P if nobody looks for work.
 * Needs: a P. */
void sched_wake_idle(void);

/* ---- for pollers, signal threads and other threads without a processor --------------- */

/* sched_ready from any thread: by way of the global queue. */
void sched_ready_foreign(struct g *g);

/* Starts a goroutine of the runtime's own: not counted, not in dumps of programs, no reason
 * against the deadlock verdict.  Any thread. */
void sched_spawn_system(gr_fn fn, void *arg);

/* Who watches descriptors (floor net). */
struct sched_poller {
    /* Goroutines that can go on now, linked by g->link, NULL: none; the scheduler makes
     * them runnable.  Waits up to timeout_ns for the first one; 0: does not wait; < 0:
     * until wake().  Called by one thread at a time when it waits, without a lock, off
     * goroutines. */
    struct g *(*poll)(int64_t timeout_ns);
    /* Ends a poll that waits, or the next one.  Any thread. */
    void (*wake)(void);
    /* How many goroutines wait for a descriptor; they hold off the deadlock verdict. */
    uint32_t (*waiting)(void);
};

/* Set once, by the first use of floor net; any goroutine. */
void sched_set_poller(const struct sched_poller *p);

/* What holds off the deadlock verdict beside timers, pollers and brackets: a program that
 * asked for signals may be woken at any time.  Adds n, which may be negative. */
void sched_external(int n);

/* ---- ends ---------------------------------------------------------------------------- */

/* In a controlled run: ends it with GR_END_PANIC (does not return).  In free mode: returns,
 * and the caller prints the report and ends the process.  text is the first line of the
 * report. */
void sched_die_panic(gr_value v, const char *text);

/* The same with GR_END_EXIT. */
void sched_die_exit(int status);

/* Asked, in the handler, about faults of the machine on a goroutine that are no stack
 * overflow (os.h has the contract of the answer).  Set once, at boot, by a constructor. */
struct os_fault;
void sched_on_fault(bool (*fn)(const struct os_fault *f));

/* Writes the running goroutine and, when all, the others, each after a blank line
 * (dump.c).  Detail 1 leaves the runtime's own functions and goroutines out, 2 does not;
 * without it what GR_TRACEBACK asks for, at least 1.  Any thread, signal handlers too. */
void sched_dump(int fd, bool all);
void sched_dump_detail(int fd, bool all, int detail);

/* ---- for floor start and above ------------------------------------------------------- */

/* Boots what is not booted, runs fn(arg) as goroutine 1, comes back when it has returned.
 * Once. */
void sched_main(gr_fn fn, void *arg);

/* Reads the environment, installs hooks and fault handlers.  Repeated calls do nothing
 * new. */
void sched_boot(void);

void sched_stats(struct gr_stats *s);

#endif
