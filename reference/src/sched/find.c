/* SPDX-License-Identifier: BSD-3-Clause */
/* find.c - the one loop in which a thread looks for a goroutine to run.
 *
 * Owns: the order of sources, stealing.
 * Not here: the quick way that needs no g0 (park.c), sleeping and waking (idle.c), firing
 * timers (clock.c).
 *
 * Order: due timers of this P; each 61st switch descriptors and the global queue; the seat;
 * the ring; a batch from the global queue; descriptors; other Ps' rings (three rounds in
 * random orders, then once what they held back, if stale, and timers too); the collector,
 * which marks where nobody has anything better to do; then sleep.
 *
 *   I1  While a thread is here m->cur is NULL: timer callbacks run on g0 and cannot park.
 *   I2  A thread that steals counts in nspinning, and stops counting before it runs what it
 *       found or sleeps.
 */
#include "sched/proc.h"

#define STEAL_ROUNDS 3u /* with waits of some 4 us, before what is held back is taken */

/* What a P held back for itself a moment ago: a seat, or a lone birth. */
struct held {
    const struct g *seat;
    uint32_t births;
    uint32_t tick;
};

/* What has waited since then on a P that has not switched is fair game.  Else it is about
 * to run where its data is. */
static bool is_stale_seat(const struct held *was, struct p *p)
{
    return was != NULL && was->seat != NULL && was->seat == load_relaxed(&p->q.next) &&
           was->tick == load_relaxed(&p->tick) && !MUTANT(steal_leaves_seats);
}

static bool is_stale_birth(const struct held *was, struct p *p)
{
    return was != NULL && was->births > 0 && was->tick == load_relaxed(&p->tick) &&
           !MUTANT(steal_leaves_births);
}

/* was: NULL but in the last round. */
static struct g *steal_from(struct p *p, struct p *victim, const struct held *was)
{
    bool take_next = is_stale_seat(was, victim);
    bool take_lone = is_stale_birth(was, victim);
    struct g *g = runq_steal(&p->q, &victim->q, take_next);
    if (g == NULL && load_relaxed(&victim->q.fresh.n) > !take_lone &&
        fresh_steal(&p->q.fresh, &victim->q.fresh) > 0)
        g = spawn_oldest(p, NULL);
    if (g != NULL && (take_next || take_lone))
        calm_end(victim);
    if (g == NULL && was != NULL && !MUTANT(steal_leaves_timers) &&
        timers_run(p, &victim->timers))
        g = find_local(p);
    if (g != NULL)
        store_relaxed(&p->steals, load_relaxed(&p->steals) + 1);
    return g;
}

/* One look at all others, in the last round at what they held back and at timers too.  Each
 * in its turn, in an order of chance: thieves that start together do not meet at each
 * victim, and no P is always the last. */
static struct g *steal_round(struct p *p, uint32_t n, const struct held *held)
{
    struct rand_walk walk = rand_walk(&p->rng, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = walk_next(&walk);
        struct p *victim = load_relaxed(&sched.ps[at]);
        struct g *g =
            victim == p ? NULL : steal_from(p, victim, held != NULL ? &held[at] : NULL);
        if (g != NULL)
            return g;
    }
    return NULL;
}

static struct g *steal(struct p *p)
{
    struct held held[ENV_PROCS_MAX];
    uint32_t n = load_relaxed(&sched.nprocs); /* while we hold a P it does not change */
    for (uint32_t i = 0; i < n; i++) {
        struct p *victim = load_relaxed(&sched.ps[i]);
        held[i].seat = load_relaxed(&victim->q.next);
        held[i].births = load_relaxed(&victim->q.fresh.n);
        held[i].tick = load_relaxed(&victim->tick);
    }
    for (uint32_t round = 0; round < STEAL_ROUNDS; round++) {
        struct g *g = steal_round(p, n, NULL);
        if (g != NULL)
            return g;
        for (int spin = 0; spin < 100; spin++)
            cpu_relax();
    }
    return steal_round(p, n, held);
}

static struct g *poll_if_due(struct p *p)
{
    return poll_is_due() ? poll_now(p) : NULL;
}

/* Without leaving this P; NULL: nothing. */
static struct g *find_here(struct p *p)
{
    timers_run(p, &p->timers);
    struct g *g = NULL;
    if (load_relaxed(&p->tick) % GLOBAL_EVERY == 0)
        g = poll_if_due(p);
    if (g == NULL)
        g = find_local(p);
    return g != NULL ? g : poll_if_due(p);
}

/* A goroutine that marks, and gives way as soon as sched_is_wanted. */
static COLD struct g *mark_meanwhile(void)
{
    struct g *g = gc_hooks.idle_work != NULL ? gc_hooks.idle_work() : NULL;
    if (g != NULL)
        store_relaxed(&g->state, G_RUNNABLE);
    return g;
}

struct g *find_runnable(struct m *m)
{
    struct g *found = m->found;
    m->found = NULL;
    if (found != NULL)
        return found;
    for (;;) {
        if ((load_relaxed(&sched_attention) & ATT_STOP) != 0)
            sched_stop_here();
        if (m->p == NULL)
            idle_without_p(m);
        struct p *p = m->p;
        if ((load_relaxed(&sched_attention) & ATT_WORLD) != 0) {
            idle_sleep(m);
            continue;
        }
        struct g *g = find_here(p);
        if (g == NULL && load_relaxed(&sched.nprocs) > 1 && spin_begin(m))
            g = steal(p);
        if (g == NULL && load_relaxed(&gc_is_marking))
            g = mark_meanwhile();
        if (g != NULL)
            return g;
        idle_sleep(m);
    }
}
