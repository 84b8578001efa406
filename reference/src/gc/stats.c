/* SPDX-License-Identifier: BSD-3-Clause */
/* stats.c - figures about cycles: counts, pauses, time, and the line that gctrace prints.
 *
 * Owns: gr_mem_stats.
 * Not here: figures of objects and pages (floor heap).
 *
 *   I1  Figures of a cycle change while the world stands still, or by who ends a pause: one
 *       at a time.
 */
#include "gc/stats.h"

#include "fix/fix.h"
#include "gc/govern.h"

static struct {
    struct mutex lock;        /* of what gr_mem_stats copies */
    struct gr_mem_stats s;    /* guarded by lock: the collector's part */
    int64_t boot_ns;          /* const after boot */
    int64_t begin_ns, end_ns; /* STW only, as the next four */
    uint64_t heap_begin, heap_end;
    enum gc_reason why;
    uint64_t goal;
    int64_t pause_ns[2];           /* of this cycle: guarded by lock */
    uint32_t npauses;              /* guarded by lock */
    atomic_i64 mark_ns[STATS_WHO]; /* atomic; of this cycle */
    int64_t all_mark_ns;           /* guarded by lock: of all cycles */
} stats = {.lock = MUTEX_INIT(RANK_gccycle)};

void stats_begin(enum gc_reason why)
{
    stats.begin_ns = os_now_ns();
    if (stats.boot_ns == 0)
        stats.boot_ns = stats.begin_ns;
    stats.why = why;
    stats.heap_begin = heap_live();
    stats.goal = govern_goal();
    stats.npauses = 0;
    stats.pause_ns[0] = stats.pause_ns[1] = 0;
    for (int i = 0; i < STATS_WHO; i++)
        store_relaxed(&stats.mark_ns[i], 0);
}

void stats_mark_time(enum stats_who who, int64_t ns)
{
    add_relaxed(&stats.mark_ns[who], ns);
}

int64_t stats_mark_ns_of(enum stats_who who)
{
    return load_relaxed(&stats.mark_ns[who]);
}

uint64_t stats_heap_end(void)
{
    return stats.heap_end;
}

int64_t stats_mark_ns(void)
{
    int64_t ns = 0;
    for (int i = 0; i < STATS_WHO; i++)
        ns += load_relaxed(&stats.mark_ns[i]);
    return ns;
}

static bool is_forced(void)
{
    return stats.why == GC_BY_CALL || stats.why == GC_BY_MINOR_CALL;
}

void stats_end(void)
{
    mutex_lock(&stats.lock);
    stats.end_ns = os_now_ns();
    stats.heap_end = heap_live();
    stats.s.num_gc++;
    stats.s.num_minor += cycle_is_minor();
    stats.s.num_forced += is_forced();
    stats.s.last_gc_ns = (uint64_t)stats.end_ns;
    stats.s.assist_ns += (uint64_t)load_relaxed(&stats.mark_ns[STATS_ASSIST]);
    stats.s.mark_ns +=
        (uint64_t)(stats_mark_ns() - load_relaxed(&stats.mark_ns[STATS_ASSIST]));
    stats.all_mark_ns += stats_mark_ns();
    mutex_unlock(&stats.lock);
}

/* Buckets grow by the square root of 2 from 1 us on. */
static uint32_t pause_bucket(int64_t ns)
{
    uint32_t i = 0;
    for (int64_t edge = 1000; i + 2 < GR_PAUSE_BUCKETS; i += 2, edge *= 2) {
        if (ns < edge)
            return i;
        if (ns < edge + edge * 53 / 128)
            return i + 1;
    }
    return GR_PAUSE_BUCKETS - 1;
}

void stats_pause(int64_t ns)
{
    mutex_lock(&stats.lock);
    stats.s.pause_ns[stats.s.num_pauses++ % GR_PAUSES] = (uint64_t)ns;
    stats.s.pause_total_ns += (uint64_t)ns;
    stats.s.pauses[pause_bucket(ns)]++;
    if (stats.npauses < 2)
        stats.pause_ns[stats.npauses] = ns;
    else
        stats.pause_ns[1] += ns; /* the second stop did not end the cycle at once */
    stats.npauses++;
    mutex_unlock(&stats.lock);
}

/* ---- the line ------------------------------------------------------------------------ */

struct ms {
    char text[24];
};

static struct ms ms_of(int64_t ns)
{
    struct ms m;
    fmt_buf(m.text, sizeof m.text, "%lld.%03lld", (long long)(ns / 1000000),
            (long long)(ns / 1000 % 1000));
    return m;
}

static uint64_t mb_of(uint64_t bytes)
{
    return (bytes + (1u << 19)) >> 20;
}

/* As Go prints it, but for what has no meaning here. */
void stats_line(void)
{
    if (!env_knobs.gctrace)
        return;
    int procs = gr_procs(0);
    int64_t at = stats.end_ns - stats.boot_ns, mark = stats.end_ns - stats.begin_ns;
    int64_t *pause = stats.pause_ns,
            share = at > 0 ? stats.all_mark_ns * 100 / (at * procs) : 0;
    uint64_t goal = stats.goal == UINT64_MAX ? 0 : stats.goal;
    fmt_fd(2,
           "gc %llu @%ss %lld%%: %s+%s+%s ms clock, %s/%s/%s ms cpu, %llu->%llu->%llu MB, "
           "%llu MB goal, %d P%s%s\n",
           (unsigned long long)stats.s.num_gc, ms_of(at / 1000).text, (long long)share,
           ms_of(pause[0]).text, ms_of(mark).text, ms_of(pause[1]).text,
           ms_of(load_relaxed(&stats.mark_ns[STATS_ASSIST])).text,
           ms_of(load_relaxed(&stats.mark_ns[STATS_WORKER])).text,
           ms_of(load_relaxed(&stats.mark_ns[STATS_IDLE])).text,
           (unsigned long long)mb_of(stats.heap_begin),
           (unsigned long long)mb_of(stats.heap_end),
           (unsigned long long)mb_of(govern_live()), (unsigned long long)mb_of(goal), procs,
           cycle_is_minor() ? " (minor)" : "", is_forced() ? " (forced)" : "");
}

/* ---- for the program ----------------------------------------------------------------- */

void gr_mem_stats(struct gr_mem_stats *s)
{
    sched_point();
    gc_boot();
    sched_stop_world("gr_mem_stats");
    mutex_lock(&stats.lock);
    *s = stats.s;
    mutex_unlock(&stats.lock);
    heap_stats(s);
    sched_start_world();
    uint64_t goal = govern_goal();
    s->next_gc = goal;
    s->stack_inuse = govern_stacks();
    s->other_sys += fixpool_bytes();
    s->sys = s->heap_sys + s->stack_inuse + s->other_sys;
}
