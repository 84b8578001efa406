/* SPDX-License-Identifier: BSD-3-Clause */
/* global.c - the queue that all processors share, and the way there from a full ring.
 *
 * Owns: taking batches from it and adding to it.
 * Not here: when a processor looks at it (park.c, find.c), waking others (idle.c).
 *
 * It holds what a full ring spilled, what threads without a processor made runnable, and
 * goroutines that yield to everybody.  A full ring spills its older half and the newcomer
 * in one batch, so that the price of the lock is paid once per 129 goroutines.
 *
 *   I1  nglobal mirrors the length, so that looking costs no lock.
 */
#include "sched/proc.h"

static void mirror_locked(void)
{
    store_seq(&sched.nglobal, sched.global.len); /* pairs with work_exists in idle.c */
}

void global_push_many(struct g *const *in, uint32_t n)
{
    mutex_lock(&sched.lock);
    gq_push_many(&sched.global, in, n);
    mirror_locked();
    mutex_unlock(&sched.lock);
}

void global_push(struct g *g)
{
    global_push_many(&g, 1);
}

void global_append_locked(struct g *list)
{
    while (list != NULL) {
        struct g *g = list;
        list = g->link;
        g->link = NULL;
        store_relaxed(&g->state, G_RUNNABLE);
        gq_push(&sched.global, g);
    }
    mirror_locked();
}

struct g *global_pop(struct p *p, uint32_t max)
{
    struct g *batch[RUNQ_SIZE / 2];
    if (load_relaxed(&sched.nglobal) == 0)
        return NULL;
    mutex_lock(&sched.lock);
    uint32_t n = sched.global.len / load_relaxed(&sched.nprocs) + 1;
    n = gq_pop_many(&sched.global, batch, n < max ? n : max);
    mirror_locked();
    mutex_unlock(&sched.lock);
    for (uint32_t i = 1; i < n; i++)
        push_back(p, batch[i]);
    return n > 0 ? batch[0] : NULL;
}

/* The older half of p's full ring, and g. */
static COLD void spill(struct p *p, struct g *g)
{
    struct g *batch[RUNQ_SIZE / 2 + 1];
    uint32_t n = runq_take_half(&p->q, batch);
    if (n == 0) { /* takers were faster: there is room now */
        push_back(p, g);
        return;
    }
    if (MUTANT(sched_spill_drops_one))
        n--;
    batch[n++] = g;
    global_push_many(batch, n);
}

void push_back(struct p *p, struct g *g)
{
    if (UNLIKELY(!runq_push(&p->q, g)))
        spill(p, g);
}

/* Births that were before g go into the ring before it.  When the ring is empty, behind
 * everything is the global queue. */
void push_behind(struct p *p, struct g *g)
{
    struct g *born;
    while (!fresh_is_empty(&p->q.fresh) && (born = spawn_oldest(p, NULL)) != NULL)
        push_back(p, born);
    if (load_relaxed(&sched.nglobal) > 0 && runq_len(&p->q) == 0)
        global_push(g);
    else
        push_back(p, g);
}

void push_next(struct p *p, struct g *g)
{
    struct g *old = runq_push_next(&p->q, g);
    if (old == NULL) {
        wake_for_seat(p);
        return;
    }
    push_back(p, old);
    wake_for_ring();
}
