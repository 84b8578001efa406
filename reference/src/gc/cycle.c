/* SPDX-License-Identifier: BSD-3-Clause */
/* cycle.c - a cycle from its beginning to its end, and who waits for which.
 *
 * Owns: phases, the two stops, numbers of cycles, goroutines that wait for them.
 * Not here: marking (mark.c, slice.c), who does it in the background (worker.c), when a
 * cycle should begin (assist.c, pace.c).
 *
 *     begin --sweep the rest, stop 1--> MARK --nothing left, stop 2--> over, to be swept
 *
 * Somebody begins a cycle: the one that sets is_beginning.  Marking is done in slices by
 * whoever has time.  Who finds nothing left, and nobody in a slice, stops the world and
 * looks again; now that is exact, and if there is work after all (a store has shaded
 * something meanwhile) the world and the marking go on.
 *
 * In generational mode a minor cycle begins with the marks that the last one has left; a
 * major one takes them back before its first stop (card.c).
 *
 * With GR_DEBUG=gcstop=1, and in controlled runs, where there is one thread, marking
 * happens between the two stops without letting go.  So it does where the last cycle had
 * next to nothing to mark: a program with little memory that allocates all the time has
 * thousands of cycles a second, and one stop costs it less than two and what is woken in
 * between.  If there is more to mark now, the world goes on after some microseconds.  As
 * long as such a cycle takes next to no time the next one comes early (pace.c).
 *
 *   I1  begun counts first stops, ended counts second ones: begun - ended is 1 while a
 *       cycle marks, else 0.  Both change while the world stands still.
 *   I2  Sweeping of a cycle is over before the next one begins (heap.h I6).
 *   I3  What waits is woken after each change of begun, ended and is_beginning.
 */
#include "gc/collect.h"

#include "gc/end.h"
#include "gc/govern.h"
#include "gc/stats.h"
#include "gc/verify.h"

#define BRIEF_BYTES ((uint64_t)32 << 10)
#define BRIEF_NS 20000

int64_t cycle_brief_ns = BRIEF_NS;

static struct {
    struct mutex lock;
    bool is_beginning;  /* guarded by lock */
    uint64_t news;      /* guarded by lock: counts changes (I3) */
    struct g *waiting;  /* guarded by lock: by g->link */
    atomic_u64 begun;   /* atomic (I1) */
    atomic_u64 ended;   /* atomic (I1) */
    atomic_i64 last_ns; /* atomic: when the last major one ended */
    /* atomic: as the two, of major ones */
    atomic_u64 major_begun, major_ended;
    _Atomic bool is_minor; /* atomic; changes in the first stop */
    atomic_u32
        is_ending; /* atomic: somebody is about to stop the world for the second time */
} cycle = {.lock = MUTEX_INIT(RANK_gccycle)};

/* ---- waiting ------------------------------------------------------------------------- */

static bool wait_commit(struct g *g, void *unused)
{
    (void)unused;
    g->link = cycle.waiting;
    cycle.waiting = g;
    mutex_unlock(&cycle.lock);
    return true;
}

/* Until something has changed since `news` was read. */
static void wait_for_news(uint64_t news)
{
    mutex_lock(&cycle.lock);
    if (cycle.news != news) {
        mutex_unlock(&cycle.lock);
        return;
    }
    sched_park(wait_commit, NULL, PARK_GC_WAIT);
}

static void tell_news(void)
{
    mutex_lock(&cycle.lock);
    cycle.news++;
    struct g *list = cycle.waiting;
    cycle.waiting = NULL;
    mutex_unlock(&cycle.lock);
    sched_ready_all(list);
}

static uint64_t news_now(void)
{
    mutex_lock(&cycle.lock);
    uint64_t news = cycle.news;
    mutex_unlock(&cycle.lock);
    return news;
}

void cycle_boot(void)
{
    store_relaxed(&cycle.last_ns, os_now_ns());
}

int64_t cycle_last_ns(void)
{
    return load_relaxed(&cycle.last_ns);
}

uint64_t cycle_begun(void)
{
    return load_relaxed(&cycle.begun);
}

uint64_t cycle_ended(void)
{
    return load_relaxed(&cycle.ended);
}

bool cycle_is_minor(void)
{
    return load_relaxed(&cycle.is_minor);
}

/* Of those that count for who asks. */
static uint64_t begun_for(enum gc_reason why)
{
    return load_relaxed(why == GC_BY_CALL ? &cycle.major_begun : &cycle.begun);
}

static uint64_t ended_for(enum gc_reason why)
{
    return load_relaxed(why == GC_BY_CALL ? &cycle.major_ended : &cycle.ended);
}

/* ---- the two stops ------------------------------------------------------------------- */

/* What was reachable now survives. */
static void begin_stopped(enum gc_reason why, bool is_minor)
{
    heap_flush();
    store_relaxed(&cycle.is_minor, is_minor);
    govern_begin();
    stats_begin(why);
    heap_mark_begin(is_minor);
    mark_reset();
    assist_reset();
    root_reset();
    store_relaxed(&cycle.begun, load_relaxed(&cycle.begun) + 1);
    if (!is_minor)
        store_relaxed(&cycle.major_begun, load_relaxed(&cycle.major_begun) + 1);
    store_relaxed(&gc_is_marking, true);
    sched_scan_begin(is_minor);
}

static void end_stopped(void)
{
    ASSERT(mark_is_done());
    if (UNLIKELY(env_knobs.gcverify))
        verify_marks();
    store_relaxed(&gc_is_marking, false);
    mark_settle();
    sched_scan_end();
    stats_end();
    heap_mark_end(mark_found());
    store_relaxed(&cycle.ended, load_relaxed(&cycle.ended) + 1);
    store_relaxed(&cycle.major_ended, load_relaxed(&cycle.major_begun));
    if (!cycle_is_minor())
        store_relaxed(&cycle.last_ns, os_now_ns());
    govern_end();
}

/* After the second stop, in a world that runs.  A small heap is swept by who allocates
 * next: to wake somebody for it would cost more than the whole cycle. */
static void end_started(bool was_brief)
{
    stats_line();
    if (!was_brief || special_groups() > 0) /* finalizers are to run whoever allocates */
        sweeper_start();
    assist_over();
    tell_news();
}

/* The world goes on; how long it did not is counted. */
static void start_world(int64_t begin_ns)
{
    sched_start_world();
    stats_pause(os_now_ns() - begin_ns);
}

static bool is_one_thread(void)
{
    return sched_controlled();
}

/* ---- beginning ----------------------------------------------------------------------- */

static bool begin_take(uint64_t nth, enum gc_reason why)
{
    mutex_lock(&cycle.lock);
    bool is_free =
        !cycle.is_beginning && cycle_begun() == cycle_ended() && begun_for(why) < nth;
    cycle.is_beginning |= is_free;
    mutex_unlock(&cycle.lock);
    return is_free;
}

static void begin_give(void)
{
    mutex_lock(&cycle.lock);
    cycle.is_beginning = false;
    mutex_unlock(&cycle.lock);
}

/* A cycle that nobody asked for, not even a test, of a heap that is small. */
static bool is_brief(enum gc_reason why)
{
    return why == GC_BY_HEAP && !env_knobs.gcverify && !env_knobs.gcsmall &&
           cycle_ended() > 0 && govern_expected() <= BRIEF_BYTES;
}

/* Each cycle is one stop, however long. */
static bool marks_stopped(void)
{
    return env_knobs.gcstop || is_one_thread();
}

/* All marking, in the first stop.  False: there is more than is worth it.  What it takes is
 * counted, but not in controlled runs, where no pace may depend on time. */
static bool mark_at_once(enum gc_reason why)
{
    bool is_all = marks_stopped(), is_done = true;
    if (!is_all && !is_brief(why))
        return false;
    int64_t begin_ns = os_now_ns();
    if (is_all)
        mark_all();
    else
        is_done = mark_briefly(begin_ns + cycle_brief_ns);
    if (!is_one_thread())
        stats_mark_time(STATS_WORKER, os_now_ns() - begin_ns);
    return is_done;
}

static bool is_minor_due(enum gc_reason why)
{
    switch (why) {
    case GC_BY_MINOR_CALL:
        return true;
    case GC_BY_STRESS:
        return cycle_begun() % 2 == 1;
    case GC_BY_HEAP:
        return govern_is_minor();
    case GC_BY_CALL:
    case GC_BY_TIME:
        return false;
    }
    return false;
}

void cycle_begin(uint64_t nth, enum gc_reason why)
{
    if (!begin_take(nth, why))
        return;
    heap_sweep_all(); /* I2 */
    bool is_minor = load_relaxed(&gc_has_cards) && is_minor_due(why);
    if (load_relaxed(&gc_has_cards) && !is_minor)
        heap_marks_clear();
    if (!is_one_thread())
        worker_boot();
    int64_t begin_ns = os_now_ns();
    sched_stop_world("gc: marking begins");
    begin_stopped(why, is_minor);
    bool is_over = mark_at_once(why);
    bool was_brief = is_over && !marks_stopped() && govern_was_small();
    if (is_over)
        end_stopped();
    start_world(begin_ns);
    sched_scan_own();
    begin_give();
    if (is_over) {
        end_started(was_brief);
        if (was_brief)
            govern_brief(os_now_ns() - begin_ns);
    } else {
        worker_start();
        tell_news();
    }
}

/* Whoever has reached the trigger goes on when marking has begun: else there is no bound to
 * what the others allocate until one of them has stopped the world. */
void cycle_begin_by_heap(void)
{
    uint64_t news = news_now(), nth = cycle_begun() + 1;
    if (load_relaxed(&gc_is_marking) || heap_live() < load_relaxed(&heap_trigger))
        return;
    cycle_begin(nth, GC_BY_HEAP);
    if (cycle_begun() >= nth || is_one_thread())
        return;
    heap_sweep_all();
    wait_for_news(news);
}

/* ---- ending -------------------------------------------------------------------------- */

void cycle_end_try(void)
{
    if (!load_relaxed(&gc_is_marking) || !mark_is_done() ||
        swap_acquire(&cycle.is_ending, 1) != 0) /* pairs with the release below */
        return;
    bool is_over = false;
    int64_t begin_ns = os_now_ns();
    sched_stop_world("gc: marking ends");
    if (load_relaxed(&gc_is_marking) && mark_is_done()) {
        end_stopped();
        is_over = true;
    }
    start_world(begin_ns);
    store_release(&cycle.is_ending, 0); /* pairs with the swap above */
    if (is_over)
        end_started(false);
}

/* ---- for the program ----------------------------------------------------------------- */

void cycle_wait(uint64_t nth, enum gc_reason why)
{
    for (;;) {
        uint64_t news = news_now();
        if (ended_for(why) >= nth)
            return;
        cycle_begin(nth, why);
        if (ended_for(why) < nth)
            wait_for_news(news);
    }
}

static void collect(enum gc_reason why)
{
    sched_point();
    gc_boot();
    cycle_wait(begun_for(why) + 1, why);
    if (MUTANT(gc_returns_early))
        return;
    heap_sweep_all();
    due_run();
}

void gr_gc(void)
{
    collect(GC_BY_CALL);
}

void gr_gc_minor(void)
{
    collect(load_relaxed(&gc_has_cards) ? GC_BY_MINOR_CALL : GC_BY_CALL);
}

void gr_mem_trim(void)
{
    gr_gc();
    heap_scavenge(0, SIZE_MAX);
}
