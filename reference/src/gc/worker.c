/* SPDX-License-Identifier: BSD-3-Clause */
/* worker.c - goroutines of the runtime that mark and sweep beside the program.
 *
 * Owns: one worker that marks until the cycle is over, others for processors that have
 * nothing to run, the sweeper, the fetcher, which gets memory ahead of need.
 * Not here: what a slice of marking is (slice.c), help by who allocates (assist.c).
 *
 * The worker marks in slices.  While nobody waits for its processor it goes on.  Else it
 * takes a quarter of the time of all processors, in pieces as short as that allows: it
 * sleeps until a slice is due to it, and a timer puts it into the seat of its processor,
 * before whoever waits there.  Where others keep a processor for long, the slices are
 * longer too.  A processor without work asks gc_hooks.idle_work for one of the others,
 * which marks until something is to be run there, or until it finds nothing; then it waits
 * in the list again.
 *
 *   I1  From the beginning of a cycle to its end the worker is runnable, running, asleep
 *       for a moment, or about to stop the world: marking ends whatever the program does,
 *       and no deadlock is seen before.
 *   I2  An idle worker that waits is in `idle`, and whoever takes it out makes it ready.
 */
#include "gc/collect.h"

#include "gc/end.h"
#include "gc/govern.h"
#include "gc/pace.h"
#include "gc/stats.h"
#include "gr/time.h"

#define SLICE_NS 100000
#define SLICE_MAX_NS 2500000
#define ASK_AGAIN_NS 10000000
#define SWEEP_PAGES 64
#define SCAVENGE_PIECE ((size_t)1 << 20)
#define SCAVENGE_REST 20

static struct {
    struct mutex lock;
    bool is_booted;         /* guarded by lock */
    struct g *marker;       /* guarded by lock: the worker, while it waits for a cycle */
    struct g *sweeper;      /* guarded by lock: while it waits */
    struct g *fetcher;      /* guarded by lock: while it waits */
    struct g *idle;         /* guarded by lock: by g->link (I2) */
    uint32_t nidle;         /* guarded by lock: idle workers that exist */
    atomic_u32 is_due;      /* atomic: the worker is to begin a cycle */
    bool marker_is_wanted;  /* guarded by lock: before it came to wait */
    bool sweeper_is_wanted; /* the same */
    bool fetcher_is_wanted; /* the same */
    bool has_fetcher;       /* the same: it exists */
} workers = {.lock = MUTEX_INIT(RANK_gccycle)};

/* ---- waiting for work ---------------------------------------------------------------- */

struct seat {
    struct g **waits;
    bool *is_wanted;
};

static bool seat_commit(struct g *g, void *arg)
{
    const struct seat *s = arg;
    bool is_wanted = *s->is_wanted;
    *s->is_wanted = false;
    if (!is_wanted)
        *s->waits = g;
    mutex_unlock(&workers.lock);
    return !is_wanted;
}

/* s lies in static memory: a commit does not look at a goroutine's stack. */
static void seat_wait(const struct seat *s, enum park_reason why)
{
    mutex_lock(&workers.lock);
    sched_park(seat_commit, (void *)(uintptr_t)s, why);
}

/* NULL: nobody waits there, and whoever comes next will not. */
static struct g *seat_take(const struct seat *s)
{
    mutex_lock(&workers.lock);
    struct g *g = *s->waits;
    *s->waits = NULL;
    *s->is_wanted = g == NULL;
    mutex_unlock(&workers.lock);
    return g;
}

static void seat_call(const struct seat *s)
{
    struct g *g = seat_take(s);
    if (g != NULL)
        sched_ready(g);
}

static const struct seat marker_seat = {&workers.marker, &workers.marker_is_wanted};
static const struct seat sweeper_seat = {&workers.sweeper, &workers.sweeper_is_wanted};
static const struct seat fetcher_seat = {&workers.fetcher, &workers.fetcher_is_wanted};

/* ---- the three ----------------------------------------------------------------------- */

/* Gives: how long it took. */
static int64_t worker_slice(int64_t slice_ns)
{
    uint64_t bytes;
    int64_t begin_ns = os_now_ns();
    bool any = mark_slice(begin_ns + slice_ns, UINT64_MAX, &bytes);
    int64_t ns = os_now_ns() - begin_ns;
    stats_mark_time(STATS_WORKER, ns);
    assist_credit(bytes);
    if (any)
        sched_wake_idle(); /* it may find some of what was found */
    else
        cycle_end_try();
    return ns;
}

/* Until a slice is due: the worker has had `ahead` ns more than its share. */
static void worker_pause(int64_t ahead, int procs)
{
    if (env_knobs.faketime || ahead < 0) {
        sched_yield_now();
        return;
    }
    int64_t ns = ahead * GC_SHARE / procs;
    gr_sleep_ns(ns > SLICE_NS ? ns : SLICE_NS);
}

static void worker_cycle(void)
{
    int procs = gr_procs(0);
    int64_t begin_ns = os_now_ns(), had = 0;
    while (load_relaxed(&gc_is_marking)) { /* I1 */
        int64_t owed = (os_now_ns() - begin_ns) * procs / GC_SHARE - had;
        int64_t slice = owed < SLICE_NS       ? SLICE_NS
                        : owed < SLICE_MAX_NS ? owed
                                              : SLICE_MAX_NS;
        had += worker_slice(slice);
        if (!load_relaxed(&gc_is_marking))
            return;
        if (sched_is_wanted())
            worker_pause(had - (os_now_ns() - begin_ns) * procs / GC_SHARE, procs);
        else
            sched_yield_now();
    }
}

static void marker_main(void *unused)
{
    (void)unused;
    for (;;) {
        seat_wait(&marker_seat, PARK_GC_WORKER);
        if (swap_acquire(&workers.is_due, 0) != 0) /* pairs with worker_watch */
            cycle_begin(cycle_begun() + 1,
                        MUTANT(gc_periodic_forced) ? GC_BY_CALL : GC_BY_TIME);
        worker_cycle();
    }
}

/* Gives memory back that the next cycles will hardly need, in about a twentieth of the time
 * of one processor, until the next cycle begins. */
static void scavenge(void)
{
    uint64_t begun = cycle_begun(), retain = govern_retain();
    while (cycle_begun() == begun) {
        int64_t begin_ns = os_now_ns();
        if (heap_scavenge(retain, SCAVENGE_PIECE) == 0)
            return;
        if (env_knobs.faketime)
            sched_yield_now();
        else
            gr_sleep_ns((os_now_ns() - begin_ns) * SCAVENGE_REST);
    }
}

static void sweeper_main(void *unused)
{
    (void)unused;
    for (;;) {
        seat_wait(&sweeper_seat, PARK_GC_SWEEP);
        while (heap_sweep_some(SWEEP_PAGES))
            sched_yield_now();
        due_run();
        scavenge();
    }
}

static void fetcher_main(void *unused)
{
    (void)unused;
    for (;;) {
        seat_wait(&fetcher_seat, PARK_GC_WORKER);
        while (heap_ahead())
            ;
    }
}

/* By way of the global queue: a processor that marks or has nothing to run takes it from
 * there, not the one that allocates.  Under a limit there is nothing to spare. */
void worker_ahead(void)
{
    if (sched_controlled() || gr_procs(0) == 1 || gr_mem_limit(-1) != PACE_NO_LIMIT)
        return;
    mutex_lock(&workers.lock);
    bool is_first = !workers.has_fetcher;
    workers.has_fetcher = true;
    mutex_unlock(&workers.lock);
    if (is_first)
        sched_spawn_system(fetcher_main, NULL);
    struct g *g = seat_take(&fetcher_seat);
    if (g != NULL)
        sched_ready_foreign(g);
}

void sweeper_start(void)
{
    if (!sched_controlled())
        seat_call(&sweeper_seat);
}

void worker_boot(void)
{
    mutex_lock(&workers.lock);
    bool was_booted = workers.is_booted;
    workers.is_booted = true;
    mutex_unlock(&workers.lock);
    if (was_booted)
        return;
    sched_spawn_system(marker_main, NULL);
    sched_spawn_system(sweeper_main, NULL);
}

/* A program that hardly allocates is collected from time to time: what finalizers have to
 * give back may be worth more than memory.  A worker that is at work is not asked. */
int64_t worker_watch(int64_t now_ns)
{
    int64_t last_ns = cycle_last_ns(), period_ns = (int64_t)env_knobs.gcperiod * 1000000;
    if (last_ns == 0 || env_knobs.faketime)
        return -1;
    if (now_ns < last_ns + period_ns)
        return last_ns + period_ns - now_ns;
    worker_boot();
    mutex_lock(&workers.lock);
    struct g *g = workers.marker;
    workers.marker = NULL;
    if (g != NULL)
        store_release(&workers.is_due, 1); /* pairs with the swap in marker_main */
    mutex_unlock(&workers.lock);
    if (g != NULL)
        sched_ready_foreign(g);
    return ASK_AGAIN_NS;
}

/* ---- where a processor has nothing to run -------------------------------------------- */

static bool idle_commit(struct g *g, void *unused)
{
    (void)unused;
    g->link = workers.idle;
    workers.idle = g;
    mutex_unlock(&workers.lock);
    return true;
}

/* Marks until something is to be run here, or nothing is left to be marked. */
static void idle_mark(void)
{
    uint64_t bytes;
    bool any = true;
    while (any && load_relaxed(&gc_is_marking) && !sched_is_wanted()) {
        int64_t begin_ns = os_now_ns();
        any = mark_slice(begin_ns + SLICE_NS, UINT64_MAX, &bytes);
        stats_mark_time(STATS_IDLE, os_now_ns() - begin_ns);
        assist_credit(bytes);
    }
    if (!any)
        cycle_end_try();
}

static void idle_main(void *unused)
{
    (void)unused;
    for (;;) {
        mutex_lock(&workers.lock);
        sched_park(idle_commit, NULL, PARK_GC_WORKER);
        idle_mark();
    }
}

struct g *worker_idle(void)
{
    if (!load_relaxed(&gc_is_marking) || mark_is_idle())
        return NULL;
    mutex_lock(&workers.lock);
    struct g *g = workers.idle;
    if (g != NULL) {
        workers.idle = g->link;
        g->link = NULL;
    }
    mutex_unlock(&workers.lock);
    return g;
}

/* One for each processor but that of the worker. */
static void idle_ensure(uint32_t n)
{
    mutex_lock(&workers.lock);
    uint32_t have = workers.nidle;
    if (have < n)
        workers.nidle = n;
    mutex_unlock(&workers.lock);
    for (; have < n; have++)
        sched_spawn_system(idle_main, NULL);
}

void worker_start(void)
{
    idle_ensure((uint32_t)gr_procs(0) - 1);
    seat_call(&marker_seat);
    sched_wake_idle();
}
