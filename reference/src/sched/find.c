/* SPDX-License-Identifier: BSD-3-Clause */
/* find.c - the one loop in which a thread looks for a goroutine to run.
 *
 * Owns: the order of sources, stealing.
 * Not here: the quick way that needs no g0 (park.c), sleeping and waking (idle.c), firing
 * timers (clock.c).
 *
 * Order: due timers of this P; each 61st switch descriptors and the global queue; the seat;
 * the ring; a batch from the global queue; descriptors; other Ps' rings (three rounds from
 * a random place, then once their seats, if they are stale, and timers too); then sleep.
 *
 *   I1  While a thread is here m->cur is NULL: timer callbacks run on g0 and cannot park.
 *   I2  A thread that steals counts in nspinning, and stops counting before it runs what it
 *       found or sleeps.
 */
#include "sched/proc.h"

#define STEAL_ROUNDS 3u /* with waits of some 4 us, before a seat is taken */

static struct g *steal_from(struct p *p, struct p *victim, bool take_next, bool is_last)
{
    struct g *g = runq_steal(&p->q, &victim->q, take_next);
    /* A lone birth is as good as a seat. */
    if (g == NULL && load_relaxed(&victim->q.fresh.n) > !take_next &&
        fresh_steal(&p->q.fresh, &victim->q.fresh) > 0)
        g = spawn_oldest(p, NULL);
    if (g != NULL && take_next)
        calm_end(victim);
    if (g == NULL && is_last && timers_run(p, &victim->timers))
        g = find_local(p);
    if (g != NULL)
        store_relaxed(&p->steals, load_relaxed(&p->steals) + 1);
    return g;
}

/* What a P's seat was like a moment ago. */
struct seat {
    const struct g *g;
    uint32_t tick;
};

/* Whoever sits there has sat there since, and the P has not switched: it is fair game.
 * Else it is about to run where its data is. */
static bool is_stale(struct seat was, struct p *p)
{
    return was.g != NULL && was.g == load_relaxed(&p->q.next) &&
           was.tick == load_relaxed(&p->tick);
}

/* One look at all others, in the last round at their seats and timers too. */
static struct g *steal_round(struct p *p, uint32_t n, const struct seat *seats)
{
    uint32_t at = rand_below(&p->rng, n);
    for (uint32_t i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        struct p *victim = load_relaxed(&sched.ps[at]);
        if (victim == p)
            continue;
        bool take_next = seats != NULL && is_stale(seats[at], victim);
        struct g *g = steal_from(p, victim, take_next, seats != NULL);
        if (g != NULL)
            return g;
    }
    return NULL;
}

static struct g *steal(struct p *p)
{
    struct seat seats[ENV_PROCS_MAX];
    uint32_t n = load_relaxed(&sched.nprocs); /* while we hold a P it does not change */
    for (uint32_t i = 0; i < n; i++) {
        struct p *victim = load_relaxed(&sched.ps[i]);
        seats[i].g = load_relaxed(&victim->q.next);
        seats[i].tick = load_relaxed(&victim->tick);
    }
    for (uint32_t round = 0; round < STEAL_ROUNDS; round++) {
        struct g *g = steal_round(p, n, NULL);
        if (g != NULL)
            return g;
        for (int spin = 0; spin < 100; spin++)
            cpu_relax();
    }
    return steal_round(p, n, seats);
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
        if (g != NULL)
            return g;
        idle_sleep(m);
    }
}
