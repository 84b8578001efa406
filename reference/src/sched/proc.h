/* SPDX-License-Identifier: BSD-3-Clause */
/* proc.h - inside the scheduler: threads (M), processors (P), and what they share.
 *
 * Owns: struct m, struct p, struct sched, and the calls between the scheduler's files.
 * Not here: anything that floors above may use (sched.h, g.h).
 *
 * An M is a thread, a P is the right to run goroutines and what is sharded by it: run
 * queue, timers, caches, random numbers.  An M that runs goroutines has a P, m->p; an M
 * that sleeps has none.  Whoever wakes an M hands it a P by m->next_p.
 *
 *   P:  P_IDLE <-> P_BUSY <-> P_BLOCKED (block.c)     P_BUSY <-> P_FROZEN (freeze.c)
 *       all of them -> P_STOPPED -> P_IDLE (stop.c)   P_STOPPED <-> P_RETIRED (procs.c)
 *
 *   I1  state of a P changes under sched.lock only, but from busy to blocked or frozen, and
 *       from blocked back to busy, by the thread that has it (block.c, freeze.c).
 *       A P that is busy belongs to one thread: the M whose p or next_p it is, or the one
 *       that is about to hand it on.
 *   I2  sched.nbusy counts Ps in P_BUSY and P_BLOCKED; no goroutine runs and no queue is
 *       filled but by a busy one.
 *   I3  sched.idle_ps lists the Ps in P_IDLE, nidle counts them.
 *   I4  The thread that leaves a goroutine's stack says in m->after what is due to that
 *       goroutine; whoever runs next on that thread does it first (sched_arrive).  Only
 *       then may others run the goroutine.
 *   I5  Ms and Ps are type-stable: a stale pointer to one finds another of its kind.
 */
#ifndef SCHED_PROC_H
#define SCHED_PROC_H

#include "fix/fix.h"
#include "gr/control.h"
#include "os/os.h"
#include "sched/gq.h"
#include "sched/runq.h"
#include "sched/sched.h"

/* What a goroutine held when its bracket began, beside its stack from sp on. */
#define HELD_WORDS (GR_ASAN || GR_TSAN ? 256u : 96u)
struct block_held {
    struct g *of; /* NULL: nothing yet */
    const char *sp;
    size_t n;
    bool was_shown; /* who has the goroutine's stack TAKEN; then its thread */
    uint64_t words[HELD_WORDS];
};

enum after { AFTER_NONE, AFTER_PARK, AFTER_YIELD, AFTER_EXIT, AFTER_BLOCK };

struct control;

/* One thread. */
struct m {
    struct g *cur;         /* owner: M; NULL while on g0; first, for g_self */
    struct p *p;           /* owner: M; NULL while it has none, and in controlled runs */
    struct p *block_p;     /* owner: M; which P it had when its last bracket began */
    atomic_u64 block_word; /* owner: M writes; that P's state then, 0 outside brackets */
    /* const: not NULL in the M of controlled runs */
    struct control *control;
    struct fiber g0;                        /* owner: M; its own stack */
    struct g *prev;                         /* owner: M; I4 */
    enum after after;                       /* owner: M; I4 */
    bool (*commit)(struct g *g, void *arg); /* owner: M; of prev's park */
    void *commit_arg;                       /* owner: M */
    bool is_spinning;                       /* owner: M; while it sleeps, its waker */
    bool is_apart;                          /* owner: M; bound.c I2 */
    bool is_first;                          /* owner: M; bound.c I4 */
    uint32_t nlocks;                        /* owner: M; gr_thread_lock minus _unlock */
    atomic_u32 number;                      /* atomic; the kernel's, of the thread */
    struct g *bound;                        /* owner: M; bound.c I2 */
    struct g *found;                        /* owner: M; dequeued, for g0 to see to */
    struct note wake;                       /* one waker per sleep (idle.c I1) */
    struct p *next_p;                       /* waker, before the note; NULL: look again */
    struct list_link idle;                  /* guarded by sched.lock: in idle_ms */
    struct list_link all;                   /* guarded by sched.lock: in all_ms */
    struct os_altstack altstack;
    struct os_interrupted frozen; /* owner: M, until its P is taken (freeze.c) */
    uint8_t shut;                 /* owner: M; of prev, which leaves a bracket: scan_shut */
    struct block_held held;       /* owner: M, until its P is taken (block.c) */
};

enum p_state { P_IDLE, P_BUSY, P_BLOCKED, P_STOPPED, P_FROZEN, P_RETIRED };
#define P_STATE_BITS 3    /* of p->state; above: the number of the bracket (block.c) */
#define P_NBLOCKS_BITS 50 /* of that number, above: the P */

#define P_SPENT 16  /* dead goroutines with their stacks that a P keeps */
#define P_STACKS 32 /* stacks without a goroutine that it keeps */
#define P_CELLS 64  /* goroutine cells that a P keeps */
#define P_GOIDS 16  /* goroutine numbers drawn at a time */

/* Free objects of floors above (sched_cache_acquire). */
#define P_CACHE 32
struct p_cache {
    uint32_t n;
    void *object[P_CACHE];
};

struct p {
    void *heap; /* owner: P; floor heap's cache; first, for sched_heap_slot */
    void *gc;   /* owner: P; floor gc's queue; second, for sched_gc_slot */
    struct runq q;
    struct timer_heap timers;
    atomic_u32 tick;              /* owner: P; counts switches; read by sysmon */
    uint32_t next_streak;         /* owner: P; picks from q.next in a row */
    uint32_t turn;                /* owner: P; counts picks from ring and births */
    atomic_u32 calm;              /* atomic; see wake.c */
    struct rand rng;              /* owner: P */
    uint32_t nspent;              /* owner: P */
    uint32_t nstacks;             /* owner: P */
    uint32_t ncells;              /* owner: P */
    uint64_t goid_next, goid_end; /* owner: P */
    atomic_u64 spawned, exited;   /* owner: P writes, anybody reads; relaxed */
    atomic_u64 parks, steals, fired;
    struct g *spent[P_SPENT];      /* owner: P; they have ended, and still have stacks */
    struct stack stacks[P_STACKS]; /* owner: P */
    struct g *cells[P_CELLS];      /* owner: P */
    struct p_cache cache[CACHES];  /* owner: P */
    uint32_t id;                   /* const after init */
    struct m *_Atomic m;           /* atomic; who had it last; for freeze_ask */
    uint64_t nblocks;              /* owner: P; brackets that were begun */
    atomic_u64 state;              /* atomic (I1): enum p_state, above it a number */
    /* atomic, written under sched.lock: the last word for which it was wanted (block.c
     * I4) */
    atomic_u64 wanted;
    uint64_t seen_block; /* owner: sysmon, as the next five */
    uint64_t taking;     /* the word for which it wants p in this look, 0: none */
    int64_t seen_ns, blocked_ns, asked_ns;
    uint32_t seen_tick;
    /* atomic; set by sysmon, cleared by the M that has this P, at a point */
    _Atomic bool preempt;
    struct p *idle_next; /* guarded by sched.lock (I3) */
} CACHE_ALIGNED;

struct sched {
    struct mutex lock;
    struct gq global;     /* guarded by lock */
    atomic_u32 nglobal;   /* atomic mirror of global.len */
    atomic_u32 nspinning; /* atomic; Ms that look for work */
    atomic_u32 nidle;     /* atomic, written under lock (I3) */
    struct p *idle_ps;    /* guarded by lock (I3): last idle first */
    uint32_t nbusy;       /* guarded by lock (I2) */
    atomic_u32 nprocs;    /* atomic, written under lock */
    atomic_u32 nps;       /* atomic; Ps that exist, all in ps[0..nps) */
    struct p *_Atomic ps[ENV_PROCS_MAX];
    struct list_link idle_ms; /* guarded by lock: Ms that sleep without a deadline */
    struct list_link all_ms;  /* guarded by lock: Ms that exist */
    uint32_t nms, nms_max;    /* guarded by lock: how many Ms exist, threads may */
    bool is_short;            /* guarded by lock: a thread was refused, its P is idle */
    /* guarded by lock: the sleeping M that attends to deadlines and descriptors */
    struct m *keeper;
    int64_t keeper_until;   /* guarded by lock; TIMER_NEVER: no deadline, or no keeper */
    atomic_i64 keeper_ns;   /* atomic mirror of keeper_until */
    _Atomic bool is_polled; /* atomic, written under lock: the keeper sleeps in a poll */
    /* guarded by lock: threads without a P that may hold goroutines from a poll */
    uint32_t nharvest;
    bool stop_wanted;          /* guarded by lock; the same as ATT_WORLD */
    struct g *_Atomic stopper; /* atomic: who stopped the world, or is about to */
    uint32_t nblocked;         /* guarded by lock: threads in brackets whose P was taken */
    /* atomic, set once */
    const struct sched_poller *_Atomic poller;
    atomic_i64 polled_ns;  /* atomic: when somebody last asked the poller */
    int64_t external;      /* guarded by lock: sched_external */
    atomic_u64 goid;       /* atomic: last number given out */
    bool is_fake_clock;    /* const after boot */
    atomic_i64 fake_ns;    /* atomic: the virtual clock */
    _Atomic bool has_main; /* atomic: goroutine 1 has not ended by Goexit */
    struct note main_done;
    /* atomic; futex word: 1 while sysmon waits for a busy P */
    atomic_u32 sysmon_asleep;
    _Atomic bool is_up; /* atomic: gr_main is active */
};
extern struct sched sched;

STATIC_ASSERT(offsetof(struct m, cur) == offsetof(struct m_head, cur), "self.h");
STATIC_ASSERT(offsetof(struct m, p) == offsetof(struct m_head, p), "self.h");
STATIC_ASSERT(offsetof(struct p, heap) == 0, "self.h");
STATIC_ASSERT(offsetof(struct p, gc) == sizeof(void *), "self.h");

/* m has p, NULL for none. */
static inline void m_take(struct m *m, struct p *p)
{
    m->p = p;
    if (p != NULL)
        store_release(&p->m, m); /* pairs with the acquire in freeze_ask */
}

static inline enum p_state p_state(struct p *p)
{
    return (enum p_state)(load_relaxed(&p->state) % (1u << P_STATE_BITS));
}

/* Atomic: the form of STACK_HERE that means: shown to the collector in this cycle; in
 * generational mode, between two cycles: has run since the last one.  Changes only while
 * the world stands still. */
extern _Atomic uint8_t sched_here;

/* It was shown in the last cycle, and not yet in this one, or has not run since. */
static inline bool stack_is_unseen(uint8_t at)
{
    return at >= STACK_HERE && stack_form(at) != stack_form(load_relaxed(&sched_here));
}

/* ---- self.c (m_self itself: self.h) ---- */
void m_set_self(struct m *m);

/* ---- g.c ---- */
struct g *g_acquire(struct p *p); /* p == NULL: no cache */
void g_release(struct p *p, struct g *g);
struct g *g_first(void); /* all cells ever made, for dumps */

/* ---- spawn.c ---- */
struct g *spawn_prepare(struct p *p, gr_fn fn, void *arg, uint64_t goid);
/* for dumps; NULL, NULL: the runtime itself */
void spawn_name_parent(struct g *g, const struct g *parent, const void *pc);
void spawn_bind(struct p *p, struct g *g); /* gives g a stack and a fiber */
/* The newest or the oldest birth of p as a goroutine, or NULL; spent: the running
 * goroutine, which has ended and whose cell and stack may be used, or NULL.  Needs: the
 * owner of p. */
struct g *spawn_newest(struct p *p, struct g *spent);
struct g *spawn_oldest(struct p *p, struct g *spent);
/* for a goroutine that does not end by a return */
void spawn_wipe(struct g *g);
void spawn_bury(struct p *p, struct g *g); /* the end: takes both and the cell */
/* the first function on each goroutine's stack */
void spawn_entry(void *unused);

/* ---- main.c, self.c ---- */
#define CONTROL_EPOCH_NS 1000000000 /* where virtual clocks begin */
NORETURN void sched_quit(void);     /* goroutine 1 has returned */
void m_altstack_ensure(void);       /* for threads that are not ours */

/* ---- park.c ---- */
#define GLOBAL_EVERY 61u /* a look at the global queue first, each so many switches */
void sched_arrive(void); /* I4 */
/* g0: runs next until it leaves; then sched_arrive */
void sched_run(struct m *m, struct g *next);
/* next goroutine without leaving the stack, or NULL; spent as in spawn_newest */
struct g *find_quick(struct m *m, struct g *spent);
struct g *find_local(struct p *p); /* the same on g0, global queue included */
void sched_leave(struct m *m, enum after after);
void sched_leave_to(struct m *m, enum after after, struct g *next);
/* ATT_STOP: this thread sleeps until the process ends */
NORETURN void sched_stop_here(void);

/* ---- find.c ---- */
struct g *find_runnable(struct m *m);

/* ---- bound.c ---- */
/* For an M that is apart: its goroutine, when it has a P for it; NULL: the thread ends. */
struct g *bound_next(struct m *m);
void bound_hand(struct m *m, struct g *g); /* m's P to the M of a bound goroutine */
void bound_exit(struct m *m);              /* the running goroutine ends while bound */

/* ---- freeze.c ---- */
void freeze_init(void);
bool freeze_ask(struct p *p); /* its thread freezes if it may; else ask again */

/* ---- machine.c ---- */
/* A thread for p, which is busy and nobody's.  False: the system refused. */
#define THREAD_REFUSED "cannot start a thread; look at ulimit -u and the memory limit"
bool machine_start(struct p *p, bool is_spinning);
/* The calling thread runs g with p, and returns when g has left it for good. */
void machine_first(struct p *p, struct g *g);

/* ---- clock.c ---- */
/* Fires what is due in h, up to a batch when that gives p work.  True: something was. */
bool timers_run(struct p *p, struct timer_heap *h);
/* After it no P's next_ns is that of a timer stopped before.  Needs: a P. */
void timers_settle(void);

/* ---- block.c ---- */
void block_init(struct p *p);
/* Taking p from the thread that is in the bracket of this state word takes three steps: to
 * say that it is wanted (false: p is in no bracket, or in another one); the barrier, once
 * for all Ps that are wanted, with or without the lock; and the taking (false: its thread
 * came back).  From a frozen thread the last one is enough. */
bool block_want_locked(struct p *p, uint64_t word);
void block_barrier(void);
bool block_take_locked(struct p *p, uint64_t word);
void arrive_after_block(struct g *prev); /* on g0, without a P */

/* ---- idle.c ---- */
/* p is taken from a blocked thread (block_take_locked), for whoever needs it */
bool idle_hand_off(struct p *p, uint64_t word);
void idle_give(struct p *p); /* the same for a busy P that the caller has */
/* new work: wakes somebody when nobody looks for it; by whom has a P */
void idle_wake(void);
void idle_retry(void);        /* sysmon, now and then: threads that were refused */
void idle_wake_foreign(void); /* the same by anybody */
/* The world goes on; were_idle: all Ps but the caller's were so before it stopped. */
void idle_look_after_stop(bool were_idle);
void idle_wake_keeper(int64_t when); /* a deadline is earlier than others */
/* m found nothing: its P goes idle; comes back with a P when it is worth looking again */
void idle_sleep(struct m *m);
bool spin_begin(struct m *m);
void spin_end(struct m *m); /* found work */
void busy_start_locked(struct p *p);
void busy_end_locked(struct p *p); /* idle now, or stopped */
struct p *idle_p_pop_locked(void);
void idle_p_push_locked(struct p *p);
void idle_p_remove_locked(struct p *p);
void idle_reconsider(void); /* a reason against the deadlock verdict is gone */

/* Ends the sleep of m, which is out of the list or place where it slept; p == NULL: it
 * shall only look again. */
struct rouse {
    struct m *m;
    bool is_in_poll;
};
void rouse(struct rouse r, struct p *p, bool is_spinning);
struct rouse sleeper_take_locked(void); /* m == NULL: nobody sleeps */
bool work_exists(void);                 /* in some queue; misses nothing pushed before */
/* What was seen must be looked for, whoever else does. */
void spin_on(struct m *m);

/* ---- keeper.c ---- */
void idle_without_p(struct m *m); /* comes back when m has a P */
int64_t earliest_ns(void);        /* of all heaps; TIMER_NEVER: none */
struct rouse keeper_take_locked(void);
/* a thread without a P holds goroutines, or not any more; see nharvest */
void harvest_begin(void);
void harvest_end(struct g *list);

/* ---- wake.c ---- */
#define CALM_AFTER 16u            /* goroutines from its own seat in a row */
void wake_for_ring(void);         /* work behind others in the caller's P */
void wake_for_seat(struct p *p);  /* work in the caller's seat alone */
bool wake_for_stuck(struct p *p); /* sysmon: p has not switched since the last look */
void calm_allow(void);            /* sysmon is there */
void calm_grow(struct p *p);      /* owner: took a goroutine from its own seat */
void calm_end(struct p *p);       /* a thief took it */

/* ---- global.c ---- */
void push_back(struct p *p, struct g *g); /* behind everything, or to all when it is full */
void push_behind(struct p *p, struct g *g); /* of everything, of the global queue too */
/* into the seat, waking others if that is worth it; who sat there goes behind everything */
void push_next(struct p *p, struct g *g);
void global_push(struct g *g);
void global_push_many(struct g *const *in, uint32_t n);
struct g *global_pop(struct p *p, uint32_t max); /* moves up to max - 1 more to p's ring */
/* Appends a list linked by g->link, all waiting, now runnable.  Needs: sched.lock. */
void global_append_locked(struct g *list);

/* ---- foreign.c ---- */
bool poll_is_due(void); /* somebody waits for a descriptor and no keeper watches it */
struct g *poll_now(struct p *p); /* one of those that can go on; p has the others */
void poll_late(int64_t now);     /* sysmon: when nobody did for long */
uint32_t poll_waiting(void);     /* goroutines that wait for a descriptor */

/* ---- dead.c ---- */
void dead_verdict(void);     /* nobody can ever run again */
void dead_drop(struct g *g); /* what sched_on_drop asked for */

/* ---- scan.c ---- */
/* Shows g, whose stack is `at`, unseen.  False: it is not any more. */
bool scan_claim(struct g *g, uint8_t at);
void scan_unborn(struct g *g); /* the same for one that gets its stack now */
/* Keeps everybody else from g, which runs, and lets them again; at: as scan_shut gave. */
uint8_t scan_shut(struct g *g);
void scan_open(struct g *g, uint8_t at);
/* Shows the running goroutine, if a cycle marks. */
void scan_again(void);

/* ---- squeeze.c ---- */
void stack_fetch(struct p *p, struct g *g); /* makes its stack sched_here */
/* Where the bytes of a stack are that is away, as far as it is in use. */
bool squeeze_image(const struct g *g, const char **lo, const char **hi);
void squeeze_start(void);     /* the thread that squeezes, once */
void squeeze_look(void);      /* sysmon: trims what has grown */
uint64_t squeeze_count(void); /* stacks so far */
/* dumps: w shall walk the image of a squeezed stack */
void squeeze_map(const struct g *g, struct frame_walk *w);

/* ---- dump.c ---- */
struct os_fault;
/* A fault that is about to end the process: the dump begins where it struck. */
void dump_fault_insig(struct g *g, const struct os_fault *f);
/* A clock of 4.29 s a tick for how long goroutines wait: set by whoever knows the time. */
extern _Atomic uint32_t sched_coarse;
void coarse_update(void);

/* ---- trace.c ---- */
void trace_look(void);       /* prints lines if they are due; by one thread */
int64_t trace_left_ns(void); /* until the next ones; -1: never */

/* ---- sysmon.c ---- */
void sysmon_start(void);
void sysmon_poke(void);

/* ---- procs.c ---- */
struct p *procs_init(uint32_t n); /* the first P, busy */
int procs_default(void);          /* by the environment, the machine or gr_procs before */

/* ---- stop.c ---- */
bool stop_is_mine(void); /* the running goroutine has stopped the world */
void stop_init(void);
void stop_reached_locked(void);
void stop_stats(struct gr_stats *s);

/* ---- noise.c ---- */
void noise_strike(struct g *g, enum noise_site site);

/* ---- control.c: the same calls in a controlled run ---- */
void control_point(struct control *c);
void control_park(struct control *c, bool (*commit)(struct g *, void *), void *arg);
void control_yield(struct control *c);
void control_ready(struct control *c, struct g *g);
uint64_t control_spawn(struct control *c, gr_fn fn, void *arg, const void *pc);
NORETURN void control_exit_g(struct control *c);
uint32_t control_choose(struct control *c, enum choice kind, uint32_t n);
int64_t control_now(struct control *c);
bool control_is_due(struct control *c, int64_t when);
int control_procs(struct control *c, int n);
struct timer_heap *control_timers(struct control *c);
NORETURN void control_end(struct control *c, enum gr_end end, int64_t code, gr_value v,
                          const char *text);
size_t control_alive(struct control *c);

#endif
