/* SPDX-License-Identifier: BSD-3-Clause */
/* foreign.c - work that comes from outside of all processors: the poller of descriptors,
 * threads without a P, goroutines of the runtime's own.
 *
 * Owns: sched_ready_foreign, sched_spawn_system, sched_external, when the poller is asked.
 * Not here: the wait for descriptors while there is no work (idle.c, the keeper).
 *
 * The keeper waits in the poller, so descriptors cost nothing while a P is idle.  When all
 * are busy nobody waits: then each P asks now and then without waiting, and sysmon when
 * nobody did for 10 ms.
 *
 *   I1  A thread without a P that may hold goroutines from a poll counts in nharvest:
 *       while it does there is no deadlock verdict.
 */
#include <stdlib.h>

#include "sched/proc.h"

#define LATE_NS 10000000

void sched_set_poller(const struct sched_poller *p)
{
    const struct sched_poller *none = NULL;
    if (!cas_release(&sched.poller, &none, p)) /* pairs with the acquires in this file */
        throw("sched_set_poller: called twice");
}

static const struct sched_poller *poller(void)
{
    return load_acquire(&sched.poller); /* pairs with the release in sched_set_poller */
}

uint32_t poll_waiting(void)
{
    const struct sched_poller *pl = poller();
    return pl != NULL ? pl->waiting() : 0;
}

bool poll_is_due(void)
{
    return poll_waiting() > 0 && !load_relaxed(&sched.is_polled);
}

struct g *poll_now(struct p *p)
{
    store_relaxed(&sched.polled_ns, os_now_ns());
    struct g *first = poller()->poll(0);
    if (first == NULL)
        return NULL;
    store_relaxed(&first->state, G_RUNNABLE);
    struct g *list = first->link;
    first->link = NULL;
    bool is_more = list != NULL;
    while (list != NULL) {
        struct g *g = list;
        list = g->link;
        store_relaxed(&g->state, G_RUNNABLE);
        push_back(p, g);
    }
    if (is_more)
        idle_wake();
    return first;
}

void poll_late(int64_t now)
{
    if (!poll_is_due() || now - load_relaxed(&sched.polled_ns) < LATE_NS ||
        MUTANT(sysmon_never_polls))
        return;
    harvest_begin();
    store_relaxed(&sched.polled_ns, now);
    harvest_end(poller()->poll(0));
}

void sched_ready_foreign(struct g *g)
{
    ASSERT(load_relaxed(&g->state) == G_WAITING);
    g->link = NULL;
    mutex_lock(&sched.lock);
    global_append_locked(g);
    mutex_unlock(&sched.lock);
    idle_wake_foreign();
}

void sched_external(int n)
{
    mutex_lock(&sched.lock);
    sched.external += n;
    mutex_unlock(&sched.lock);
    if (n < 0)
        idle_reconsider();
}

/* ---- goroutines of the runtime's own ------------------------------------------------- */

struct system_start {
    gr_fn fn;
    void *arg;
};

/* Whoever ends is counted among those that ended, so it counts as started at its end. */
static void system_entry(void *arg)
{
    struct system_start s = *(struct system_start *)arg;
    free(arg);
    s.fn(s.arg);
    store_relaxed(&g_self()->is_system, false); /* as every cell is when it is not used */
    struct p *p = m_self()->p;
    store_relaxed(&p->spawned, load_relaxed(&p->spawned) + 1);
}

void sched_spawn_system(gr_fn fn, void *arg)
{
    struct system_start *s = malloc(sizeof *s);
    if (s == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    *s = (struct system_start){fn, arg};
    struct g *g = spawn_prepare(NULL, system_entry, s, add_relaxed(&sched.goid, 1) + 1);
    store_relaxed(&g->is_system, true);
    global_push(g);
    idle_wake_foreign();
}
