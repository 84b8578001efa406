/* SPDX-License-Identifier: BSD-3-Clause */
/* fresh.h - goroutines that have not run yet: what `go` was told, and nothing more.
 *
 * Owns: struct birth, the double-ended queue of them that each processor has.
 * Not here: what a birth becomes (spawn.c), when one is due (park.c, find.c).
 *
 * A goroutine that has not run needs no cell and no stack: a function, its argument and two
 * names are all there is, six words in a row of others.  The processor that says `go` takes
 * the newest first.  So what it starts is still in its caches, and a tree of goroutines is
 * walked in depth, with as many stacks as it is deep, not as it is broad; thieves take the
 * oldest, which is the largest branch.  That the old ones get their turn all the same is
 * for those who choose (park.c).
 *
 *     bottom                          top
 *     [ births ] <-> [ births ] <-> [ births  ]
 *       ^ thieves                      ^ owner
 *
 *   I1  n is the sum of the blocks' lengths whenever the lock is free.
 *   I2  No block is empty, but the only one may be.
 *   I3  What a birth holds is shown to the collector by who takes it out of a queue
 *       (gc_hooks.shade), be it only to put it into another one: a look at one queue after
 *       the other misses nothing.
 *   I4  Blocks come from a pool of their own type and are never unmapped, so a dump may
 *       walk them without a lock, and shows at worst what is no longer true.
 */
#ifndef SCHED_FRESH_H
#define SCHED_FRESH_H

#include "arch/arch.h"
#include "base/base.h"
#include "gr/task.h"
#include "lock/lock.h"

struct g;

struct birth {
    gr_fn fn;
    void *arg;
    uint64_t goid;
    uint64_t parent_goid;
    const void *parent_pc;
#if SAN_FIBERS
    struct g *made; /* its parent must make its fiber, for a sanitizer to see the edge */
#else
    uint64_t options; /* GR_STACK_BIG ... */
#endif
};

struct fresh_block;

struct fresh {
    struct mutex lock;          /* a processors' lock (lock.h) */
    atomic_u32 n;               /* atomic mirror of the length; written under lock */
    struct fresh_block *top;    /* guarded by lock; NULL: no block */
    struct fresh_block *bottom; /* guarded by lock */
    struct fresh_block *spare;  /* guarded by lock: the block that was emptied last */
};

void fresh_init(struct fresh *f);

/* Adds b as the newest.  Needs: a processor, as all of these do. */
void fresh_push(struct fresh *f, const struct birth *b);

/* Takes the newest, or the oldest.  False: there is none. */
bool fresh_pop(struct fresh *f, struct birth *out);
bool fresh_pop_oldest(struct fresh *f, struct birth *out);

/* Moves about half of the victim's births, the oldest ones, to f, which is empty.  Needs:
 * the owner of f.  Gives: how many. */
uint32_t fresh_steal(struct fresh *f, struct fresh *victim);

/* A snapshot that misses nothing pushed before it began. */
static inline bool fresh_is_empty(struct fresh *f)
{
    return load_seq(&f->n) == 0;
}

/* Shows all births to see(), each once, with the lock. */
void fresh_show(struct fresh *f, void (*see)(const struct birth *b));

/* Shows all births to see(), newest first, without a lock (I4). */
void fresh_look(struct fresh *f, void (*see)(const struct birth *b, void *arg), void *arg);

#endif
