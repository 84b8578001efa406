/* SPDX-License-Identifier: BSD-3-Clause */
/* runq.h - one processor's queues of runnable goroutines: a ring, its "next" seat, and
 * those that have not run yet.
 *
 * Owns: the ring, the seat, stealing from both; fresh.h has the births.
 * Not here: choosing among sources (find.c), what a full ring spills to (global.c), waking
 * (idle.c).
 *
 *   I1  Only the owning P pushes; anybody may take from the head, by CAS.
 *   I2  tail - head <= RUNQ_SIZE; both counters run freely and wrap.
 *   I3  A goroutine in ring or seat is G_RUNNABLE and in no other list.
 */
#ifndef SCHED_RUNQ_H
#define SCHED_RUNQ_H

#include "base/base.h"
#include "sched/fresh.h"
#include "sched/g.h"

#define RUNQ_SIZE 256u

struct runq {
    atomic_u32 head;        /* atomic; taken from by owner and thieves */
    atomic_u32 tail;        /* owner: P stores; thieves load acquire */
    struct g *_Atomic next; /* owner: P fills; anybody may empty it by CAS */
    struct fresh fresh;     /* births */
    struct g *_Atomic ring[RUNQ_SIZE];
};

/* Puts g behind everything.  False when the ring is full: nothing has happened.  Needs:
 * owner. */
bool runq_push(struct runq *q, struct g *g);

/* Takes the older half of a full ring out.  Gives: how many; 0 when takers were faster.
 * Needs: owner. */
uint32_t runq_take_half(struct runq *q, struct g *out[RUNQ_SIZE / 2]);

/* Puts g into the seat.  Gives: who sat there, for the ring, or NULL.  Needs: owner. */
struct g *runq_push_next(struct runq *q, struct g *g);

/* The seat's or the ring's first goroutine, or NULL.  Needs: owner. */
struct g *runq_pop_next(struct runq *q);
struct g *runq_pop(struct runq *q);

/* Takes half of the victim's ring into q, but for one goroutine, which it gives; NULL:
 * nothing there. take_next: the victim's seat as well, when the ring is empty.  Needs:
 * owner of q, whose ring is empty. */
struct g *runq_steal(struct runq *q, struct runq *victim, bool take_next);

/* Ring, seat and births look empty.  A snapshot that misses nothing pushed before it began,
 * but for what its owner has between births and ring: it is busy, and looks for sleepers
 * after that (push_behind). */
bool runq_is_empty(struct runq *q);

uint32_t runq_len(struct runq *q);

#endif
