/* SPDX-License-Identifier: BSD-3-Clause */
/* assist.c - what who allocates does for the collector: begins cycles, and helps to mark.
 *
 * Owns: heap_hooks.allocated; what is owed, what workers have done for all, who waits.
 * Not here: how much help is needed (pace.c, govern.c).
 *
 * While a cycle marks each allocated byte costs a number of bytes scanned, such that
 * marking is over when the heap reaches its goal.  A processor collects debt, and who
 * allocates on it pays when it is worth the trouble: with what workers have scanned and
 * nobody has used yet, else by marking.  Where nothing is to be had, since others are at
 * the rest or it can not be shared, as a list, it depends: below the goal that is enough;
 * beyond it he waits until workers have scanned what he owes, in turn, or to the end.
 *
 *   I1  Beyond the goal nobody gets memory who owes, but when the collector takes too much
 *       of the machine (govern_ratio is 0).  What is asked for far beyond it is dear
 *       (pace_least), though hardly anything may be left to be marked: else each goroutine
 *       would have 256 KB before it is asked, and all of them four bytes for each that was
 *       scanned beyond what was expected.
 *   I2  Who waits for workers is in `payers`, and whoever takes him out makes him ready.
 *       Nobody is in it when nothing is marked: assist_over comes after each cycle, and who
 *       is about to wait looks at gc_is_marking under the lock.
 */
#include "gc/collect.h"

#include "fix/fix.h"
#include "gc/end.h"
#include "gc/govern.h"
#include "gc/pace.h"
#include "gc/stats.h"

#define DEBT_LEAST (64 << 10) /* smaller ones wait */
#define SLICE_NS 100000

/* Who waits for workers. */
struct payer {
    struct payer *next; /* guarded by payers.lock */
    struct g *g;
    uint64_t debt; /* the same */
};

static struct {
    struct mutex lock;
    struct payer *first, *last; /* guarded by lock (I2) */
    atomic_u32 any;             /* atomic, written under lock: a hint */
    atomic_u64 credit;          /* atomic: bytes that workers have scanned for all */
    struct fixpool pool;
} payers = {.lock = MUTEX_INIT(RANK_gccycle), .pool = FIXPOOL_INIT(sizeof(struct payer))};

/* GR_DEBUG=gcstress=n: a cycle at each n-th look at the collector. */
static bool is_stress_due(void)
{
    static atomic_u64 looks;
    return env_knobs.gcstress > 0 &&
           add_relaxed(&looks, 1) % (uint64_t)env_knobs.gcstress == 0;
}

/* ---- what workers do for all --------------------------------------------------------- */

/* Needs: something is owed. */
static void credit_use(struct work *w)
{
    uint64_t have = load_relaxed(&payers.credit), n;
    do {
        n = min_u64(have, (uint64_t)w->debt);
    } while (n > 0 && !cas_relaxed(&payers.credit, &have, have - n));
    w->debt -= (int64_t)n;
}

/* Those whose debts are paid by that many bytes, in turn; what is left over: *bytes. */
static struct g *payers_serve_locked(uint64_t *bytes)
{
    struct g *list = NULL, **end = &list;
    struct payer *p;
    while ((p = payers.first) != NULL && p->debt <= *bytes) {
        *bytes -= p->debt;
        payers.first = p->next;
        *end = p->g;
        end = &p->g->link;
    }
    *end = NULL;
    if (p == NULL)
        return list;
    p->debt -= *bytes;
    *bytes = 0;
    return list;
}

static void serve(uint64_t bytes, bool is_over)
{
    mutex_lock(&payers.lock);
    struct g *list = payers_serve_locked(&bytes);
    store_relaxed(&payers.any, payers.first != NULL);
    mutex_unlock(&payers.lock);
    if (!is_over)
        add_relaxed(&payers.credit, bytes);
    sched_ready_all(list);
}

void assist_credit(uint64_t bytes)
{
    if (load_relaxed(&payers.any) != 0)
        serve(bytes, false);
    else
        add_relaxed(&payers.credit, bytes);
}

void assist_over(void)
{
    serve(UINT64_MAX, true);
}

static void debt_forget(struct work *w)
{
    w->debt = 0;
}

void assist_reset(void)
{
    store_relaxed(&payers.credit, 0);
    work_each(debt_forget);
}

/* ---- paying -------------------------------------------------------------------------- */

static bool wait_commit(struct g *g, void *arg)
{
    struct payer *p = arg;
    bool waits = load_relaxed(&gc_is_marking); /* (I2) */
    p->g = g;
    p->next = NULL;
    if (waits) {
        if (payers.first == NULL)
            payers.first = p;
        else
            payers.last->next = p;
        payers.last = p;
        store_relaxed(&payers.any, 1);
    }
    mutex_unlock(&payers.lock);
    return waits;
}

static void wait_for_workers(int64_t debt)
{
    struct payer *p = fixpool_acquire(&payers.pool);
    p->debt = (uint64_t)debt;
    mutex_lock(&payers.lock);
    sched_park(wait_commit, p, PARK_GC_ASSIST);
    fixpool_release(&payers.pool, p);
}

/* A slice of marking.  False: nothing was to be had. */
static bool pay_some(struct work *w)
{
    uint64_t bytes = 0;
    int64_t begin_ns = os_now_ns();
    bool any = mark_slice(begin_ns + SLICE_NS, (uint64_t)w->debt, &bytes);
    w->debt -= (int64_t)bytes;
    stats_mark_time(STATS_ASSIST, os_now_ns() - begin_ns);
    return any;
}

static void assist_pay(struct work *w)
{
    while (w->debt > 0 && load_relaxed(&gc_is_marking)) {
        credit_use(w);
        if (w->debt <= 0 || !pay_some(w))
            break;
        sched_point();
        w = work_mine(); /* it may be another processor's now */
    }
    if (w->debt <= 0)
        return;
    int64_t debt = w->debt;
    w->debt = 0;
    cycle_end_try(); /* may park */
    if (heap_live() >= govern_goal())
        wait_for_workers(debt); /* (I1) */
}

static void assist(size_t bytes)
{
    struct work *w = work_mine();
    double ratio = govern_ratio(load_relaxed(&payers.credit));
    if (w == NULL || ratio == 0 || MUTANT(gc_assist_lost))
        return;
    double least = pace_least(heap_live(), govern_goal());
    w->debt += (int64_t)((double)bytes * (ratio > least ? ratio : least));
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
        cycle_begin_by_heap();
    }
}
