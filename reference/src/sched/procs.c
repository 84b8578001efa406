/* SPDX-License-Identifier: BSD-3-Clause */
/* procs.c - how many processors there are: making Ps, and changing their number while the
 * program runs.
 *
 * Owns: the table of Ps, gr_procs.
 * Not here: stopping the others meanwhile (stop.c).
 *
 * Ps are made once and stay: counters are summed over all that ever were.  Those beyond the
 * number are P_RETIRED, and have neither goroutines nor timers; what they keep in caches is
 * bounded.
 *
 *   I1  ps[0..nps) are const once nps covers them; nprocs <= nps.
 *   I2  nprocs changes before a second thread runs, or in a stopped world.
 */
#include <stdlib.h>

#include "sched/proc.h"

static struct p *p_new(uint32_t id)
{
    size_t bytes = align_up(sizeof(struct p), CACHE_LINE);
    struct p *p = aligned_alloc(CACHE_LINE, bytes);
    if (p == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    *p = (struct p){.id = id, .state = P_RETIRED};
    block_init(p);
    fresh_init(&p->q.fresh);
    timer_heap_init(&p->timers);
    rand_seed(&p->rng, (uint64_t)os_now_ns() + id);
    return p;
}

/* What p has goes to everybody, its timers to `heir`. */
static void p_empty(struct p *p, struct p *heir)
{
    struct g *all[RUNQ_SIZE + 1], *g;
    uint32_t n = 0;
    while ((g = spawn_oldest(p, NULL)) != NULL)
        global_push(g);
    while ((g = runq_pop_next(&p->q)) != NULL || (g = runq_pop(&p->q)) != NULL)
        all[n++] = g;
    if (n > 0 && !MUTANT(procs_shrink_forgets_queue))
        global_push_many(all, n);
    if (!MUTANT(procs_shrink_forgets_timers))
        timer_heap_move(&heir->timers, &p->timers);
}

/* All Ps below n are stopped or the caller's, those beyond retired.  Needs: I2. */
static void nprocs_set(uint32_t n)
{
    for (uint32_t i = load_relaxed(&sched.nps); i < n; i++) {
        store_relaxed(&sched.ps[i], p_new(i));
        store_release(&sched.nps, i + 1); /* pairs with the acquires of nps everywhere */
    }
    lock_set_alone(false); /* queues and heaps are emptied by another than their owner */
    for (uint32_t i = 0; i < load_relaxed(&sched.nps); i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        if (i < n && p_state(p) == P_RETIRED) {
            store_relaxed(&p->state, P_STOPPED);
        } else if (i >= n && p_state(p) != P_RETIRED) {
            p_empty(p, load_relaxed(&sched.ps[0]));
            store_relaxed(&p->state, P_RETIRED);
        }
    }
    store_relaxed(&sched.nprocs, n);
    lock_set_alone(n == 1);
}

struct p *procs_init(uint32_t n)
{
    nprocs_set(n);
    for (uint32_t i = n; i-- > 1;) {
        store_relaxed(&load_relaxed(&sched.ps[i])->state, P_IDLE);
        idle_p_push_locked(load_relaxed(&sched.ps[i]));
    }
    struct p *first = load_relaxed(&sched.ps[0]);
    busy_start_locked(first);
    return first;
}

/* The caller goes on with the first P if its own is no more. */
static void p_change(struct m *m)
{
    struct p *p = load_relaxed(&sched.ps[0]);
    if (p_state(m->p) == P_BUSY)
        return;
    store_relaxed(&p->state, P_BUSY);
    m_take(m, p);
}

/* A quota of one processor's time still gives two processors, as in Go 1.25. */
int procs_default(void)
{
    if (env_knobs.procs > 0)
        return env_knobs.procs;
    int cpus = os_cpu_count(), quota = os_cpu_quota("");
    if (quota > 0 && quota < 2)
        quota = 2;
    return quota > 0 && quota < cpus ? quota : cpus;
}

int gr_procs(int n)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        return control_procs(m->control, n);
    if (n > ENV_PROCS_MAX)
        n = ENV_PROCS_MAX;
    if (!load_relaxed(&sched.is_up)) { /* what gr_main will begin with */
        int former = procs_default();
        env_knobs.procs = n > 0 ? n : env_knobs.procs;
        return former;
    }
    if (n > 0 && (m == NULL || m->cur == NULL))
        die("gr_procs was called by a thread of its own; call it from a goroutine");
    uint32_t old = load_relaxed(&sched.nprocs);
    if (MUTANT(procs_read_again) && n <= 0 && getenv("GR_PROCS") != NULL)
        return atoi(getenv("GR_PROCS"));
    if (n <= 0 || (uint32_t)n == old)
        return (int)old;
    sched_stop_world("GOMAXPROCS");
    old = load_relaxed(&sched.nprocs); /* another caller may have been first */
    nprocs_set((uint32_t)n);
    p_change(m_self());
    sched_start_world();
    return (int)old;
}

void sched_each_heap_slot(void (*see)(void **slot, void *arg), void *arg)
{
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) /* pairs with nprocs_set */
        see(&load_relaxed(&sched.ps[i])->heap, arg);
}
