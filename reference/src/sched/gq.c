/* SPDX-License-Identifier: BSD-3-Clause */
/* gq.c - a queue of goroutines in blocks of pointers.
 *
 * Owns and invariants: see gq.h.  Blocks come from a pool of their own; the last one stays
 * when the queue runs empty, so that a queue of a few never asks for another.
 */
#include "sched/gq.h"

#include "fix/fix.h"

#define BLOCK_ITEMS 127u

struct gq_block {
    struct gq_block *next;
    struct g *at[BLOCK_ITEMS];
};

static struct fixpool blocks = FIXPOOL_INIT(sizeof(struct gq_block));

static void grow(struct gq *q)
{
    struct gq_block *b = fixpool_acquire(&blocks);
    b->next = NULL;
    if (q->last == NULL)
        q->first = b;
    else
        q->last->next = b;
    q->last = b;
    q->to = 0;
}

void gq_push(struct gq *q, struct g *g)
{
    if (q->last == NULL || q->to == BLOCK_ITEMS)
        grow(q);
    q->last->at[q->to++] = g;
    q->len++;
}

void gq_push_many(struct gq *q, struct g *const *in, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        gq_push(q, in[i]);
}

static void drop_first(struct gq *q)
{
    struct gq_block *b = q->first;
    q->from = 0;
    if (b == q->last) {
        q->to = 0;
        return;
    }
    q->first = b->next;
    fixpool_release(&blocks, b);
}

uint32_t gq_pop_many(struct gq *q, struct g **out, uint32_t max)
{
    uint32_t n = max < q->len ? max : q->len;
    for (uint32_t i = 0; i < n; i++) {
        if (q->from == BLOCK_ITEMS)
            drop_first(q);
        out[i] = q->first->at[q->from++];
    }
    q->len -= n;
    if (n > 0 && q->len == 0)
        drop_first(q);
    return n;
}
