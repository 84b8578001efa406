/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.c - which stacks are free: one pool per class, last released first acquired.
 *
 * Owns: the three pools, slots that were cut but are free, canaries, statistics.
 * Not here: where slots come from (slab.c).
 *
 * Idea: a stack that was just left has its first pages in memory and in the cache, so it is
 * the best one to hand out next.  Free slots are kept in an array beside the slots, not in
 * a list through them: then stack_trim may drop their pages.
 *
 * The top of slot number n lies (n mod COLOURS) lines below its end: the tops of all stacks
 * would otherwise fall on the same few sets of the cache.
 *
 *   I1  free[0..free_count) are distinct slots, none of them acquired.
 *   I2  free has room for SLOTS_MAX entries, and no more slots are ever cut.
 *   I3  A slot without a guard carries its canary from acquire to release.
 */
#include "slab.h"

#include "lock/lock.h"
#include "os/os.h"

#define SLOTS_MAX (1u << 22)
#define COLOURS 16u
#define CANARY_WORDS 8
#define SKIP_BYTES (64u << 10)

struct pool {
    struct mutex lock;
    struct slab_cutter cutter; /* guarded by lock */
    struct slab_slot *free;    /* guarded by lock; NULL before the first acquire */
    size_t free_count;         /* guarded by lock */
    size_t cut_count;          /* guarded by lock */
    size_t unguarded;          /* guarded by lock */
};

static struct pool pools[STACK_CLASSES] = {
    [STACK_SMALL] = {.lock = MUTEX_INIT(RANK_stack)},
    [STACK_MEDIUM] = {.lock = MUTEX_INIT(RANK_stack)},
    [STACK_BIG] = {.lock = MUTEX_INIT(RANK_stack)},
};

static uint64_t canary_word(const char *lo, int i)
{
    return mix64((uintptr_t)lo + (unsigned)i);
}

static void canary_write(const struct stack *s)
{
    for (int i = 0; !s->is_guarded && i < CANARY_WORDS; i++)
        ((uint64_t *)(void *)s->lo)[i] = canary_word(s->lo, i);
}

bool stack_check(const struct stack *s)
{
    for (int i = 0; !s->is_guarded && i < CANARY_WORDS; i++)
        if (((const uint64_t *)(const void *)s->lo)[i] != canary_word(s->lo, i))
            return false;
    return true;
}

static bool cut_locked(struct pool *p, enum stack_class class, struct slab_slot *slot)
{
    size_t room = SLOTS_MAX * sizeof *p->free;
    if (p->free == NULL)
        p->free = os_reserve(room, os_page_bytes());
    if (p->free == NULL || p->cut_count == SLOTS_MAX || !slab_cut(&p->cutter, class, slot))
        return false;
    slot->number = (uint32_t)p->cut_count++;
    p->unguarded += !slot->is_guarded;
    return true;
}

static bool slot_take(struct pool *p, enum stack_class class, struct slab_slot *slot,
                      bool *was_used)
{
    bool ok = true;
    mutex_lock(&p->lock);
    *was_used = p->free_count > 0;
    if (*was_used)
        *slot = p->free[--p->free_count];
    else
        ok = cut_locked(p, class, slot);
    mutex_unlock(&p->lock);
    return ok;
}

bool stack_acquire(struct stack *s, enum stack_class class)
{
    struct slab_slot slot;
    bool was_used;
    if (!slot_take(&pools[class], class, &slot, &was_used))
        return false;
    *s = (struct stack){
        .lo = slot.lo,
        .top = slot.lo + slab_usable_bytes(class) - slot.number % COLOURS * CACHE_LINE,
        .class = (uint8_t) class,
        .is_guarded = slot.is_guarded,
        .number = slot.number,
    };
    if (was_used)
        stack_renew(s);
    else
        san_root_add(s->lo, s->top);
    canary_write(s);
    return true;
}

void stack_renew(struct stack *s)
{
    if (!GR_RACECHECK)
        return;
    os_renew(s->lo, slab_usable_bytes(s->class));
    canary_write(s);
}

void stack_release(struct stack *s)
{
    struct pool *p = &pools[s->class];
    if (!stack_check(s))
        fatal(GR_FATAL_STACK_OVERFLOW);
    san_unpoison(s->lo, s->lo + slab_usable_bytes(s->class));
    mutex_lock(&p->lock);
    ASSERT(p->free_count < p->cut_count);
    p->free[p->free_count++] = (struct slab_slot){s->lo, s->number, s->is_guarded};
    mutex_unlock(&p->lock);
    s->lo = s->top = NULL;
}

bool stack_owns_guard(const struct stack *s, uintptr_t addr)
{
    uintptr_t lo = (uintptr_t)s->lo;
    return s->lo != NULL && addr < lo && addr >= lo - slab_guard_bytes() - SKIP_BYTES;
}

void stack_trim(void)
{
    for (int class = 0; class < STACK_CLASSES; class ++) {
        struct pool *p = &pools[class];
        mutex_lock(&p->lock);
        for (size_t i = 0; i < p->free_count; i++)
            os_dontneed(p->free[i].lo, slab_usable_bytes((enum stack_class) class));
        mutex_unlock(&p->lock);
    }
}

void stack_stats_read(struct stack_stats *out)
{
    *out = (struct stack_stats){0};
    for (int class = 0; class < STACK_CLASSES; class ++) {
        struct pool *p = &pools[class];
        mutex_lock(&p->lock);
        out->live += p->cut_count - p->free_count;
        out->free += p->free_count;
        out->slabs += p->cutter.slabs;
        out->unguarded += p->unguarded;
        mutex_unlock(&p->lock);
    }
}
