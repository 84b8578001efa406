/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - the first goroutine: bringing the scheduler up and down.
 *
 * Owns: boot of the scheduler, goroutine 1's start and end, the sum of the counters.
 * Not here: gr_main itself (floor start).
 *
 *   I1  is_up is set once and stays; after the end of goroutine 1, ATT_STOP stays set and
 *       threads stop at their next point or search.
 */
#include "sched/proc.h"

static struct g *first_goroutine(struct p *p, gr_fn fn, void *arg)
{
    store_relaxed(&sched.goid, 1);
    struct g *g = spawn_prepare(p, fn, arg, 1);
    g->is_main = true;
    g->no_escape = false; /* programs keep what all use on its stack */
    store_relaxed(&p->spawned, 1);
    return g;
}

void sched_main(gr_fn fn, void *arg)
{
    sched_boot();
    if (m_self() != NULL)
        die("gr_main: called on a goroutine");
    if (atomic_exchange_explicit(&sched.is_up, true, memory_order_acq_rel))
        die("gr_main: called twice; a process runs it once");
    sched.is_fake_clock = env_knobs.faketime != 0;
    store_relaxed(&sched.fake_ns, CONTROL_EPOCH_NS);
    coarse_update();
    store_relaxed(&sched.has_main, true);
    struct p *p = procs_init((uint32_t)procs_default());
    note_clear(&sched.main_done);
    freeze_init();
    stop_init();
    sysmon_start(); /* first: a thread that blocks relies on it */
    if (env_knobs.squeeze != 0)
        squeeze_start();
    machine_first(p, first_goroutine(p, fn, arg));
    note_sleep(&sched.main_done);
}

void sched_quit(void)
{
    atomic_fetch_or_explicit(&sched_attention, ATT_STOP, memory_order_relaxed);
    note_wake(&sched.main_done);
    struct m *m = m_self();
    if (!m->is_first)
        sched_stop_here();
    sched_leave_to(m, AFTER_NONE, NULL); /* its stack stays: others use what is there */
    __builtin_unreachable();
}

void sched_stats(struct gr_stats *s)
{
    *s = (struct gr_stats){.squeezed = squeeze_count()};
    stop_stats(s);
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        struct p *p = load_relaxed(&sched.ps[i]);
        s->spawned += load_relaxed(&p->spawned);
        s->parks += load_relaxed(&p->parks);
        s->steals += load_relaxed(&p->steals);
        s->timers_fired += load_relaxed(&p->fired);
    }
}
