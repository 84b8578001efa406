/* SPDX-License-Identifier: BSD-3-Clause */
/* slab.c - address space for stacks.
 *
 * Owns: sizes of slots and slabs, reserving slabs, installing first guards.
 * Not here: free slots (pool.c), guards that move (grow.c).
 *
 *     slab  | guard usable......top | guard usable......top | ...
 *     large | not yet used .... guard usable.......top  gap | ...
 *
 * Idea: address space is plentiful and pages are committed at first touch, so a slot may be
 * much larger than what a goroutine needs.  Its price is page tables: 128 bytes for 64 KB,
 * a page and a quarter for 256 MB.  So there are some thousands of large slots, for all
 * goroutines of an ordinary program, and small ones for what goes beyond.  Where the system
 * counts address space, large slots are fewer and smaller, and a slab that it refuses is
 * tried again half as large, and half of that.
 *
 *   I1  A slot has a guard from its cutting on, or is handed out as unguarded.
 *   I2  A slot has at least 4 pages, whatever the page size.
 *   I3  First guard and usable bytes of a large slot share one page of the page table
 *       (with pages of 4 KB): SHADE_BYTES and guard together stay below 2 MB.
 */
#include "slab.h"

#include "os/os.h"

#define SLAB_BYTES ((size_t)64 << 20)
#define SLAB_ALIGN ((size_t)2 << 20)
#define SLOTS_MAX (1u << 22)

/* The last pages of large slots lie a power of two apart, and so do their entries in the
 * page table: they would share a few sets of what remembers translations, and of the cache.
 * So each slot ends some pages early, by its number, mixed: any pattern could meet one of
 * the processor's own.  (Measured: a ring of 1,000 goroutines runs twice as fast as with
 * steps of 32 KB in turn.) */
#define SHADE_BYTES ((size_t)512 << 10)

#define LARGE_SLOTS (SAN_FIBERS ? 1024u : 4096u)
#define LARGE_BYTES (SAN_FIBERS ? (size_t)8 << 20 : (size_t)256 << 20)
#define LARGE_LEAST_BYTES ((size_t)8 << 20)
#define LARGE_GUARD_BYTES ((size_t)256 << 10)
#define LARGE_PER_SLAB 4u

static const size_t class_bytes[STACK_CLASSES] = {
    [STACK_SMALL] = (size_t)64 << 10,
    [STACK_MEDIUM] = (size_t)256 << 10,
    [STACK_BIG] = (size_t)8 << 20,
};

static pthread_once_t plan_once = PTHREAD_ONCE_INIT;
/* atomic; const after plan_once: of a large slot; 0: before */
static atomic_u64 plan_bytes;
static uint32_t plan_slots; /* const after plan_once */

/* A quarter of what the process may map is for large slots. */
static void plan_make(void)
{
    size_t space = os_space_limit() / 4, bytes = LARGE_BYTES;
    if (space / LARGE_BYTES < LARGE_SLOTS)
        bytes = LARGE_LEAST_BYTES;
    plan_slots = (uint32_t)min_u64(space / bytes, LARGE_SLOTS);
    store_relaxed(&plan_bytes, bytes);
}

/* Asked for in the handler of a fault, too, which must not wait: then it is made
 * already. */
static size_t large_bytes(void)
{
    if (load_relaxed(&plan_bytes) == 0)
        pthread_once(&plan_once, plan_make);
    return load_relaxed(&plan_bytes);
}

static size_t shade_of(uint32_t number)
{
    size_t page = os_page_bytes();
    return mix64(number) % (SHADE_BYTES / page) * page;
}

size_t slab_guard_bytes(enum stack_class class)
{
    return class == STACK_LARGE ? LARGE_GUARD_BYTES : os_page_bytes();
}

static size_t slot_bytes(enum stack_class class)
{
    if (class == STACK_LARGE)
        return large_bytes();
    return max_u64(class_bytes[class] * SAN_STACK_FACTOR, 4 * os_page_bytes());
}

uint32_t slab_slots_max(enum stack_class class)
{
    if (class != STACK_LARGE)
        return SLOTS_MAX;
    pthread_once(&plan_once, plan_make);
    return plan_slots;
}

size_t slab_usable_bytes(enum stack_class class)
{
    if (class == STACK_LARGE)
        return STACK_FIRST_BYTES;
    return slot_bytes(class) - slab_guard_bytes(class);
}

size_t slab_depth_max(void)
{
    return slot_bytes(STACK_LARGE) - SHADE_BYTES - LARGE_GUARD_BYTES;
}

static bool slab_add(struct slab_cutter *c, enum stack_class class)
{
    size_t slot = slot_bytes(class);
    size_t want = class == STACK_LARGE ? LARGE_PER_SLAB * slot : SLAB_BYTES;
    for (size_t bytes = max_u64(want, slot); bytes >= slot; bytes /= 2) {
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
    size_t slot = slot_bytes(class), guard = slab_guard_bytes(class);
    if (c->cut == slab_slots_max(class) || (c->next == c->end && !slab_add(c, class)))
        return false;
    char *lo = c->next + guard;
    if (class == STACK_LARGE)
        lo = c->next + slot - shade_of(c->cut) - STACK_FIRST_BYTES;
    *out = (struct slab_slot){
        .lo = lo,
        .number = c->cut++,
        .is_guarded = os_guard_install(lo - guard, guard),
    };
    c->next += slot;
    return true;
}
