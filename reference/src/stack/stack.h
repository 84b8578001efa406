/* SPDX-License-Identifier: BSD-3-Clause */
/* stack.h - the door of floor stack: stacks for goroutines.
 *
 * Owns: reservations (slabs) cut into slots of one class, a guard at the low end of each
 * stack, growth in place, free slots per class, the question whether a fault was an
 * overflow.
 *
 *   I1  An access to the guard below lo faults, or lo carries a canary.
 *   I2  A slot is free or acquired; a free one keeps its first pages (the last released is
 *       the first acquired) until stack_trim drops them.
 *   I3  No stack memory is ever unmapped while the process runs.
 *   I4  A stack never moves.  lo of a large one does, and only while its owner runs on it
 *       (stack_grow_insig) or nobody runs below its first bytes (stack_settle).
 */
#ifndef STACK_STACK_H
#define STACK_STACK_H

#include "arch/arch.h"
#include "base/base.h"

/* Small: 64 KB, medium: 256 KB, big: 8 MB, guard included (4 times that under sanitizers,
 * more with large pages).  Large: 128 KB at first, and grows up to 255 MB (7 MB under
 * sanitizers and where address space is limited); there are 4096 of them at most. */
enum stack_class { STACK_SMALL, STACK_MEDIUM, STACK_BIG, STACK_LARGE, STACK_CLASSES };

/* The top of slot number n lies (n mod STACK_COLOURS) lines below its end: the tops of all
 * stacks would otherwise fall on the same few sets of the cache. */
#define STACK_COLOURS 16u

/* What a large stack may use before it grows. */
#define STACK_FIRST_BYTES ((size_t)(SAN_FIBERS ? 256 : 128) << 10)

struct stack {
    char *lo;        /* lowest usable byte; page-aligned */
    char *top;       /* one past the highest; 16-byte aligned */
    uint8_t class;   /* enum stack_class */
    bool is_guarded; /* else a canary lies at lo */
    uint32_t number; /* private */
};

/* A stack of this class.  Its contents are undefined.  False: no memory, or no large one is
 * left.  Any thread. */
bool stack_acquire(struct stack *s, enum stack_class class);

/* The best stacks for up to n goroutines under one lock: large ones, small ones when those
 * are spent.  Gives how many, 0 when there is no memory. */
size_t stack_acquire_many(struct stack *out, size_t n);

/* Nobody may run on it any more. */
void stack_release(struct stack *s);
void stack_release_many(struct stack *s, size_t n);

/* Whether s is a small stack while large ones are free again: its owner should release it
 * and not keep it for the next goroutine.  A hint; one load. */
extern _Atomic uint32_t stack_large_spare;
static inline bool stack_is_second_best(const struct stack *s)
{
    return s->class == STACK_SMALL && load_relaxed(&stack_large_spare) > 0;
}

/* A stack that its owner uses again for a new goroutine without stack_release: race
 * detectors must not connect the two.  Called by the goroutine that spawns, as
 * stack_acquire is, before fiber_init; free but in flavour racecheck. */
void stack_renew(struct stack *s);

/* After a fault at addr by who runs on s: true when the stack has grown, and the access
 * succeeds now.  Async-signal-safe. */
bool stack_grow_insig(struct stack *s, uintptr_t addr);

/* Takes a stack that has grown back to its first bytes; what is below them is lost.  Needs:
 * nobody runs below. */
void stack_settle_slow(struct stack *s);
static inline bool stack_is_grown(const struct stack *s)
{
    return s->class == STACK_LARGE && (size_t)(s->top - s->lo) > STACK_FIRST_BYTES;
}
static inline void stack_settle(struct stack *s)
{
    if (UNLIKELY(stack_is_grown(s)))
        stack_settle_slow(s);
}

/* The lowest address that lo can come to; bytes in use or ready for it. */
char *stack_bottom(const struct stack *s);
size_t stack_depth(const struct stack *s);

/* How many times stacks have grown so far. */
size_t stack_grown(void);

/* How far a large stack may grow from now on: gives the former limit, and sets it to
 * `bytes`, rounded up to pages, if that is not 0.  First bytes and slot bound it. */
size_t stack_max(size_t bytes);

/* True when an access to addr from this stack means that it overflowed: addr is in the
 * guard, or within 64 KB below.  Ask stack_grow_insig first.  Async-signal-safe. */
bool stack_owns_guard(const struct stack *s, uintptr_t addr);

/* False when the canary of an unguarded stack was overwritten.  Cheap; ask at parks. */
bool stack_check(const struct stack *s);

/* Gives the pages of all free stacks back to the system. */
void stack_trim(void);

struct stack_stats {
    size_t live, free; /* slots */
    size_t large;      /* live ones of the large class */
    size_t slabs;
    size_t unguarded; /* slots that made do with a canary */
    size_t grown;     /* times that a stack grew */
};
void stack_stats_read(struct stack_stats *out);

#endif
