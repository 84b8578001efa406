/* SPDX-License-Identifier: BSD-3-Clause */
/* fixpool.c - type-stable pools: chunks cut into equal objects, a list of released ones.
 *
 * Owns: chunks, the free list, the counters.  Not here: per-processor caches, which use the
 * _many forms.
 *
 *     chunk: | object | object | ... | block: above, below, pointer, pointer ... |
 *
 * Idea: the free objects are a stack of pointers, last released first acquired, that lies
 * beside the objects, never in them: taking and giving objects that have left the cache
 * long ago costs no miss, and a reader with a stale pointer sees the last contents.  Each
 * chunk brings the room for pointers to its own objects, so the stack is never short of it.
 * Chunks are reservations, touched as they are used.
 *
 *   I1  live + pointers on the stack + objects between fresh and end = total.
 *   I2  Blocks are linked in the order in which they were made; those below `free` are
 *       full, those above are empty, and all have room for `total` pointers together.
 */
#include "fix.h"

#include "arch/arch.h"
#include "os/os.h"

#define CHUNK_BYTES (256u << 10)
#define CHUNK_OBJECTS_MIN 16u

void fixpool_init(struct fixpool *p, size_t object_bytes)
{
    *p = (struct fixpool)FIXPOOL_INIT((uint32_t)object_bytes);
}

struct fix_block {
    struct fix_block *below, *above;
    uint32_t room; /* const */
    void *at[];
};

static size_t align_of(const struct fixpool *p)
{
    if (p->object_bytes > 2 * CACHE_LINE)
        return 2 * CACHE_LINE;
    return p->object_bytes >= CACHE_LINE ? CACHE_LINE : 16;
}

/* The newest block goes on top of the chain; `free` stays where it is, but for the
 * first. */
static void block_add_locked(struct fixpool *p, struct fix_block *b, uint32_t room)
{
    struct fix_block *top = p->free;
    while (top != NULL && top->above != NULL)
        top = top->above;
    *b = (struct fix_block){.below = top, .room = room};
    if (top != NULL)
        top->above = b;
    else
        p->free = b;
}

static atomic_u64 all_bytes; /* atomic */

uint64_t fixpool_bytes(void)
{
    return load_relaxed(&all_bytes);
}

static void chunk_add_locked(struct fixpool *p)
{
    p->stride = (uint32_t)align_up(p->object_bytes, align_of(p));
    size_t each = p->stride + sizeof(void *);
    size_t want = max_u64(CHUNK_BYTES, each * CHUNK_OBJECTS_MIN + sizeof(struct fix_block));
    size_t bytes = align_up(want, os_page_bytes());
    size_t n = (bytes - sizeof(struct fix_block)) / each;
    char *chunk = os_reserve(bytes, os_page_bytes());
    if (chunk == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    add_relaxed(&all_bytes, bytes);
    san_root_add(chunk, chunk + bytes);
    p->fresh = chunk;
    p->end = chunk + n * p->stride;
    p->total += n;
    block_add_locked(p, (struct fix_block *)(void *)p->end, (uint32_t)n);
}

/* Users look at a fresh object before they write to it, which would cost two faults for
 * each page: one that maps the system's page of zeros, and one that replaces it and has all
 * processors forget it.  So it is written to here, at both ends. */
static void *fresh_locked(struct fixpool *p)
{
    if (p->fresh == p->end)
        chunk_add_locked(p);
    volatile char *object = p->fresh;
    p->fresh += p->stride;
    object[0] = 0;
    object[p->object_bytes - 1] = 0;
    return (void *)(uintptr_t)object;
}

/* The stack of free objects ends at the top block's last one, which may be empty. */
static bool is_any_free_locked(struct fixpool *p)
{
    if (p->nfree == 0 && p->free != NULL && p->free->below != NULL) {
        p->free = p->free->below;
        p->nfree = p->free->room;
    }
    return p->nfree > 0;
}

static void give_locked(struct fixpool *p, void *object)
{
    ASSERT(p->live > 0);
    p->live--;
    if (p->nfree == p->free->room) {
        p->free = p->free->above; /* exists, by I2 */
        p->nfree = 0;
    }
    p->free->at[p->nfree++] = object;
}

void *fixpool_acquire(struct fixpool *p)
{
    void *object;
    fixpool_acquire_many(p, &object, 1);
    return object;
}

void fixpool_release(struct fixpool *p, void *object)
{
    fixpool_release_many(p, &object, 1);
}

void fixpool_acquire_many(struct fixpool *p, void **out, size_t n)
{
    mutex_lock(&p->lock);
    for (size_t i = 0; i < n; i++)
        out[i] = is_any_free_locked(p) ? p->free->at[--p->nfree] : fresh_locked(p);
    p->live += n;
    mutex_unlock(&p->lock);
}

void fixpool_release_many(struct fixpool *p, void *const *in, size_t n)
{
    mutex_lock(&p->lock);
    for (size_t i = 0; i < n; i++)
        give_locked(p, in[i]);
    mutex_unlock(&p->lock);
}

/* The objects before block b, which is NULL for none; *above: the next block. */
static char *chunk_of(struct fixpool *p, struct fix_block *b, char **end,
                      struct fix_block **above)
{
    mutex_lock(&p->lock);
    *end = (char *)b == p->end ? p->fresh : (char *)b;
    *above = b->above;
    char *chunk = (char *)b - (size_t)b->room * p->stride;
    mutex_unlock(&p->lock);
    return chunk;
}

void fixpool_each(struct fixpool *p, void (*see)(void *object, void *arg), void *arg)
{
    char *end;
    mutex_lock(&p->lock);
    size_t stride = p->stride; /* as it is for good, if there is a block */
    struct fix_block *b = p->free, *above;
    while (b != NULL && b->below != NULL)
        b = b->below;
    mutex_unlock(&p->lock);
    for (; b != NULL; b = above)
        for (char *at = chunk_of(p, b, &end, &above); at < end; at += stride)
            see(at, arg);
}

size_t fixpool_live(struct fixpool *p)
{
    mutex_lock(&p->lock);
    size_t n = p->live;
    mutex_unlock(&p->lock);
    return n;
}

bool fixpool_check(struct fixpool *p)
{
    mutex_lock(&p->lock);
    size_t n = p->live + p->nfree;
    for (struct fix_block *b = p->free; b != NULL && b->below != NULL; b = b->below)
        n += b->below->room;
    if (p->stride > 0)
        n += (size_t)(p->end - p->fresh) / p->stride;
    bool is_sound = n == p->total;
    mutex_unlock(&p->lock);
    return is_sound;
}
