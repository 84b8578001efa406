/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.c - free objects of floors above, a few per processor.
 *
 * Owns: struct p_cache.  Not here: the pools that they come from (fix), goroutine cells
 * (g.c), stacks (floor stack).
 *
 * Last in, first out: the next one to be taken is warm.  A processor that is out of use
 * keeps what it has; that is bounded.
 */
#include "sched/proc.h"

static struct p_cache *cache_of(enum sched_cache kind)
{
    struct m *m = m_self();
    return m == NULL || m->p == NULL ? NULL : &m->p->cache[kind];
}

void *sched_cache_take(enum sched_cache kind)
{
    struct p_cache *c = cache_of(kind);
    return c == NULL || c->n == 0 ? NULL : c->object[--c->n];
}

bool sched_cache_give(enum sched_cache kind, void *object)
{
    struct p_cache *c = cache_of(kind);
    if (c == NULL || c->n == P_CACHE)
        return false;
    c->object[c->n++] = object;
    return true;
}
