/* SPDX-License-Identifier: BSD-3-Clause */
/* procs.c - how many processors there are: making Ps, and changing their number while the
 * program runs.
 *
 * Owns: the table of Ps, gr_procs, retirement.
 * Not here: sleeping threads (idle.c).
 *
 * Ps are made once and stay.  Shrinking lets a P beyond the new number finish: at its
 * thread's next look for work it gives its goroutines to the global queue and sleeps as
 * P_RETIRED.  Its timers stay where they are and are run by everybody else.  Growing wakes
 * retired Ps up again.  A goroutine that never polls keeps its P until it does.
 *
 *   I1  ps[0..nps) are const once nps covers them; nprocs <= nps.
 */
#include <stdlib.h>

#include "sched/proc.h"

static struct p *p_new(uint32_t id)
{
    size_t bytes = align_up(sizeof(struct p), CACHE_LINE);
    struct p *p = aligned_alloc(CACHE_LINE, bytes);
    if (p == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    *p = (struct p){.id = id, .state = P_NONE};
    timer_heap_init(&p->timers);
    rand_seed(&p->rng, (uint64_t)os_now_ns() + id);
    p->m.p = p;
    return p;
}

/* Needs: sched.lock, or nobody else yet. */
static void nprocs_set_locked(uint32_t n)
{
    for (uint32_t i = load_relaxed(&sched.nps); i < n; i++) {
        store_relaxed(&sched.ps[i], p_new(i));
        store_release(&sched.nps, i + 1); /* pairs with the acquires of nps everywhere */
    }
    uint32_t wakeable = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t state = load_relaxed(&sched.ps[i])->state;
        wakeable += state == P_IDLE || state == P_NONE;
    }
    store_relaxed(&sched.nprocs, n);
    store_seq(&sched.nwakeable, wakeable);
}

void procs_init(uint32_t n)
{
    nprocs_set_locked(n);
}

static void retired_wake(uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        mutex_lock(&sched.lock);
        bool is_retired = p->state == P_RETIRED;
        if (is_retired)
            busy_start_locked(p);
        mutex_unlock(&sched.lock);
        if (is_retired)
            idle_kick(p, P_RETIRED);
    }
}

int gr_procs(int n)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        return control_procs(m->control, n);
    if (n > ENV_PROCS_MAX)
        n = ENV_PROCS_MAX;
    mutex_lock(&sched.lock);
    uint32_t old = load_relaxed(&sched.nprocs);
    if (n > 0)
        nprocs_set_locked((uint32_t)n);
    mutex_unlock(&sched.lock);
    if (n <= 0 || (uint32_t)n == old)
        return (int)old;
    retired_wake(old, (uint32_t)n);
    idle_wake();
    if (m != NULL && m->cur != NULL)
        sched_yield_now(); /* leaves this P when it is beyond the new number */
    return (int)old;
}

void p_retire(struct m *m)
{
    struct p *p = m->p;
    struct gq all = {0};
    struct g *g;
    while ((g = runq_pop_next(&p->q)) != NULL || (g = runq_pop(&p->q)) != NULL)
        gq_push_back(&all, g);
    if (all.len > 0 && !MUTANT(procs_shrink_forgets_queue))
        global_push(all.first, all.last, all.len);
    idle_retire(m);
}
