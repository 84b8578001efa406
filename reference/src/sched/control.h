/* SPDX-License-Identifier: BSD-3-Clause */
/* control.h - inside controlled runs: their state, and the decisions (strategy.c).
 *
 * Owns: struct control and its parts.
 *
 *   I1  run[0..nrun) are the runnable goroutines but the current one, in the order in which
 *       they became so: no address, clock or thread ever decides an order.
 *   I2  live lists every goroutine that has been started and not buried; the run ends by
 *       burying them all.
 */
#ifndef SCHED_CONTROL_H
#define SCHED_CONTROL_H

#include "gr/control.h"
#include "sched/proc.h"

/* Decisions taken and to be taken. */
struct tape {
    const uint8_t *in; /* to replay; the caller's */
    size_t in_len, in_pos;
    uint8_t *out; /* recorded; kept between runs */
    size_t out_len, out_cap;
};

#define PCT_POINTS 16

struct control {
    struct m m;
    struct gr_control opt;
    struct gr_verdict *out;
    struct g *on;   /* whose stack we are on */
    struct g **run; /* I1; kept between runs */
    size_t nrun, cap;
    struct list_link live; /* I2 */
    size_t nalive;         /* goroutines that have not ended */
    bool has_main;
    uint64_t goid;
    struct timer_heap timers;
    int64_t now;
    int procs; /* what gr_procs was told; one thread runs all the same */
    uint64_t steps, max_steps;
    struct tape tape;
    struct rand rng;
    uint64_t contests;           /* NEXT decisions with a choice: PCT's k */
    uint64_t change[PCT_POINTS]; /* PCT: at which of them priorities change, unsorted */
    uint32_t nchange, changed;
};

/* Clears what strategy and tape remember; reads c->opt. */
void strategy_begin(struct control *c);
void strategy_new_g(struct control *c, struct g *g);

/* Who goes on: an index into cand (NULL stands for a due timer).  The decision is recorded
 * when n > 1. cand[0] is what strategy ZERO and an exhausted tape of it take. */
uint32_t strategy_next(struct control *c, struct g **cand, uint32_t n, bool is_yield);

/* Any other decision. */
uint32_t strategy_pick(struct control *c, uint32_t n);

#endif
