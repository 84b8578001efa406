/* SPDX-License-Identifier: BSD-3-Clause */
/* sysmon.c - the watcher: a thread without a P that looks at the others every 10 ms.
 *
 * Owns: asking for preemption, waking sleepers for deadlines that nobody attends to, asking
 * the poller when nobody else does.
 * Not here: obeying (sched_point_slow), timer expiry (find.c).
 *
 * A P whose tick did not move for a whole period runs one goroutine for at least that long.
 * When anything else wants that P, its thread is asked to yield at its next poll: a flag of
 * the thread, and a bit in the one word that all polls read.  Freezing threads that do not
 * poll would be done here too. The watcher sleeps without a timeout while no P is busy.
 */
#include "sched/proc.h"

#define PERIOD_NS 10000000

static atomic_u32 never;

static bool has_work(struct p *p, int64_t now)
{
    return load_relaxed(&sched.nglobal) > 0 || !runq_is_empty(&p->q) ||
           timer_next_ns(&p->timers) <= now || p->id >= load_relaxed(&sched.nprocs);
}

static bool preempt_if_long(struct p *p, int64_t now)
{
    uint32_t tick = load_relaxed(&p->tick);
    bool is_long = tick == p->seen_tick && has_work(p, now);
    p->seen_tick = tick;
    if (is_long)
        store_relaxed(&p->preempt, true);
    return is_long;
}

static void look(void)
{
    int64_t now = sched_now_ns();
    bool any = false, is_overdue = false;
    /* The bit goes out first: a request of the last round was obeyed, or is asked for
     * again. */
    atomic_fetch_and_explicit(&sched_attention, ~(uint32_t)ATT_PREEMPT,
                              memory_order_relaxed);
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        struct p *p = load_relaxed(&sched.ps[i]);
        any |= preempt_if_long(p, now);
        is_overdue |= timer_next_ns(&p->timers) <= now;
    }
    if (any)
        atomic_fetch_or_explicit(&sched_attention, ATT_PREEMPT, memory_order_relaxed);
    if (is_overdue || any)
        idle_wake_foreign();
    poll_late(os_now_ns());
}

static void sysmon_loop(void *unused)
{
    (void)unused;
    while ((load_relaxed(&sched_attention) & ATT_STOP) == 0) {
        mutex_lock(&sched.lock);
        if (sched.nbusy == 0)
            store_seq(&sched.sysmon_asleep, 1);
        mutex_unlock(&sched.lock);
        while (load_seq(&sched.sysmon_asleep) != 0)
            os_futex_wait(&sched.sysmon_asleep, 1, -1);
        os_futex_wait(&never, 0, PERIOD_NS);
        look();
    }
}

void sysmon_poke(void)
{
    if (load_relaxed(&sched.sysmon_asleep) == 0)
        return;
    store_seq(&sched.sysmon_asleep, 0);
    os_futex_wake(&sched.sysmon_asleep, 1);
}

void sysmon_start(void)
{
    static struct os_thread thread;
    if (os_thread_start(&thread, sysmon_loop, NULL, 0))
        /* without it hogs are not preempted; nothing else is lost */
        os_thread_detach(&thread);
}
