/* SPDX-License-Identifier: BSD-3-Clause */
/* runq.h - queues of runnable goroutines: one processor's ring with its "next" seat, and a
 * plain list.
 *
 * Owns: the ring, the seat, stealing, struct gq (intrusive list under somebody's lock).
 * Not here: choosing among sources (find.c), the global queue's lock (idle.c), waking
 * (idle.c).
 *
 *   I1  Only the owning P pushes; anybody may take from the head, by CAS.
 *   I2  tail - head <= RUNQ_SIZE; both counters run freely and wrap.
 *   I3  A goroutine in ring or seat is G_RUNNABLE and in no other list.
 */
#ifndef SCHED_RUNQ_H
#define SCHED_RUNQ_H

#include "base/base.h"
#include "sched/g.h"

#define RUNQ_SIZE 256u

struct runq {
    atomic_u32 head;        /* atomic; taken from by owner and thieves */
    atomic_u32 tail;        /* owner: P stores; thieves load acquire */
    struct g *_Atomic next; /* owner: P fills; anybody may empty it by CAS */
    struct g *_Atomic ring[RUNQ_SIZE];
};

/* A list linked by g->link. */
struct gq {
    struct g *first, *last;
    uint32_t len;
};

void gq_push_back(struct gq *q, struct g *g);
void gq_append(struct gq *q, struct g *first, struct g *last, uint32_t n);
struct g *gq_pop(struct gq *q);

/* Puts g behind everything.  Gives: true; false when the ring was full: then half of it,
 * and g, are in *spill, for the global queue.  Needs: owner. */
bool runq_push(struct runq *q, struct g *g, struct gq *spill);

/* Puts g into the seat; who sat there goes to the ring, as above. */
bool runq_push_next(struct runq *q, struct g *g, struct gq *spill);

/* The seat's or the ring's first goroutine, or NULL.  Needs: owner. */
struct g *runq_pop_next(struct runq *q);
struct g *runq_pop(struct runq *q);

/* Takes half of the victim's ring into q, but for one goroutine, which it gives; NULL:
 * nothing there. take_next: the victim's seat as well, when the ring is empty.  Needs:
 * owner of q, whose ring is empty. */
struct g *runq_steal(struct runq *q, struct runq *victim, bool take_next);

/* Both ring and seat look empty (a snapshot that misses nothing pushed before it began). */
bool runq_is_empty(struct runq *q);

uint32_t runq_len(struct runq *q);

#endif
