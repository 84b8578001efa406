/* SPDX-License-Identifier: BSD-3-Clause */
/* slab.h - slabs: large reservations that are cut into slots of one class, in order.
 *
 * Private to floor stack.  A slot is a guard of one page below its usable bytes.
 */
#ifndef STACK_SLAB_H
#define STACK_SLAB_H

#include "stack.h"

struct slab_slot {
    char *lo;        /* lowest usable byte */
    uint32_t number; /* order of cutting within the class */
    bool is_guarded;
};

/* Where the next slot of a class comes from; all zero at first.  Guarded by its owner. */
struct slab_cutter {
    char *next, *end;
    size_t slabs;
};

/* Cuts a slot, from a new slab when need be.  False: no address space. */
bool slab_cut(struct slab_cutter *c, enum stack_class class, struct slab_slot *out);

size_t slab_guard_bytes(void);

/* Bytes of a slot above its guard. */
size_t slab_usable_bytes(enum stack_class class);

#endif
