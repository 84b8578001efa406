/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.c - one processor's runs of free slots: how they are found, zeroed and given back.
 *
 * Owns: struct heap_cache, the cache of those who have no processor.
 * Not here: the fast path through a run (alloc.c).
 *
 * Idea: a run is found from the bitmap once, and then handed out by adding.  It is zeroed a
 * stride ahead of that: the bytes are still in the machine's first cache when the program
 * writes to them, and zeroing many slots at once is several times cheaper than one by one.
 * With it goes what is known of pointers: they are taken to be those of the type that came
 * last, so that the fast path only compares.  Meanwhile the stride behind is fetched: in a
 * heap that the second cache does not hold zeroing is two to three times as fast then,
 * since the machine does not foresee writes.
 *
 *   I1  Of a run's span alloc is exact, but for slots from `next` to `limit`: they are free
 *       though alloc says they are in use.
 *   I2  What is known of pointers in slots [next, end) is that of `type`, in [end, limit)
 *       nothing: their bits are clear.
 *   I3  A run that has a span has its bit in `used`: a flush looks at no others.
 */
#include "heap/cache.h"

#include <string.h>

#include "fix/fix.h"
#include "heap/poison.h"

#define STRIDE_BYTES 4096u /* zeroed at a time, if slots are smaller */

static struct fixpool cache_pool = FIXPOOL_INIT(sizeof(struct heap_cache));
static struct mutex common_lock = MUTEX_INIT(RANK_cache);
static struct heap_cache common; /* guarded by common_lock */

static COLD struct heap_cache *cache_new(void)
{
    static atomic_u32 count;
    struct heap_cache *c = fixpool_acquire(&cache_pool);
    c->shard = add_relaxed(&count, 1) % CENTRAL_SHARDS;
    return c;
}

struct heap_cache *cache_hold(void)
{
    void **slot = sched_heap_slot();
    if (slot == NULL) {
        heap_boot();
        mutex_lock(&common_lock);
        return &common;
    }
    if (UNLIKELY(*slot == NULL)) {
        heap_boot();
        *slot = cache_new();
    }
    return *slot;
}

void cache_let_go(struct heap_cache *c)
{
    if (c == &common)
        mutex_unlock(&common_lock);
}

/* ---- runs ---------------------------------------------------------------------------- */

static char *slot_at(const struct heap_meta *m, uint32_t slot)
{
    return heap_page_at(heap_page_no(m)) + (size_t)slot * m->slot_bytes;
}

static uint32_t slot_number(const struct heap_meta *m, const char *p)
{
    return span_slot_of(m, (uint64_t)(p - heap_page_at(heap_page_no(m))));
}

/* Words [from, end) of the span hold no pointers so far. */
static void ptrs_clear(struct heap_meta *m, uint32_t from, uint32_t end)
{
    while (from < end) {
        uint32_t lo = from % 64, n = (uint32_t)min_u64(end - from, 64 - lo);
        uint64_t bits = (n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1) << lo;
        atomic_u64 *w = &m->ptrs[from / 64];
        store_relaxed(w, load_relaxed(w) & ~bits);
        from += n;
    }
}

/* Some run of one slot instead of the first one.  False: there is none. */
static NOINLINE bool run_shuffle(const struct heap_meta *m, uint32_t *from, uint32_t *end)
{
    *from = sched_random(m->nslots);
    if (!span_next_run(m, from, end)) {
        *from = 0;
        if (!span_next_run(m, from, end))
            return false;
    }
    *end = *from + 1;
    return true;
}

/* The next run of r's span at slot `from` or behind.  False: the span has no more. */
static bool run_open(struct heap_run *r, uint32_t from)
{
    struct heap_meta *m = r->meta;
    uint32_t end;
    if (UNLIKELY(env_knobs.heapshuffle) ? !run_shuffle(m, &from, &end)
                                        : !span_next_run(m, &from, &end))
        return false;
    if (MUTANT(alloc_run_overlaps) && end < m->nslots)
        end++;
    span_alloc_put(m, from + (MUTANT(alloc_bit_lost) ? 1 : 0), end, true);
    if (!m->is_noscan && m->slot_bytes <= HEAP_BITS_BYTES)
        ptrs_clear(m, from * m->slot_bytes / 8, end * m->slot_bytes / 8);
    r->next = r->end = slot_at(m, from);
    r->limit = slot_at(m, end);
    r->limit_slot = end;
    return true;
}

static void prefetch_stride(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += CACHE_LINE)
        __builtin_prefetch(at + i, 1);
}

/* Where the span after this one is likely to lie: it was next in the list, or behind it. */
static const char *next_page(const struct heap_meta *m)
{
    return heap_page_at(m->next != 0 ? m->next : heap_page_no(m) + m->npages);
}

/* ---- types --------------------------------------------------------------------------- */

static uint64_t type_bits(const gr_type *t)
{
    return t->ptrs == NULL ? t->word : t->ptrs[0];
}

/* Bits of words [word, word + n) of the span become `bits`.  Needs: n <= 64. */
static void ptrs_put(struct heap_meta *m, uint32_t word, uint32_t n, uint64_t bits)
{
    atomic_u64 *w = &m->ptrs[word / 64];
    uint32_t shift = word % 64;
    uint64_t mask = n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
    store_relaxed(w, (load_relaxed(w) & ~(mask << shift)) | bits << shift);
    if (shift + n > 64)
        store_relaxed(&w[1], (load_relaxed(&w[1]) & ~(mask >> (64 - shift))) |
                                 bits >> (64 - shift));
}

/* The words of slots [from, from + n) of a span of one page have r->type's pointers; they
 * had none. */
static void bits_fill(struct heap_run *r, uint32_t from, uint32_t n)
{
    uint32_t words = r->slot_bytes / 8, at = from * words;
    atomic_u64 *w = &r->meta->ptrs[at / 64];
    uint64_t bits = type_bits(r->type), acc = load_relaxed(w);
    for (at %= 64; n > 0; n--, at += words) {
        if (at >= 64) {
            store_relaxed(w++, acc);
            acc = load_relaxed(w);
            at -= 64;
        }
        acc |= bits << at;
        if (at + words > 64) {
            store_relaxed(w++, acc);
            acc = load_relaxed(w) | bits >> 1 >> (63 - at);
            at -= 64;
        }
    }
    store_relaxed(w, acc);
}

/* What the next stride holds is most likely what the last one did. */
static void stride_type(struct heap_run *r, size_t bytes)
{
    uint32_t from = slot_number(r->meta, r->end), n = (uint32_t)(bytes / r->slot_bytes);
    r->type = r->last;
    if (r->type == NULL || r->meta->is_noscan)
        return;
    if (r->slot_bytes <= HEAP_BITS_BYTES)
        bits_fill(r, from, n);
    for (uint32_t i = from; r->slot_bytes > HEAP_BITS_BYTES && i < from + n; i++)
        store_relaxed(&r->meta->types[i], r->type);
}

void cache_retype(struct heap_run *r, const char *p, const gr_type *t, size_t n)
{
    r->last = n == 1 ? t : r->last;
    if (r->meta->is_noscan)
        return;
    uint32_t slot = slot_number(r->meta, p), words = r->slot_bytes / 8;
    if (r->slot_bytes > HEAP_BITS_BYTES) {
        store_relaxed(&r->meta->types[slot], t);
        return;
    }
    uint64_t one = type_bits(t), bits = 0;
    for (size_t i = 0; i < (MUTANT(alloc_array_first_only) ? 1 : n); i++)
        bits |= one << i * t->size / 8;
    ptrs_put(r->meta, slot * words, words, bits);
}

/* ---- zeroing ------------------------------------------------------------------------- */

/* One more stride of r is ready.  Needs: some slots of the run are not. */
static void run_zero(struct heap_run *r)
{
    size_t stride = STRIDE_BYTES / r->slot_bytes * r->slot_bytes;
    size_t bytes = min_u64(max_u64(stride, r->slot_bytes), (size_t)(r->limit - r->end));
    stride_type(r, bytes);
    poison_reuse(r->meta, r->end, bytes);
    size_t dirty = MUTANT(alloc_dirty_last) && bytes > r->slot_bytes ? r->slot_bytes : 0;
    if (!r->meta->is_zero && !(MUTANT(alloc_dirty_reused) && r->meta->is_noscan))
        memset(r->end, 0, bytes - dirty);
    san_poison(r->end, r->end + bytes); /* until they are objects */
    r->end += bytes;
    prefetch_stride(r->end, min_u64(STRIDE_BYTES, (size_t)(r->limit - r->end)));
}

void *cache_advance(struct heap_run *r)
{
    if (r->next == r->end) {
        if (r->meta == NULL)
            return NULL;
        if (r->end == r->limit && !run_open(r, r->limit_slot))
            return NULL;
        run_zero(r);
    }
    char *p = r->next;
    r->next += r->slot_bytes;
    return p;
}

/* r's span goes back; its last `nfree` slots were not handed out, and are free again. */
static void run_close(struct heap_run *r, uint32_t shard, uint32_t nfree)
{
    struct heap_meta *m = r->meta;
    if (r->next != r->limit)
        span_alloc_put(m, slot_number(m, r->next), r->limit_slot, false);
    if (r->next != r->end)
        poison_unused(m, r->next, (size_t)(r->end - r->next));
    *r = (struct heap_run){.last = r->last};
    central_give(shard, m, m->nslots - nfree);
}

void *cache_refill(struct heap_cache *c, uint32_t kind)
{
    struct heap_run *r = &c->runs[kind];
    size_t bytes;
    if (r->meta != NULL)
        run_close(r, c->shard, 0);
    r->meta = central_take(c->shard, kind, &bytes);
    if (r->meta == NULL)
        return NULL;
    r->slot_bytes = r->meta->slot_bytes;
    c->used[kind / 64] |= (uint64_t)1 << kind % 64;
    c->since += bytes;
    prefetch_stride(next_page(r->meta), STRIDE_BYTES);
    bool is_open = run_open(r, 0);
    ASSERT(is_open);
    (void)is_open;
    return cache_advance(r);
}

/* ---- all caches ---------------------------------------------------------------------- */

/* Slots of a run's span that are free: the rest of this run, and others (I1). */
static uint32_t run_free(const struct heap_run *r)
{
    uint32_t rest = (uint32_t)((size_t)(r->limit - r->next) / r->slot_bytes);
    return r->meta->nslots - span_count(r->meta, r->meta->alloc) + rest;
}

/* What was not handed out does not count as marked any more. */
static void run_whiten(struct heap_run *r)
{
    uint32_t from = slot_number(r->meta, r->next), end = r->limit_slot;
    if (from < end)
        span_whiten(r->meta, from, end);
    for (from = 0; span_next_run(r->meta, &from, &end); from = end)
        span_whiten(r->meta, from, end);
}

static void run_flush(struct heap_run *r, uint32_t shard)
{
    uint32_t nfree = run_free(r);
    if (load_relaxed(&heap_state.is_marking))
        run_whiten(r);
    atomic_fetch_sub_explicit(&heap_state.live, (uint64_t)nfree * r->slot_bytes,
                              memory_order_relaxed);
    run_close(r, shard, nfree);
}

static void cache_flush(struct heap_cache *c)
{
    for (uint32_t i = 0; i < ARRAY_LEN(c->used); i++) {
        for (uint64_t left = c->used[i]; left != 0; left &= left - 1) {
            struct heap_run *r = &c->runs[i * 64 + ctz64(left)];
            if (r->meta != NULL)
                run_flush(r, c->shard);
        }
        c->used[i] = 0;
    }
    c->since = 0;
    if (MUTANT(alloc_tiny_kept))
        return;
    c->tiny = NULL;
    c->tiny_left = 0;
}

static void slot_flush(void **slot, void *unused)
{
    (void)unused;
    if (*slot != NULL)
        cache_flush(*slot);
}

void heap_flush(void)
{
    sched_each_heap_slot(slot_flush, NULL);
    mutex_lock(&common_lock);
    cache_flush(&common);
    mutex_unlock(&common_lock);
}

struct count {
    uint64_t mallocs, bytes, tiny;
};

static void count_see(struct heap_cache *c, struct count *n)
{
    for (uint32_t k = 0; k < CLASS_KINDS; k++) {
        struct heap_run *r = &c->runs[k];
        if (r->meta == NULL)
            continue;
        uint32_t handed = r->meta->nslots - r->meta->nalloc - run_free(r);
        n->mallocs += handed;
        n->bytes += (uint64_t)handed * r->slot_bytes;
    }
    n->tiny += c->ntiny;
}

static void slot_count(void **slot, void *arg)
{
    if (*slot != NULL)
        count_see(*slot, arg);
}

static struct count count_all(void)
{
    struct count n = {0};
    sched_each_heap_slot(slot_count, &n);
    mutex_lock(&common_lock);
    count_see(&common, &n);
    mutex_unlock(&common_lock);
    return n;
}

void cache_count(uint64_t *mallocs, uint64_t *bytes)
{
    struct count n = count_all();
    *mallocs = n.mallocs;
    *bytes = n.bytes;
}

uint64_t cache_count_tiny(void)
{
    return count_all().tiny;
}
