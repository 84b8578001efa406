/* SPDX-License-Identifier: BSD-3-Clause */
/* fresh.c - the queue of births of one processor, in blocks.
 *
 * Owns and invariants: see fresh.h.
 *
 * Blocks make growing and stealing cheap: nothing is ever copied to a larger array, and a
 * thief takes a whole block by one pointer when there are several.  A burst fills them one
 * after the other, and they are emptied in the opposite order: memory goes by in a row.
 */
#include "sched/fresh.h"

#include "fix/fix.h"

#define BLOCK_BYTES 4096
#define BLOCK_ROOM ((BLOCK_BYTES - 24) / sizeof(struct birth))

/* v[first..end) are births, oldest first. */
struct fresh_block {
    struct fresh_block *older, *newer; /* guarded by the lock of the queue it is in */
    uint32_t first, end;               /* the same */
    struct birth v[BLOCK_ROOM];
};

STATIC_ASSERT(sizeof(struct fresh_block) <= BLOCK_BYTES, "a block is a page");

static struct fixpool blocks = FIXPOOL_INIT(sizeof(struct fresh_block));

void fresh_init(struct fresh *f)
{
    *f = (struct fresh){.n = 0};
    mutex_init(&f->lock, RANK_fresh);
}

/* ---- blocks -------------------------------------------------------------------------- */

static COLD void block_push(struct fresh *f)
{
    struct fresh_block *b = f->spare;
    f->spare = NULL;
    if (b == NULL)
        b = fixpool_acquire(&blocks);
    b->first = b->end = 0;
    b->newer = NULL;
    b->older = f->top;
    if (f->top != NULL)
        f->top->newer = b;
    else
        f->bottom = b;
    f->top = b;
}

static COLD void block_remove(struct fresh *f, struct fresh_block *b)
{
    if (b->older != NULL)
        b->older->newer = b->newer;
    else
        f->bottom = b->newer;
    if (b->newer != NULL)
        b->newer->older = b->older;
    else
        f->top = b->older;
    if (f->spare == NULL)
        f->spare = b;
    else
        fixpool_release(&blocks, b);
}

static inline void count_add(struct fresh *f, uint32_t n)
{
    store_relaxed(&f->n, load_relaxed(&f->n) + n); /* idle_wake has the full fence */
}

/* ---- births -------------------------------------------------------------------------- */

/* One of b's was taken.  The only block stays: where births come one at a time, it would be
 * asked for again each time. */
static ALWAYS_INLINE void taken(struct fresh *f, struct fresh_block *b)
{
    count_add(f, (uint32_t)-1);
    if (b->first != b->end)
        return;
    if (LIKELY(b->older == NULL && b->newer == NULL))
        b->first = b->end = 0;
    else
        block_remove(f, b);
}

void fresh_push(struct fresh *f, const struct birth *b)
{
    mutex_lock_p(&f->lock);
    if (UNLIKELY(f->top == NULL || f->top->end == BLOCK_ROOM))
        block_push(f);
    f->top->v[f->top->end++] = *b;
    count_add(f, 1);
    mutex_unlock_p(&f->lock);
}

bool fresh_pop(struct fresh *f, struct birth *out)
{
    if (load_relaxed(&f->n) == 0)
        return false;
    mutex_lock_p(&f->lock);
    bool is_any = load_relaxed(&f->n) > 0;
    if (is_any) {
        struct fresh_block *b = f->top;
        *out = b->v[--b->end];
        taken(f, b);
    }
    mutex_unlock_p(&f->lock);
    return is_any;
}

bool fresh_pop_oldest(struct fresh *f, struct birth *out)
{
    if (load_relaxed(&f->n) == 0)
        return false;
    mutex_lock_p(&f->lock);
    bool is_any = load_relaxed(&f->n) > 0;
    if (is_any) {
        struct fresh_block *b = f->bottom;
        *out = b->v[b->first++];
        taken(f, b);
    }
    mutex_unlock_p(&f->lock);
    return is_any;
}

/* ---- stealing ------------------------------------------------------------------------ */

/* The older half of the only block, into a block of its own. */
static struct fresh_block *halve(struct fresh_block *from, struct fresh_block *to)
{
    uint32_t n = from->end - from->first;
    n -= n / 2;
    to->first = 0;
    to->end = n;
    for (uint32_t i = 0; i < n; i++)
        to->v[i] = from->v[from->first + i];
    from->first += n;
    return to;
}

/* I3. */
static void show_block(const struct fresh_block *b)
{
    for (uint32_t i = b->first; i < b->end; i++)
        gc_hooks.shade(b->v[i].arg);
}

/* Takes the oldest block, or half of the only one, out of f.  Needs: f locked.  room: a
 * block to use; what is left over comes back in it. */
static struct fresh_block *loot_locked(struct fresh *f, struct fresh_block **room)
{
    struct fresh_block *b = f->bottom, *loot;
    if (load_relaxed(&f->n) == 0)
        return NULL;
    if (b != f->top) {
        f->bottom = b->newer;
        f->bottom->older = NULL;
        loot = b;
    } else {
        loot = halve(b, *room);
        *room = NULL;
        if (b->first == b->end) {
            f->top = f->bottom = NULL;
            *room = b;
        }
    }
    if (UNLIKELY(load_relaxed(&gc_is_marking)))
        show_block(loot);
    count_add(f, (uint32_t) - (loot->end - loot->first));
    return loot;
}

uint32_t fresh_steal(struct fresh *f, struct fresh *victim)
{
    if (load_relaxed(&victim->n) == 0)
        return 0;
    struct fresh_block *room = fixpool_acquire(&blocks);
    mutex_lock_p(&victim->lock);
    struct fresh_block *loot = loot_locked(victim, &room);
    mutex_unlock_p(&victim->lock);
    if (room != NULL)
        fixpool_release(&blocks, room);
    if (loot == NULL)
        return 0;
    uint32_t n = loot->end - loot->first;
    loot->older = loot->newer = NULL;
    mutex_lock_p(&f->lock);
    ASSERT(load_relaxed(&f->n) == 0);
    if (f->top != NULL)
        block_remove(f, f->top);
    f->top = f->bottom = loot;
    count_add(f, n);
    mutex_unlock_p(&f->lock);
    return n;
}

/* ---- all of them --------------------------------------------------------------------- */

void fresh_show(struct fresh *f, void (*see)(const struct birth *b))
{
    mutex_lock_p(&f->lock);
    for (struct fresh_block *b = f->top; b != NULL; b = b->older)
        for (uint32_t i = b->end; i > b->first;)
            see(&b->v[--i]);
    mutex_unlock_p(&f->lock);
}

/* ---- dumps --------------------------------------------------------------------------- */

UNWATCHED void fresh_look(struct fresh *f, void (*see)(const struct birth *b, void *arg),
                          void *arg)
{
    uint32_t left = load_relaxed(&f->n);
    for (struct fresh_block *b = f->top; b != NULL && left > 0; b = b->older)
        for (uint32_t i = (uint32_t)min_u64(b->end, BLOCK_ROOM); i > b->first && left > 0;
             left--)
            see(&b->v[--i], arg);
}
