/* SPDX-License-Identifier: BSD-3-Clause */
/* bound.c - goroutines that are tied to a thread, and threads that run nobody else.
 *
 * Owns: gr_thread_lock and _unlock, handing a P to the one thread that may use it, the end
 * of a thread whose goroutine ended while tied to it.
 * Not here: noticing that a dequeued goroutine is tied (park.c, machine.c).
 *
 * A tied goroutine sits in the queues like any other.  The M that dequeues it hands its P
 * to the goroutine's M and sleeps without one; when the goroutine leaves, its M gives the P
 * to whoever needs one and sleeps until it is handed one again.
 *
 *   I1  g->is_bound: only bound_m runs g.  Both change on bound_m, or before g is queued.
 *   I2  m->is_apart: m runs m->bound only; when that is NULL the thread is about to end.
 *   I3  The note of an apart M is cleared before its goroutine can be dequeued: when the
 *       tie begins, and after each sleep.
 *   I4  m->is_first: the thread that called gr_main, apart from its birth on.  It runs
 *       goroutine 1 until that leaves it untied or ends, then it is no M any more.
 */
#include "gr/thread.h"

#include "sched/proc.h"

void gr_thread_lock(void)
{
    struct m *m = m_self();
    if (m == NULL || m->cur == NULL || m->control != NULL || MUTANT(thread_lock_migrates))
        return;
    if (m->nlocks++ > 0)
        return;
    note_clear(&m->wake);
    m->bound = m->cur;
    m->is_apart = true;
    m->cur->bound_m = m;
    store_relaxed(&m->cur->is_bound, true);
}

static void untie(struct m *m)
{
    store_relaxed(&m->bound->is_bound, false);
    m->bound = NULL;
    m->nlocks = 0;
}

void gr_thread_unlock(void)
{
    struct m *m = m_self();
    if (m == NULL || m->cur == NULL || m->control != NULL || m->nlocks == 0)
        return;
    if (--m->nlocks > 0)
        return;
    untie(m);
    m->is_apart = m->is_first;
}

void bound_exit(struct m *m)
{
    if (m->bound == NULL)
        return; /* I4 */
    untie(m);
    m->is_first = false;
    m->is_apart = !MUTANT(thread_lock_survives_exit); /* I2 */
}

struct g *bound_next(struct m *m)
{
    struct p *p = m->p;
    m->p = NULL;
    if (p != NULL)
        idle_give(p);
    if (m->bound == NULL)
        return NULL;
    note_sleep(&m->wake);
    note_clear(&m->wake);
    m_take(m, m->next_p);
    return m->bound;
}

void bound_hand(struct m *m, struct g *g)
{
    struct m *to = g->bound_m;
    /* A frozen one goes on from its handler without another look (scan.c I1); pairs with
     * the releases there. */
    if (load_acquire(&g->stack_at) != load_relaxed(&sched_here))
        stack_fetch(m->p, g);
    to->next_p = m->p;
    m->p = NULL;
    note_wake(&to->wake);
}
