/* SPDX-License-Identifier: BSD-3-Clause */
/* g.h - the goroutine: one type-stable cell per goroutine, reused after its end, never
 * unmapped.
 *
 * Owns: struct g, its states, park reasons, the list of all cells.
 * Not here: moving goroutines between states (park.c, spawn.c), run queues (runq.h).
 *
 *   G_IDLE -> G_RUNNABLE -> G_RUNNING -> G_WAITING -> G_RUNNABLE ...
 *                              |
 *                              '-> G_DEAD -> (cell reused) G_RUNNABLE
 *
 *   I1  Exactly one party owns a g: the run queue that holds it, the M that runs it, or,
 *       while it waits, whoever dequeues it from what it waits for.  Only the owner changes
 *       state.
 *   I2  A cell keeps its address and type for ever, so a stale pointer reads garbage, never
 *       faults.
 *   I3  A goroutine has a stack from its first run to its end; before that a cell alone.
 *       While it waits, its bytes may be elsewhere (squeeze.c).
 */
#ifndef SCHED_G_H
#define SCHED_G_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "gr/panic.h"
#include "gr/task.h"
#include "stack/stack.h"
#include "timer/timer.h"

#define G_CELL_BYTES 96

enum g_state { G_IDLE, G_RUNNABLE, G_RUNNING, G_WAITING, G_BLOCKED, G_FROZEN, G_DEAD };

enum park_reason {
#define PARK_DEF(name, text) PARK_##name,
#include "sched/reason.def"
#undef PARK_DEF
    PARK_REASONS
};

/* Where the stack of a goroutine is; changed by who runs it, and by squeeze.c and scan.c.
 * HERE and AWAY have three forms, n to n + 2, which take turns (sched_here). */
enum stack_at {
    STACK_NONE = 0,
    STACK_HELD = 4,  /* squeeze.c looks at it, if nobody runs it */
    STACK_TAKEN = 8, /* scan.c (I2) */
    STACK_HERE = 12,
    STACK_AWAY = 16, /* in an image */
};

static inline enum stack_at stack_kind(uint8_t at)
{
    return (enum stack_at)(at & ~3u);
}
static inline uint8_t stack_form(uint8_t at)
{
    return at & 3u;
}

/* The words that a dump prints. */
const char *park_reason_text(enum park_reason why);

/* Laid out by who touches what, in lines.  A spawn writes the last one alone; a run that
 * neither parks nor panics needs the one before, which the processor fetches with it.
 * Those above are for waiting, and for what few goroutines do.  What floors above hang here
 * is NULL again when a goroutine's function returns, and made so when it ends otherwise.
 * cell is the waiter record of the floors above (one wait at a time). */
struct m;
struct g {
    struct timer sleep; /* owner: G while running, then the heap */
    void *image;        /* owner: who restores the stack; STACK_AWAY: its contents */
    uint64_t spare;     /* cell begins a line */
    struct g *all_next; /* const after the cell was made */
    struct rand noise;  /* owner: G */

    uint64_t cell[G_CELL_BYTES / sizeof(uint64_t)]; /* owner: whoever may wake it, else G */
    void *scratch; /* owner: G; malloc'ed while a large select runs, else NULL */
    void *waiting; /* owner: G; waiter records that it holds */
    void *param;   /* waker, before sched_ready: what woke it */
    void *panics;  /* owner: G; panic: panics in progress */

    struct list_link live; /* controlled mode: the goroutines of this run */
    uint64_t priority;     /* controlled mode: PCT; higher runs first */
    uint64_t noise_key;    /* owner: G; which gr_noise call and goroutine noise is of */
    struct m *bound_m;     /* changed by the owner (bound.c I1) */
    uint64_t stash[3];     /* owner: as of cell; a small element of one that is squeezed */

    struct fiber fiber;           /* owner: G; valid while it is not running (I3) */
    struct stack stack;           /* owner: G (I3) */
    struct gr_frame *frames;      /* owner: G; panic: open frames, newest first */
    _Atomic uint32_t select_done; /* atomic; CAS 0 -> 1 by who may wake a select */
    bool goexiting;               /* owner: G */
    bool success;                 /* waker, before sched_ready: a communication woke it */
    bool is_pinned; /* owner: G; others may write to its stack while it waits */

    struct g *link;        /* owner: whoever holds it (I1): run queue, ready list */
    _Atomic uint64_t goid; /* atomic; set at spawn, read by dumps */
    gr_fn fn;              /* const from spawn to the end */
    void *_Atomic arg;     /* atomic; owner; from spawn to the first run; scan.c looks */
    _Atomic uint64_t parent_goid;  /* atomic; set at spawn, read by dumps: who did */
    const void *_Atomic parent_pc; /* atomic; set at spawn, read by dumps: where */
    _Atomic uint16_t parked_at;    /* atomic; owner: G; sched_coarse at its last park */
    _Atomic uint8_t state;         /* atomic; enum g_state, changed by the owner */
    _Atomic uint8_t why;           /* atomic; enum park_reason, of the last park */
    _Atomic uint8_t stack_at;      /* atomic; enum stack_at */
    _Atomic bool is_bound;         /* atomic; by the owner: it runs on bound_m only */
    _Atomic bool is_system;        /* atomic; set by sched_spawn_system, read by dumps */
    bool is_main : 1;              /* const from spawn to the end */
    bool no_escape : 1;            /* const from before the first run; it may be squeezed */
    bool wants_big : 1;            /* the same; GR_STACK_BIG */
    bool is_listed : 1; /* const after the cell was made: all_next, sleep are set */
};

/* Calls for the lines that a goroutine needs that goes on after a wait. */
static ALWAYS_INLINE void g_prefetch(const struct g *g)
{
    __builtin_prefetch(&g->fiber);
    __builtin_prefetch(&g->link);
    __builtin_prefetch(&g->cell);
}

#if !SAN_FIBERS
STATIC_ASSERT(offsetof(struct g, fiber) % CACHE_LINE == 0, "the running line");
STATIC_ASSERT(offsetof(struct g, link) % CACHE_LINE == 0, "the spawning line");
STATIC_ASSERT(offsetof(struct g, link) % (2 * CACHE_LINE) == CACHE_LINE, "the pair");
STATIC_ASSERT(sizeof(struct g) == 6 * CACHE_LINE - 8, "no line more");
#endif

#endif
