/* SPDX-License-Identifier: BSD-3-Clause */
/* assist.c - what who allocates does for the collector: begins cycles, and helps to mark.
 *
 * Owns: heap_hooks.allocated.
 * Not here: how much help is needed (pace.c, govern.c).
 *
 * While a cycle marks each allocated byte costs a number of bytes scanned, such that
 * marking is over when the heap reaches its goal.  A processor collects debt, and who
 * allocates on it pays when it is worth the trouble; what workers have scanned beyond their
 * own share is not asked for again, since the ratio is computed from what is left.
 *
 *   I1  Whoever finds nothing to do has paid: others are at the rest.  But beyond the goal
 *       he lets them work first.
 */
#include "gc/collect.h"

#include "gc/end.h"
#include "gc/govern.h"
#include "gc/stats.h"
#include "gr/time.h"

#define DEBT_LEAST (64 << 10) /* smaller ones wait */
#define LEAST_RATIO 0.25      /* so that a cycle with little to mark is soon over */
#define SLICE_NS 100000
#define WAIT_NS 50000
#define SLICES 64 /* at a time: then the goroutine gets its object, whatever is owed */

/* GR_DEBUG=gcstress=n: a cycle at each n-th look at the collector. */
static bool is_stress_due(void)
{
    static atomic_u64 looks;
    return env_knobs.gcstress > 0 &&
           add_relaxed(&looks, 1) % (uint64_t)env_knobs.gcstress == 0;
}

/* Others are at the rest, which cannot be shared, as a list: they shall get on with it. */
static void assist_wait(void)
{
    if (env_knobs.faketime)
        sched_yield_now();
    else
        gr_sleep_ns(WAIT_NS);
}

static void assist_pay(struct work *w)
{
    int64_t begin_ns = os_now_ns(), now_ns = begin_ns;
    for (int i = 0; i < SLICES && w->debt > 0 && load_relaxed(&gc_is_marking); i++) {
        uint64_t bytes = 0;
        bool any = mark_slice(now_ns + SLICE_NS, (uint64_t)w->debt, &bytes);
        w->debt -= (int64_t)bytes;
        now_ns = os_now_ns();
        if (any)
            continue;
        bool has_paid = heap_live() < govern_goal(); /* I1 */
        if (has_paid)
            w->debt = 0;
        cycle_end_try(); /* may park: the processor may be another one then */
        if (has_paid)
            break;
        assist_wait();
        w = work_mine();
    }
    stats_mark_time(STATS_ASSIST, now_ns - begin_ns);
}

static void assist(size_t bytes)
{
    struct work *w = work_mine();
    if (w == NULL || MUTANT(gc_assist_lost))
        return;
    double ratio = govern_ratio();
    w->debt += (int64_t)((double)bytes * (ratio > LEAST_RATIO ? ratio : LEAST_RATIO));
    if (w->debt > DEBT_LEAST)
        assist_pay(w);
}

void assist_allocated(size_t bytes)
{
    gc_boot();
    if (load_relaxed(&gc_is_marking)) {
        assist(bytes);
    } else if (is_stress_due()) {
        cycle_begin(cycle_begun() + 1, GC_BY_STRESS);
    } else if (heap_live() >= load_relaxed(&heap_trigger)) {
        cycle_begin(cycle_begun() + 1, GC_BY_HEAP);
    }
}
