/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.c - the clock that programs see, sleeping, arming timers on the right heap, and
 * running those that are due.
 *
 * Owns: gr_now_ns, gr_sleep_ns, sched_timer_arm and _disarm, timers_run.
 * Not here: when a thread looks at timers (find.c), expiry in controlled runs (control.c),
 * moving a virtual clock (idle.c, control.c).
 *
 * Timers are fired SHOTS at a time, and their goroutines run before more are fired: so
 * however many are due, what they start is still in the cache when it runs.
 */
#include "gr/time.h"

#include "sched/proc.h"

#define SHOTS 16u

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

bool sched_timer_arm(struct timer *t, int64_t when, uint64_t seq)
{
    struct m *m = m_self();
    bool is_first;
    ASSERT(m != NULL);
    if (m->control != NULL)
        return timer_arm(control_timers(m->control), t, when, seq, &is_first);
    bool was_armed = timer_arm(&m->p->timers, t, when, seq, &is_first);
    /* A goroutine that goes on may do so for long: somebody else must attend to the
     * deadline. */
    if (is_first)
        idle_wake_keeper(when);
    return was_armed;
}

bool sched_timer_disarm(struct timer *t)
{
    return timer_disarm(t);
}

/* ---- firing -------------------------------------------------------------------------- */

bool timers_run(struct p *p, struct timer_heap *h)
{
    int64_t next = timer_next_ns(h);
    if (next == TIMER_NEVER)
        return false;
    int64_t now = sched_now_ns();
    if (next > now && !MUTANT(timer_early))
        return false;
    struct timer_shot shot[SHOTS];
    uint32_t n, fired = 0;
    do {
        n = timer_expire(h, now, shot, SHOTS);
        for (uint32_t i = 0; i < n; i++) {
            noise_point(NOISE_TIMER);
            shot[i].fire(&shot[i], now);
        }
        fired += n;
    } while (n == SHOTS && runq_is_empty(&p->q));
    store_relaxed(&p->fired, load_relaxed(&p->fired) + fired);
    return fired > 0;
}

void timers_settle(void)
{
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) /* pairs with procs_init */
        timer_settle(&load_relaxed(&sched.ps[i])->timers);
}

/* ---- sleeping ------------------------------------------------------------------------ */

/* Off the sleeper's stack: it may be woken as soon as the timer is armed. */
static bool sleep_commit(struct g *g, void *arg)
{
    int64_t when = (int64_t)(uintptr_t)arg;
    struct m *m = m_self();
    bool is_first;
    struct timer_heap *h = m->control != NULL ? control_timers(m->control) : &m->p->timers;
    timer_arm(h, &g->sleep, when, 0, &is_first);
    if (m->control == NULL && is_first && m->cur != NULL)
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
    sched_park(sleep_commit, (void *)(uintptr_t)when, PARK_SLEEP);
}
