/* SPDX-License-Identifier: BSD-3-Clause */
/* slab.c - address space for stacks.
 *
 * Owns: sizes of slots and slabs, reserving slabs, installing guards.
 * Not here: free slots (pool.c).
 *
 *     slab  | guard usable......top | guard usable......top | ...
 *
 * Idea: address space is plentiful and pages are committed at first touch, so a slot may be
 * much larger than what a goroutine needs.  Its price is page tables: 128 bytes for 64 KB.
 * Where the system counts reservations as memory, half a slab is tried, and half of that.
 *
 *   I1  Guards are installed when a slot is cut and stay for good.
 *   I2  A slot has at least 4 pages, whatever the page size.
 */
#include "slab.h"

#include "os/os.h"

#define SLAB_BYTES ((size_t)64 << 20)
#define SLAB_ALIGN ((size_t)2 << 20)

static const size_t class_bytes[STACK_CLASSES] = {
    [STACK_SMALL] = (size_t)64 << 10,
    [STACK_MEDIUM] = (size_t)256 << 10,
    [STACK_BIG] = (size_t)8 << 20,
};

size_t slab_guard_bytes(void)
{
    return os_page_bytes();
}

static size_t slot_bytes(enum stack_class class)
{
    return max_u64(class_bytes[class] * SAN_STACK_FACTOR, 4 * os_page_bytes());
}

size_t slab_usable_bytes(enum stack_class class)
{
    return slot_bytes(class) - slab_guard_bytes();
}

static bool slab_add(struct slab_cutter *c, size_t slot)
{
    for (size_t bytes = max_u64(SLAB_BYTES, slot); bytes >= slot; bytes /= 2) {
        char *slab = os_reserve(bytes, SLAB_ALIGN);
        if (slab == NULL)
            continue;
        c->next = slab;
        c->end = slab + bytes / slot * slot;
        c->slabs++;
        return true;
    }
    return false;
}

bool slab_cut(struct slab_cutter *c, enum stack_class class, struct slab_slot *out)
{
    size_t slot = slot_bytes(class), guard = slab_guard_bytes();
    if (c->next == c->end && !slab_add(c, slot))
        return false;
    *out = (struct slab_slot){
        .lo = c->next + guard,
        .is_guarded = os_guard_install(c->next, guard),
    };
    c->next += slot;
    return true;
}
