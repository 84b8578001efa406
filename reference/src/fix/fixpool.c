/* SPDX-License-Identifier: BSD-3-Clause */
/* fixpool.c - type-stable pools: chunks cut into equal objects, a list of released ones.
 *
 * Owns: chunks, the free list, the counters.  Not here: per-processor caches, which use the
 * _many forms.
 *
 *     chunk: | object . link | object . link | ... | rest |
 *
 * Idea: the link of the free list lies behind the object, not in it, so that a reader with
 * a stale pointer still sees the object's last contents (I2 of fix.h).  Chunks are
 * reservations, touched object by object.
 *
 *   I1  live + length of the free list + objects between fresh and end = total.
 *   I2  stride is object_bytes, the link, and padding; the link is the stride's last word.
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

static char **link_of(const struct fixpool *p, char *object)
{
    return (char **)(object + p->stride - sizeof(char *));
}

static void chunk_add_locked(struct fixpool *p)
{
    size_t align = p->object_bytes >= CACHE_LINE ? CACHE_LINE : 16;
    p->stride = (uint32_t)align_up(p->object_bytes + sizeof(char *), align);
    size_t want = max_u64(CHUNK_BYTES, (uint64_t)p->stride * CHUNK_OBJECTS_MIN);
    size_t bytes = align_up(want, os_page_bytes());
    char *chunk = os_reserve(bytes, os_page_bytes());
    if (chunk == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    san_root_add(chunk, chunk + bytes);
    p->fresh = chunk;
    p->end = chunk + bytes / p->stride * p->stride;
    p->total += bytes / p->stride;
}

static void *take_locked(struct fixpool *p)
{
    char *object = p->free;
    p->live++;
    if (object != NULL) {
        p->free = *link_of(p, object);
        return object;
    }
    if (p->fresh == p->end)
        chunk_add_locked(p);
    object = p->fresh;
    p->fresh += p->stride;
    return object;
}

static void give_locked(struct fixpool *p, char *object)
{
    ASSERT(p->live > 0);
    p->live--;
    *link_of(p, object) = p->free;
    p->free = object;
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
        out[i] = take_locked(p);
    mutex_unlock(&p->lock);
}

void fixpool_release_many(struct fixpool *p, void *const *in, size_t n)
{
    mutex_lock(&p->lock);
    for (size_t i = 0; i < n; i++)
        give_locked(p, in[i]);
    mutex_unlock(&p->lock);
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
    size_t n = p->live;
    for (char *o = p->free; o != NULL && n <= p->total; o = *link_of(p, o))
        n++;
    if (p->stride > 0)
        n += (size_t)(p->end - p->fresh) / p->stride;
    bool is_sound = n == p->total;
    mutex_unlock(&p->lock);
    return is_sound;
}
