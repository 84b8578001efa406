/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.c - one processor's deadlines: a 4-ary min-heap of (when, ticket).
 *
 * Owns: the array, its memory, sifting.
 * Not here: which entries are dead, the lock, the mirror (timer.c).
 *
 *            [0]
 *    [1] [2] [3] [4]          children of i: 4i+1 .. 4i+4; parent: (i-1)/4
 *
 * Four children per node halve the depth of a binary heap.  An entry has 32 bytes and the
 * array begins so that the four children of a node fill two cache lines.  Keys lie in the
 * array, not in the cells, and no cell knows its place, so that sifting touches the array
 * only.  Rejected: a wheel (rounds deadlines, or needs a heap below it); a binary heap
 * (slower for 1M timers); cells that know their place (removal in the middle costs a write
 * to a cold line for each entry that moves).
 *
 *   I1  v[3] begins a pair of cache lines; v is a fixed distance into a reservation.
 */
#include "timer/heap.h"

#include <string.h>

#include "os/os.h"

#define NODE_BYTES (4 * sizeof(struct timer_entry))
#define LARGE_BYTES ((uint64_t)1 << 30)
#define PREFETCH_FROM 1024u /* above, the array is in the cache anyway */
#define LEAD_BYTES (NODE_BYTES - sizeof(struct timer_entry)) /* before v[0] (I1) */

STATIC_ASSERT(NODE_BYTES == 2 * CACHE_LINE, "siblings fill two lines");

static ALWAYS_INLINE bool entry_before(const struct timer_entry *a,
                                       const struct timer_entry *b)
{
    if (LIKELY(a->when != b->when))
        return a->when < b->when;
    return a->ticket < b->ticket;
}

static void sift_up(struct timer_heap *h, uint32_t i)
{
    struct timer_entry e = h->v[i];
    while (i > 0) {
        uint32_t up = (i - 1) / 4;
        if (!entry_before(&e, &h->v[up]))
            break;
        h->v[i] = h->v[up];
        i = up;
    }
    h->v[i] = e;
}

/* The least child of i.  Needs: i has one. */
static ALWAYS_INLINE uint32_t least_kid(const struct timer_heap *h, uint32_t i)
{
    uint32_t kid = 4 * i + 1;
    const struct timer_entry *v = h->v;
    if (UNLIKELY(h->len - kid < 4)) {
        uint32_t best = kid;
        for (uint32_t k = kid + 1; k < h->len; k++)
            best = entry_before(&v[k], &v[best]) ? k : best;
        return best;
    }
    uint32_t a = entry_before(&v[kid + 1], &v[kid]) ? kid + 1 : kid;
    uint32_t b = entry_before(&v[kid + 3], &v[kid + 2]) ? kid + 3 : kid + 2;
    return entry_before(&v[b], &v[a]) ? b : a;
}

/* Calls for the grandchildren of i, two lines for each child: which of them will be wanted
 * is known too late. */
static ALWAYS_INLINE void kids_prefetch(const struct timer_heap *h, uint32_t i)
{
    const char *at = (const char *)&h->v[16 * i + 5];
    for (int line = 0; line < 8; line++)
        __builtin_prefetch(at + line * CACHE_LINE);
}

static void sift_down(struct timer_heap *h, uint32_t i, struct timer_entry e)
{
    while (4 * i + 1 < h->len) {
        uint32_t kid = least_kid(h, i);
        if (!entry_before(&h->v[kid], &e))
            break;
        h->v[i] = h->v[kid];
        i = kid;
    }
    h->v[i] = e;
}

static size_t bytes_of(uint32_t cap)
{
    return align_up(LEAD_BYTES + (size_t)cap * sizeof(struct timer_entry), os_page_bytes());
}

void heap_free_locked(struct timer_heap *h)
{
    if (h->v != NULL)
        os_release((char *)h->v - LEAD_BYTES, bytes_of(h->cap));
    h->v = NULL;
    h->len = h->cap = 0;
}

/* Memory for at least *bytes, which then tells how much it is.  A large array gets so much
 * address space that it will not move again, and huge pages: an eighth of the faults, and
 * the way to the bottom stays within what the processor remembers of the page table. */
static char *array_reserve(size_t *bytes)
{
    if (*bytes < OS_HUGE_BYTES)
        return os_reserve(*bytes, os_page_bytes());
    size_t want = max_u64(*bytes, LARGE_BYTES);
    char *at = os_reserve(want, OS_HUGE_BYTES);
    if (at == NULL)
        at = os_reserve(want = *bytes, OS_HUGE_BYTES);
    if (at != NULL)
        os_prefer_huge(at, want);
    *bytes = want;
    return at;
}

static void grow_locked(struct timer_heap *h)
{
    uint32_t len = h->len;
    size_t bytes = h->cap > 0 ? 2 * bytes_of(h->cap) : os_page_bytes();
    char *at = array_reserve(&bytes);
    if (at == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    struct timer_entry *v = (struct timer_entry *)(void *)(at + LEAD_BYTES);
    if (len > 0)
        memcpy(v, h->v, len * sizeof *v);
    heap_free_locked(h);
    h->v = v;
    h->len = len;
    h->cap = (uint32_t)((bytes - LEAD_BYTES) / sizeof *v);
}

/* The ticket is the newest, so equal deadlines stay above. */
void heap_push_locked(struct timer_heap *h, int64_t when, uint64_t ticket, struct timer *t,
                      uint64_t seq)
{
    if (UNLIKELY(h->len == h->cap))
        grow_locked(h);
    struct timer_entry *v = h->v;
    uint32_t i = h->len++;
    while (i > 0 && when < v[(i - 1) / 4].when) {
        v[i] = v[(i - 1) / 4];
        i = (i - 1) / 4;
    }
    v[i].when = when;
    v[i].ticket = ticket;
    v[i].t = t;
    v[i].seq = seq;
}

/* The hole goes all the way down along the least children, then the last entry, which came
 * from the bottom, climbs the little that it has to. */
void heap_pop_locked(struct timer_heap *h)
{
    uint32_t last = --h->len, i = 0;
    if (last == 0)
        return;
    if (MUTANT(timer_pop_no_sift)) {
        h->v[0] = h->v[last];
        return;
    }
    while (4 * i + 1 < last) {
        if (i >= PREFETCH_FROM)
            kids_prefetch(h, i);
        uint32_t kid = least_kid(h, i);
        if (i == 0)
            __builtin_prefetch(h->v[kid].t); /* the next to be taken */
        h->v[i] = h->v[kid];
        i = kid;
    }
    h->v[i] = h->v[last];
    sift_up(h, i);
}

void heap_build_locked(struct timer_heap *h)
{
    if (h->len < 2)
        return;
    for (uint32_t i = (h->len - 2) / 4 + 1; i-- > 0;)
        sift_down(h, i, h->v[i]);
}

bool heap_is_sound_locked(struct timer_heap *h)
{
    for (uint32_t i = 1; i < h->len; i++)
        if (entry_before(&h->v[i], &h->v[(i - 1) / 4]))
            return false;
    return true;
}
