/* SPDX-License-Identifier: BSD-3-Clause */
/* span.c - one span: from pages to slots and back, and the swap of bitmaps that is
 * sweeping.
 *
 * Owns: metas and tags of spans, all bits in them but what floor gc sets.
 * Not here: pages (page.c), lists (central.c).
 *
 *   I1  A meta is written before the tag of its first page, and tags are cleared before the
 *       pages are given back: who finds a tag finds all about the span.
 *   I2  The end of an object, the news of it to floor gc and the span's sweep_gen change in
 *       one critical section of special_lock: who holds that sees all or nothing.
 *   I3  For those who have no lock, a sweep writes alloc, then sweep_gen, then marks: who
 *       sees that an object has lost its mark, sees that the span is swept.
 */
#include "heap/span.h"

#include "heap/poison.h"

struct heap_state heap_state = {.sweep_gen = 1};

void heap_out_of_memory(uint64_t bytes)
{
    struct page_stats s;
    char text[256];
    page_stats(&s);
    fmt_buf(text, sizeof text,
            "gr: no room for %llu more bytes: %llu MB are in use, of %llu MB that the heap "
            "may have; look at ulimit -v, and for what is kept by mistake\n",
            (unsigned long long)bytes,
            (unsigned long long)(s.in_use << HEAP_PAGE_SHIFT >> 20),
            (unsigned long long)(heap_bytes >> 20));
    fatal_after(text, GR_FATAL_NO_MEMORY);
}

/* ---- making and ending --------------------------------------------------------------- */

static void tags_put(size_t first, size_t n, heap_tag tag)
{
    /* Pairs with the acquire in heap_find; the first page's is the last one (I1). */
    for (size_t i = n; i-- > 0;)
        store_release(&heap_tags[first + i], tag);
}

struct heap_meta *span_make(uint32_t class, bool is_noscan, size_t npages)
{
    const struct heap_class *c = &heap_classes[class];
    bool is_zero = false, is_dense = class != CLASS_LARGE && c->bytes <= HEAP_BITS_BYTES;
    size_t first = page_take(npages, is_dense, &is_zero);
    if (first == 0)
        return NULL;
    struct heap_meta *m = &heap_metas[first];
    m->slot_bytes = c->bytes;
    m->npages = (uint32_t)npages;
    m->nslots = (uint16_t)c->nslots;
    m->class = (uint8_t) class;
    m->is_noscan = is_noscan;
    m->place = SPAN_NEW;
    m->is_zero = is_zero;
    m->nalloc = 0;
    m->next = 0;
    store_relaxed(&m->is_queued, 0);
    for (uint32_t i = 0; i < span_words(m); i++) {
        store_relaxed(&m->marks[i], 0);
        store_relaxed(&m->scans[i], 0);
        store_relaxed(&m->alloc[i], 0);
        if (UNLIKELY(load_relaxed(&gc_has_cards)))
            store_relaxed(&m->olds[i], 0);
    }
    store_relaxed(&m->sweep_gen, load_relaxed(&heap_state.sweep_gen));
    for (uint32_t i = 0; i < HEAP_TYPES_MAX && c->bytes > HEAP_BITS_BYTES; i++)
        store_relaxed(&m->types[i], NULL);
    poison_made(m);
    tags_put(first, npages,
             TAG_USED | (is_noscan ? TAG_NOSCAN : 0) | (heap_tag) class << TAG_CLASS_SHIFT |
                 (heap_tag)first);
    return m;
}

void span_free(struct heap_meta *m)
{
    size_t first = heap_page_no(m);
    ASSERT(m->specials == NULL);
    for (size_t i = 0; i < m->npages; i++)
        store_release(&heap_tags[first + i], 0); /* pairs as above */
    m->place = SPAN_FREE;
    poison_gone(m);
    page_give(first, m->npages);
}

/* ---- bits ---------------------------------------------------------------------------- */

uint32_t span_count(const struct heap_meta *m, const atomic_u64 *bits)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < span_words(m); i++)
        n += popcount64(load_relaxed((atomic_u64 *)(uintptr_t)&bits[i]));
    return n;
}

/* Bits of word i that stand for slots in [from, end). */
static uint64_t word_bits(uint32_t i, uint32_t from, uint32_t end)
{
    uint32_t lo = i * 64 < from ? from - i * 64 : 0;
    uint32_t hi = end < i * 64 + 64 ? end - i * 64 : 64;
    uint64_t upto = hi == 64 ? ~(uint64_t)0 : ((uint64_t)1 << hi) - 1;
    return upto & ~(uint64_t)0 << lo;
}

/* The first slot at `at` or behind whose bit is as asked; nslots: none. */
static uint32_t slot_find(const struct heap_meta *m, uint32_t at, bool is_set)
{
    while (at < m->nslots) {
        uint64_t w = load_relaxed((atomic_u64 *)(uintptr_t)&m->alloc[at / 64]);
        w = (is_set ? w : ~w) & ~(uint64_t)0 << at % 64;
        at = at / 64 * 64;
        if (w != 0)
            return (uint32_t)min_u64(at + ctz64(w), m->nslots);
        at += 64;
    }
    return m->nslots;
}

bool span_next_run(const struct heap_meta *m, uint32_t *from, uint32_t *end)
{
    *from = slot_find(m, *from, false);
    *end = slot_find(m, *from, true);
    return *from < m->nslots;
}

void span_alloc_put(struct heap_meta *m, uint32_t from, uint32_t end, bool is_set)
{
    for (uint32_t i = from / 64; i * 64 < end; i++) {
        uint64_t w = load_relaxed(&m->alloc[i]), bits = word_bits(i, from, end);
        /* Pairs with the acquire in heap_is_object: marks of span_blacken come first. */
        store_release(&m->alloc[i], is_set ? w | bits : w & ~bits);
    }
}

void span_blacken(struct heap_meta *m)
{
    if (MUTANT(alloc_black_lost))
        return;
    for (uint32_t i = 0; i < span_words(m); i++) {
        uint64_t free = ~load_relaxed(&m->alloc[i]) & word_bits(i, 0, m->nslots);
        if (free == 0)
            continue;
        atomic_fetch_or_explicit(&m->scans[i], free, memory_order_relaxed);
        /* Pairs with the acquire of whoever reads marks, then scans, in floor gc. */
        atomic_fetch_or_explicit(&m->marks[i], free, memory_order_release);
    }
}

void span_whiten(struct heap_meta *m, uint32_t from, uint32_t end)
{
    for (uint32_t i = from / 64; i * 64 < end; i++) {
        uint64_t bits = word_bits(i, from, end);
        store_relaxed(&m->marks[i], load_relaxed(&m->marks[i]) & ~bits);
        store_relaxed(&m->scans[i], load_relaxed(&m->scans[i]) & ~bits);
    }
}

bool span_is_alive(struct heap_meta *m, uint32_t slot)
{
    struct heap_ref r = {.meta = m, .slot = slot};
    if (!span_is_swept(m)) {
        /* Pairs with the release in marks_sweep. */
        uint64_t marks = load_acquire(&m->marks[slot / 64]);
        if ((marks >> slot % 64 & 1) == 0 && !span_is_swept(m))
            return false;
    }
    return heap_is_object(&r);
}

/* ---- sweeping ------------------------------------------------------------------------ */

/* Floor gc hears of each object that has specials and no mark (I2). */
static void specials_sweep(struct heap_meta *m)
{
    struct special **at = &m->specials;
    while (*at != NULL) {
        uint32_t slot = span_slot_of(m, (*at)->offset);
        bool is_dead = !heap_bit(m->marks, slot);
        if (is_dead && heap_hooks.died != NULL && heap_hooks.died(m, slot, at))
            continue;
        ASSERT(heap_bit(m->marks, slot));
        if (is_dead) { /* it was marked now, and nobody has counted it */
            add_relaxed(&heap_state.live, span_slot_bytes(m));
            add_relaxed(&heap_state.old, span_slot_bytes(m));
        }
        while (*at != NULL && span_slot_of(m, (*at)->offset) == slot)
            at = &(*at)->next;
    }
}

/* alloc = marks.  Gives: how many objects are left. */
static uint32_t alloc_sweep(struct heap_meta *m)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < span_words(m); i++) {
        uint64_t is = load_relaxed(&m->alloc[i]) & load_relaxed(&m->marks[i]);
        if (MUTANT(alloc_alive_swept) && i == 0)
            is &= is - 1;
        left += is != 0 ? popcount64(is) : 0;
        store_relaxed(&m->alloc[i], is);
    }
    return left;
}

static void marks_sweep(struct heap_meta *m)
{
    bool is_sticky = load_relaxed(&gc_has_cards);
    for (uint32_t i = 0; i < span_words(m); i++) {
        uint64_t is = is_sticky ? load_relaxed(&m->alloc[i]) : 0;
        /* Pairs with the acquire in span_is_alive (I3). */
        store_release(&m->marks[i], MUTANT(gc_minor_forgets_old) ? 0 : is);
        store_relaxed(&m->scans[i], is);
        if (is_sticky)
            store_relaxed(&m->olds[i], is);
    }
}

uint32_t span_sweep(struct heap_meta *m, uint32_t *freed)
{
    ASSERT(m->place == SPAN_SWEEPING && !span_is_swept(m));
    mutex_lock_p(special_lock(m));
    if (m->specials != NULL)
        specials_sweep(m);
    poison_dying(m);
    uint32_t left = alloc_sweep(m);
    store_relaxed(&m->sweep_gen, load_relaxed(&heap_state.sweep_gen)); /* I3 */
    marks_sweep(m);
    mutex_unlock_p(special_lock(m));
    *freed = m->nalloc - left;
    m->nalloc = left;
    ASSERT(m->nalloc == span_count(m, m->alloc));
    if (*freed > 0)
        m->is_zero = false;
    return m->nslots - m->nalloc;
}
