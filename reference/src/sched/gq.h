/* SPDX-License-Identifier: BSD-3-Clause */
/* gq.h - an unbounded queue of goroutines, first come, first served, for the global queue.
 *
 * Owns: struct gq.  Not here: its lock and its length's mirror (global.c).
 *
 * Idea: pointers in blocks, not a list through the goroutines.  A burst of a hundred
 * thousand spawns passes through here while its cells are long out of the cache: moving 128
 * of them costs the lines of 128 pointers, where a list would miss the cache once for each.
 *
 *   I1  first == NULL exactly before the first push; else first..last are linked, [from,
 *       ..) of first to [.., to) of last are the queue.
 *   I2  len is their number.
 */
#ifndef SCHED_GQ_H
#define SCHED_GQ_H

#include "sched/g.h"

struct gq_block;

struct gq {
    struct gq_block *first, *last;
    uint32_t from, to;
    uint32_t len;
};

void gq_push(struct gq *q, struct g *g);
void gq_push_many(struct gq *q, struct g *const *in, uint32_t n);

/* Takes up to max from the front.  Gives: how many. */
uint32_t gq_pop_many(struct gq *q, struct g **out, uint32_t max);

#endif
