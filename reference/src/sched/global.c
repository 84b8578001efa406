/* SPDX-License-Identifier: BSD-3-Clause */
/* global.c - the queue that all processors share.
 *
 * Owns: taking batches from it and adding to it.
 * Not here: when a processor looks at it (park.c, find.c), waking others (idle.c).
 *
 * It holds what a full ring spilled, what threads without a processor made runnable, and
 * goroutines that yield to everybody.
 *
 *   I1  nglobal mirrors the length, so that looking costs no lock.
 */
#include "sched/proc.h"

void global_push(struct g *first, struct g *last, uint32_t n)
{
    last->link = NULL;
    mutex_lock(&sched.lock);
    gq_append(&sched.global, first, last, n);
    store_seq(&sched.nglobal, sched.global.len); /* pairs with work_exists in idle.c */
    mutex_unlock(&sched.lock);
}

void global_append_locked(struct g *list)
{
    while (list != NULL) {
        struct g *g = list;
        list = g->link;
        store_relaxed(&g->state, G_RUNNABLE);
        gq_push_back(&sched.global, g);
    }
    store_seq(&sched.nglobal, sched.global.len); /* pairs with work_exists in idle.c */
}

struct g *global_pop(struct p *p, uint32_t max)
{
    if (load_relaxed(&sched.nglobal) == 0)
        return NULL;
    mutex_lock(&sched.lock);
    uint32_t n = sched.global.len / load_relaxed(&sched.nprocs) + 1;
    if (n > max)
        n = max;
    struct g *first = gq_pop(&sched.global);
    struct gq more = {0};
    for (uint32_t i = 1; i < n && sched.global.first != NULL; i++)
        gq_push_back(&more, gq_pop(&sched.global));
    store_seq(&sched.nglobal, sched.global.len); /* pairs with work_exists in idle.c */
    mutex_unlock(&sched.lock);
    struct g *g;
    while ((g = gq_pop(&more)) != NULL)
        push_back(p, g);
    return first;
}
