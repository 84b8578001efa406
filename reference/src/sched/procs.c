/* SPDX-License-Identifier: BSD-3-Clause */
/* procs.c - how many processors there are: making Ps, and changing their number while the
 * program runs.
 *
 * Owns: the table of Ps, gr_procs, retirement.
 * Not here: sleeping threads (idle.c).
 *
 * Ps are made once and stay.  Shrinking lets a P beyond the new number finish: at its
 * thread's next look for work it gives its goroutines to the global queue and becomes
 * P_RETIRED.  Its timers stay where they are and are run by everybody else.  Growing makes
 * retired Ps idle again.  A goroutine that never polls keeps its P until it does.
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
    *p = (struct p){.id = id, .state = P_RETIRED};
    timer_heap_init(&p->timers);
    rand_seed(&p->rng, (uint64_t)os_now_ns() + id);
    return p;
}

/* Needs: sched.lock, or nobody else yet. */
static void nprocs_set_locked(uint32_t n)
{
    for (uint32_t i = load_relaxed(&sched.nps); i < n; i++) {
        store_relaxed(&sched.ps[i], p_new(i));
        store_release(&sched.nps, i + 1); /* pairs with the acquires of nps everywhere */
    }
    for (uint32_t i = 0; i < load_relaxed(&sched.nps); i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        if (i < n && p_state(p) == P_RETIRED) {
            store_relaxed(&p->state, P_IDLE);
            idle_p_push_locked(p);
        } else if (i >= n && p_state(p) == P_IDLE) {
            idle_p_remove_locked(p);
            store_relaxed(&p->state, P_RETIRED);
        }
    }
    store_relaxed(&sched.nprocs, n);
}

void procs_init(uint32_t n)
{
    if (n > 1)
        lock_set_alone(false);
    nprocs_set_locked(n);
}

int gr_procs(int n)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        return control_procs(m->control, n);
    if (n > ENV_PROCS_MAX)
        n = ENV_PROCS_MAX;
    if (m == NULL && load_relaxed(&sched.is_up))
        die("gr_procs was called by a thread of its own; call it from a goroutine");
    if (n > 1) /* for good: nothing tells when the others have stopped */
        lock_set_alone(false);
    mutex_lock(&sched.lock);
    uint32_t old = load_relaxed(&sched.nprocs);
    if (n > 0)
        nprocs_set_locked((uint32_t)n);
    mutex_unlock(&sched.lock);
    if (n <= 0 || (uint32_t)n == old)
        return (int)old;
    idle_wake();
    if (m != NULL && m->cur != NULL)
        sched_yield_now(); /* leaves this P when it is beyond the new number */
    return (int)old;
}

void p_retire(struct m *m)
{
    struct p *p = m->p;
    struct g *all[RUNQ_SIZE + 1], *g;
    uint32_t n = 0;
    while ((g = runq_pop_next(&p->q)) != NULL || (g = runq_pop(&p->q)) != NULL)
        all[n++] = g;
    if (n > 0 && !MUTANT(procs_shrink_forgets_queue))
        global_push_many(all, n);
    if (m->is_spinning) {
        m->is_spinning = false;
        sub_seq(&sched.nspinning, 1);
    }
    mutex_lock(&sched.lock);
    bool is_out = p->id >= load_relaxed(&sched.nprocs);
    if (is_out) {
        busy_end_locked(p, P_RETIRED);
        m->p = NULL;
    }
    mutex_unlock(&sched.lock);
    if (!is_out)
        return;
    idle_wake_foreign(); /* what this P left behind needs somebody */
    idle_without_p(m);
}
