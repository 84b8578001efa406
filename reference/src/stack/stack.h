/* SPDX-License-Identifier: BSD-3-Clause */
/* stack.h - the door of floor stack: stacks for goroutines.
 *
 * Owns: reservations of 64 MB (slabs) cut into slots of one class, a guard at the low end
 * of each slot, free slots per class, the question whether a fault was an overflow.
 *
 *   I1  slot = [lo - guard, top); the guard faults, or lo carries a canary.
 *   I2  A slot is free or acquired; a free one keeps its pages (the last released is the
 *       first acquired) until stack_trim drops them.
 *   I3  No stack memory is ever unmapped while the process runs.
 */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include "arch/arch.h"
#include "base/base.h"

enum stack_class { STACK_SMALL, STACK_MEDIUM, STACK_BIG, STACK_CLASSES };

struct stack {
    char *lo;        /* lowest usable byte */
    char *top;       /* one past the highest; 16-byte aligned */
    uint8_t class;   /* enum stack_class */
    bool is_guarded; /* else a canary lies at lo */
    uint32_t number; /* private */
};

/* A stack of 64 KB, 256 KB or 8 MB, guard included (4 times that under sanitizers, more
 * with large pages).  Its contents are undefined.  False: no memory.  Any thread. */
bool stack_acquire(struct stack *s, enum stack_class class);

/* A stack that its owner uses again for a new goroutine without stack_release: race
 * detectors must not connect the two.  Called by the goroutine that spawns, as
 * stack_acquire is, before fiber_init; free but in flavour racecheck. */
void stack_renew(struct stack *s);

/* Nobody may run on it any more. */
void stack_release(struct stack *s);

/* True when an access to addr from this stack means that it overflowed: addr is in the
 * guard, or within 64 KB below.  Async-signal-safe. */
bool stack_owns_guard(const struct stack *s, uintptr_t addr);

/* False when the canary of an unguarded stack was overwritten.  Cheap; ask at parks. */
bool stack_check(const struct stack *s);

/* Gives the pages of all free stacks back to the system. */
void stack_trim(void);

struct stack_stats {
    size_t live, free; /* slots */
    size_t slabs;
    size_t unguarded; /* slots that made do with a canary */
};
void stack_stats_read(struct stack_stats *out);

#endif
