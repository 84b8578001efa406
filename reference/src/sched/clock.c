/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.c - the clock that programs see, sleeping, and arming timers on the right heap.
 *
 * Owns: gr_now_ns, gr_sleep_ns, sched_timer_arm and _disarm.
 * Not here: expiry (find.c, control.c), moving a virtual clock (idle.c, control.c).
 */
#include "gr/time.h"

#include "sched/proc.h"

int64_t sched_now_ns(void)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        return control_now(m->control);
    return sched.is_fake_clock ? load_relaxed(&sched.fake_ns) : os_now_ns();
}

bool sched_is_due(int64_t when)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        return control_is_due(m->control, when);
    return when <= sched_now_ns();
}

int64_t gr_now_ns(void)
{
    return sched_now_ns();
}

void sched_timer_arm(struct timer *t, int64_t when, int64_t period, uint64_t seq)
{
    struct m *m = m_self();
    ASSERT(m != NULL);
    if (m->control != NULL) {
        timer_arm(control_timers(m->control), t, when, period, seq);
        return;
    }
    /* A goroutine that goes on may do so for long: somebody else must attend to the
     * deadline. */
    if (timer_arm(&m->p->timers, t, when, period, seq))
        idle_wake_keeper(when);
}

bool sched_timer_disarm(struct timer *t)
{
    return timer_disarm(t);
}

/* Off the sleeper's stack: it may be woken as soon as the timer is armed. */
static bool sleep_commit(struct g *g, void *arg)
{
    int64_t when = *(const int64_t *)arg;
    struct m *m = m_self();
    if (m->control != NULL)
        timer_arm(control_timers(m->control), &g->sleep, when, 0, 0);
    else if (timer_arm(&m->p->timers, &g->sleep, when, 0, 0) && m->cur != NULL)
        idle_wake_keeper(when); /* else we are on g0, which looks at its deadlines itself */
    return true;
}

void gr_sleep_ns(int64_t d_ns)
{
    sched_point();
    if (d_ns <= 0 && !MUTANT(sleep_negative_is_huge)) {
        sched_yield_now();
        return;
    }
    int64_t now = sched_now_ns();
    int64_t when = d_ns <= 0 || d_ns > TIMER_NEVER - 1 - now ? TIMER_NEVER - 1 : now + d_ns;
    sched_park(sleep_commit, &when, PARK_SLEEP);
}
