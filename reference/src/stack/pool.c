/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.c - which stacks are free: one pool per class, last released first acquired.
 *
 * Owns: the pools, slots that were cut but are free, canaries, statistics.
 * Not here: where slots come from (slab.c), how large ones grow (grow.c).
 *
 * Idea: a stack that was just left has its first pages in memory and in the cache, so it is
 * the best one to hand out next.  Free slots are kept in an array beside the slots, not in
 * a list through them: then stack_trim may drop their pages.
 *
 * Goroutines get large stacks while there are any; what they used beyond the first bytes is
 * dropped at release, so a pool of large stacks holds no more memory than one of small.
 *
 *   I1  free[0..free_count) are distinct slots, none of them acquired.
 *   I2  free has room for slab_slots_max() entries, and no more slots are ever cut.
 *   I3  A slot without a guard carries its canary from acquire to release.
 *   I4  stack_large_spare is what the large pool can still give: written under its lock.
 */
#include "slab.h"

#include "lock/lock.h"
#include "os/os.h"

#define CANARY_WORDS 8
#define SKIP_BYTES (64u << 10)
#define CUT_AT_ONCE 4u

struct pool {
    struct mutex lock;
    struct slab_cutter cutter; /* guarded by lock */
    struct slab_slot *free;    /* guarded by lock; NULL before the first acquire */
    size_t free_count;         /* guarded by lock */
    size_t unguarded;          /* guarded by lock */
    bool is_spent;             /* guarded by lock: address space was refused */
};

static struct pool pools[STACK_CLASSES] = {
    [STACK_SMALL] = {.lock = MUTEX_INIT(RANK_stack)},
    [STACK_MEDIUM] = {.lock = MUTEX_INIT(RANK_stack)},
    [STACK_BIG] = {.lock = MUTEX_INIT(RANK_stack)},
    [STACK_LARGE] = {.lock = MUTEX_INIT(RANK_stack)},
};

_Atomic uint32_t stack_large_spare;

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
    size_t room = slab_slots_max(class) * sizeof *p->free;
    if (p->free == NULL)
        p->free = os_reserve(align_up(room, os_page_bytes()), os_page_bytes());
    p->is_spent |= p->free == NULL || !slab_cut(&p->cutter, class, slot);
    if (p->is_spent)
        return false;
    p->unguarded += !slot->is_guarded;
    return true;
}

/* Address space that was refused once may be there later, but not so for large slots: the
 * space that is left is for others. */
static void count_spare_locked(struct pool *p)
{
    if (p != &pools[STACK_LARGE]) {
        p->is_spent = false;
        return;
    }
    size_t uncut = p->is_spent ? 0 : slab_slots_max(STACK_LARGE) - p->cutter.cut;
    store_relaxed(&stack_large_spare, (uint32_t)(p->free_count + uncut));
}

static void stack_fill(struct stack *s, enum stack_class class,
                       const struct slab_slot *slot)
{
    size_t colour = slot->number % STACK_COLOURS * CACHE_LINE;
    *s = (struct stack){
        .lo = slot->lo,
        .top = slot->lo + slab_usable_bytes(class) - colour,
        .class = (uint8_t) class,
        .is_guarded = slot->is_guarded,
        .number = slot->number,
    };
}

/* The hottest of the used slots, the hottest one last; when there are none, a few fresh
 * ones, which cost a guard each.  Gives how many, *used of them used ones. */
static size_t take_locked(struct pool *p, enum stack_class class, struct stack *out,
                          size_t n, size_t *used)
{
    struct slab_slot slot;
    size_t got = 0;
    *used = min_u64(n, p->free_count);
    p->free_count -= *used;
    for (size_t i = 0; i < *used; i++)
        stack_fill(&out[got++], class, &p->free[p->free_count + i]);
    if (got > 0)
        return got;
    n = min_u64(n, CUT_AT_ONCE);
    while (got < n && cut_locked(p, class, &slot))
        stack_fill(&out[got++], class, &slot);
    return got;
}

static size_t acquire_from(enum stack_class class, struct stack *out, size_t n)
{
    struct pool *p = &pools[class];
    size_t used;
    mutex_lock(&p->lock);
    size_t got = take_locked(p, class, out, n, &used);
    count_spare_locked(p);
    mutex_unlock(&p->lock);
    for (size_t i = 0; i < got; i++) {
        if (i < used)
            stack_renew(&out[i]);
        else
            san_root_add(out[i].lo, out[i].top);
        canary_write(&out[i]);
    }
    return got;
}

bool stack_acquire(struct stack *s, enum stack_class class)
{
    return acquire_from(class, s, 1) == 1;
}

size_t stack_acquire_many(struct stack *out, size_t n)
{
    static _Atomic bool is_large_spent; /* a hint: spares the lock of an empty pool */
    size_t got = 0;
    if (!load_relaxed(&is_large_spent) || load_relaxed(&stack_large_spare) > 0)
        got = acquire_from(STACK_LARGE, out, n);
    if (got > 0)
        return got;
    store_relaxed(&is_large_spent, true);
    return acquire_from(STACK_SMALL, out, n);
}

void stack_renew(struct stack *s)
{
    if (!GR_RACECHECK)
        return;
    os_renew(s->lo,
             (size_t)(align_up((uintptr_t)s->top, os_page_bytes()) - (uintptr_t)s->lo));
    canary_write(s);
}

/* Makes s what it was when it was cut.  False: its guard is not where it was, so the slot
 * is lost for ever. */
static bool restore(struct stack *s)
{
    if (!stack_check(s))
        fatal(GR_FATAL_STACK_OVERFLOW);
    stack_settle(s);
    san_unpoison(s->lo, s->top);
    return !stack_is_grown(s);
}

static void free_locked(struct pool *p, struct stack *s)
{
    ASSERT(p->free_count < p->cutter.cut);
    if (s->lo != NULL)
        p->free[p->free_count++] = (struct slab_slot){s->lo, s->number, s->is_guarded};
    s->lo = s->top = NULL;
}

void stack_release_many(struct stack *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!restore(&s[i]))
            s[i].lo = NULL;
    for (size_t i = 0; i < n;) {
        uint8_t class = s[i].class;
        struct pool *p = &pools[class];
        mutex_lock(&p->lock);
        for (; i < n && s[i].class == class; i++)
            free_locked(p, &s[i]);
        count_spare_locked(p);
        mutex_unlock(&p->lock);
    }
}

void stack_release(struct stack *s)
{
    stack_release_many(s, 1);
}

bool stack_owns_guard(const struct stack *s, uintptr_t addr)
{
    uintptr_t lo = (uintptr_t)s->lo;
    size_t guard = slab_guard_bytes((enum stack_class)s->class);
    return s->lo != NULL && addr < lo && addr >= lo - guard - SKIP_BYTES;
}

void stack_trim(void)
{
    for (int class = 0; class < STACK_CLASSES; class ++) {
        struct pool *p = &pools[class];
        size_t bytes = slab_usable_bytes((enum stack_class) class);
        mutex_lock(&p->lock);
        for (size_t i = 0; i < p->free_count; i++)
            os_dontneed(p->free[i].lo, bytes);
        mutex_unlock(&p->lock);
    }
}

void stack_stats_read(struct stack_stats *out)
{
    *out = (struct stack_stats){.grown = stack_grown()};
    for (int class = 0; class < STACK_CLASSES; class ++) {
        struct pool *p = &pools[class];
        mutex_lock(&p->lock);
        size_t live = p->cutter.cut - p->free_count;
        out->live += live;
        out->large += class == STACK_LARGE ? live : 0;
        out->free += p->free_count;
        out->slabs += p->cutter.slabs;
        out->unguarded += p->unguarded;
        mutex_unlock(&p->lock);
    }
}
