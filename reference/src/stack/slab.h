/* SPDX-License-Identifier: BSD-3-Clause */
/* slab.h - slabs: large reservations that are cut into slots of one class, in order.
 *
 * Private to floor stack.  A slot has its guard below its usable bytes; how slots of the
 * large class look is told in grow.c.
 */
#ifndef STACK_SLAB_H
#define STACK_SLAB_H

#include "stack.h"

struct slab_slot {
    char *lo;        /* lowest usable byte, at first */
    uint32_t number; /* order of cutting within the class */
    bool is_guarded;
};

/* Where the next slot of a class comes from; all zero at first.  Guarded by its owner. */
struct slab_cutter {
    char *next, *end;
    size_t slabs;
    uint32_t cut;
};

/* Cuts a slot, from a new slab when need be.  False: no address space, or the class has all
 * the slots that it may have. */
bool slab_cut(struct slab_cutter *c, enum stack_class class, struct slab_slot *out);

/* How many slots the class may have. */
uint32_t slab_slots_max(enum stack_class class);

size_t slab_guard_bytes(enum stack_class class);

/* Bytes of a fresh slot above its guard. */
size_t slab_usable_bytes(enum stack_class class);

/* The same for a large slot whose guard is as deep as it can be. */
size_t slab_depth_max(void);

#endif
