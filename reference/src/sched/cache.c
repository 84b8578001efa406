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

void *sched_cache_acquire(enum sched_cache kind, struct fixpool *pool)
{
    struct p_cache *c = cache_of(kind);
    if (c == NULL)
        return fixpool_acquire(pool);
    if (UNLIKELY(c->n == 0)) {
        fixpool_acquire_many(pool, c->object, P_CACHE / 2);
        c->n = P_CACHE / 2;
    }
    return c->object[--c->n];
}

void sched_cache_release(enum sched_cache kind, struct fixpool *pool, void *object)
{
    struct p_cache *c = cache_of(kind);
    if (c == NULL) {
        fixpool_release(pool, object);
        return;
    }
    if (UNLIKELY(c->n == P_CACHE)) {
        c->n = P_CACHE / 2;
        fixpool_release_many(pool, c->object + c->n, P_CACHE / 2);
    }
    c->object[c->n++] = object;
}
