/* SPDX-License-Identifier: BSD-3-Clause */
/* mark.c - marking: from words to objects, from objects to words, until nothing is left.
 *
 * Owns: what is done for a word that may be a pointer, scanning of spans and objects.
 * Not here: queues (work.c), where marking begins (root.c), how long it goes on (slice.c).
 *
 * An object of at most 512 bytes is marked by a bit of its span, and the span goes into a
 * queue unless it is in one.  When it is taken out, all that was marked and not scanned is
 * scanned, side by side in memory, for one look at what describes the span.  Larger objects
 * are queued one by one, and those beyond PIECE_BYTES in pieces, so that many can help and
 * nobody is held up.
 *
 * Nearly every look at an object, or at what describes it, would wait for memory.  So the
 * words that a scan finds are put off by a few, and what they will need is fetched.  Those
 * that come next to each other and whose marks lie in one word are marked by one atomic
 * operation, which is what costs most where memory is fast enough: neighbours often point
 * to neighbours.  The first objects of an entry are fetched while those of the entries
 * before it are scanned, the others while those before them are: what is asked for beyond
 * what memory can bring at a time holds up who asks.
 *
 * Words are read while the program writes to them.  Whatever is read is believed only after
 * heap_find, and scanned only if alloc says that it is an object; a word that was
 * overwritten has been shaded (gc.h I1).
 *
 *   I1  Who sets a mark queues the span unless it sees is_queued; who takes the span clears
 *       is_queued before it looks at the marks.  Both in one order, sequentially
 *       consistent: one of them sees the other.
 *   I2  scans is set by an atomic or, and what it gives tells who scans the object: a span
 *       may be in two hands.
 */
#include "gc/collect.h"

#define PIECE_BYTES ((size_t)32 << 10) /* some 30 us */
#define FETCHES 12u                    /* objects of an entry, at first */
#define LEAD 4u                        /* entries whose objects are being fetched */
#define CARD_WORDS 64u
STATIC_ASSERT(CARD_WORDS * sizeof(void *) == HEAP_CARD_BYTES, "a word of type bits each");

/* ---- from words to objects ----------------------------------------------------------- */

/* Queued one by one; a large one has slot_bytes 0. */
static ALWAYS_INLINE bool is_single(const struct heap_meta *m)
{
    return m->slot_bytes - 1u >= HEAP_BITS_BYTES;
}

static NOINLINE void queue_span(struct work *w, struct heap_meta *m)
{
    /* Sequentially consistent (I1): pairs with share_take. */
    if (atomic_exchange_explicit(&m->is_queued, 1, memory_order_seq_cst) == 0)
        work_push(w, work_span(heap_page_no(m)));
}

/* Sets the mark; what is new is queued. */
static ALWAYS_INLINE void mark_ref(struct work *w, const struct heap_ref *r)
{
    struct heap_meta *m = r->meta;
    if (!heap_mark(r))
        return;
    w->found_bytes += heap_ref_bytes(r);
    if (m->is_noscan)
        return;
    if (is_single(m))
        work_push(w, (uint64_t)(uintptr_t)r->base);
    else if (load_seq(&m->is_queued) == 0) /* (I1): pairs with share_take */
        queue_span(w, m);
}

static void queue_singles(struct work *w, const struct ahead *a, uint64_t bits)
{
    char *page = heap_page_at(heap_page_no(a->meta));
    for (; bits != 0; bits &= bits - 1) {
        size_t slot = a->first + (size_t)__builtin_ctzll(bits);
        work_push(w, (uint64_t)(uintptr_t)(page + slot * a->meta->slot_bytes));
    }
}

/* As mark_ref for each. */
static NOINLINE void mark_many(struct work *w, const struct ahead *a)
{
    struct heap_meta *m = a->meta;
    atomic_u64 *marks = &m->marks[a->first / 64];
    uint64_t bits = a->bits & ~load_relaxed(marks);
    if (bits == 0)
        return;
    /* Sequentially consistent (I1), as in heap_mark. */
    bits &= ~atomic_fetch_or_explicit(marks, bits, memory_order_seq_cst);
    if (bits == 0)
        return;
    w->found_bytes += (uint64_t)popcount64(bits) * m->slot_bytes;
    if (m->is_noscan)
        return;
    if (is_single(m))
        queue_singles(w, a, bits);
    else if (load_seq(&m->is_queued) == 0) /* (I1): pairs with share_take */
        queue_span(w, m);
}

static ALWAYS_INLINE void mark_ahead(struct work *w, const struct ahead *a)
{
    if ((a->bits & (a->bits - 1)) != 0) {
        mark_many(w, a);
        return;
    }
    struct heap_ref r = {.meta = a->meta,
                         .slot = a->first + (uint32_t)__builtin_ctzll(a->bits)};
    r.base = heap_page_at(heap_page_no(a->meta)) + (size_t)r.slot * a->meta->slot_bytes;
    mark_ref(w, &r);
}

/* A slot that holds no object may be marked, by a pointer behind the end of its neighbour:
 * it is not scanned, and stays free when it is swept. */
void mark_word(struct work *w, uintptr_t word)
{
    struct heap_ref r;
    if (heap_find((const void *)word, &r))
        mark_ref(w, &r);
}

/* What describes the span is fetched into the cache now; the mark is set when AHEAD others
 * have come: a neighbour of the last one goes with it. */
static ALWAYS_INLINE void mark_later(struct work *w, uintptr_t word)
{
    struct heap_ref r;
    if (!heap_find((const void *)word, &r))
        return;
    struct ahead *last = &w->ahead[(w->ahead_at - 1) % WORK_AHEAD];
    uint64_t bit = (uint64_t)1 << r.slot % 64;
    uint32_t first = r.slot & ~63u;
    if (r.meta == last->meta && first == last->first) {
        last->bits |= bit;
        return;
    }
    __builtin_prefetch(r.meta);
    __builtin_prefetch(&r.meta->marks[r.slot / 64], 1);
    struct ahead *a = &w->ahead[w->ahead_at++ % WORK_AHEAD], was = *a;
    *a = (struct ahead){r.meta, bit, first};
    if (was.meta != NULL)
        mark_ahead(w, &was);
}

bool mark_flush(struct work *w)
{
    uint32_t end = w->ahead_at, n = end - w->ahead_from;
    for (uint32_t i = end - (n < WORK_AHEAD ? n : WORK_AHEAD); i != end; i++) {
        struct ahead *a = &w->ahead[i % WORK_AHEAD], was = *a;
        a->meta = NULL;
        mark_ahead(w, &was);
    }
    w->ahead_from = end;
    return n != 0;
}

static UNWATCHED void words_mark(struct work *w, const void *lo, const void *hi)
{
    const volatile uintptr_t *p =
        (const volatile uintptr_t *)(((uintptr_t)lo + 7) & ~(uintptr_t)7);
    for (; (uintptr_t)p + sizeof *p <= (uintptr_t)hi; p++)
        mark_later(w, *p);
}

void mark_range(struct work *w, const void *lo, const void *hi)
{
    words_mark(w, lo, hi);
    mark_flush(w);
    w->root_bytes += (uint64_t)((const char *)hi - (const char *)lo);
}

/* ---- from objects to words ----------------------------------------------------------- */

/* Those of 64 words from p on that `bits` names. */
static UNWATCHED ALWAYS_INLINE void mark_bits(struct work *w, const volatile uintptr_t *p,
                                              uint64_t bits)
{
    for (; bits != 0; bits &= bits - 1)
        mark_later(w, p[__builtin_ctzll(bits)]);
}

/* Up to 64 pointer bits of a type, from this word on. */
static ALWAYS_INLINE uint64_t type_bits(const gr_type *t, size_t word, size_t n)
{
    uint64_t bits;
    if (t->ptrs == NULL) {
        bits = t->word >> word;
    } else {
        bits = t->ptrs[word / 64] >> word % 64;
        if (word % 64 != 0 && word / 64 + 1 < (t->nwords + 63) / 64)
            bits |= t->ptrs[word / 64 + 1] << (64 - word % 64);
    }
    return n >= 64 ? bits : bits & (((uint64_t)1 << n) - 1);
}

/* The words of one object that begin at words [from, to) of it. */
static UNWATCHED void mark_element(struct work *w, const gr_type *t, const char *at,
                                   size_t from, size_t to)
{
    const volatile uintptr_t *p = (const volatile uintptr_t *)(uintptr_t)at;
    size_t end = t->nwords < to ? t->nwords : to;
    if (MUTANT(gc_last_word_skipped) && end == t->nwords && end > from)
        end--;
    for (size_t i = from; i < end; i += 64)
        mark_bits(w, p + i, type_bits(t, i, end - i));
}

/* Bytes [from, to) of memory in which objects of a type lie in a row from `base` on. */
static UNWATCHED void mark_row(struct work *w, const gr_type *t, const char *base,
                               size_t from, size_t to)
{
    if (t->nwords == 0)
        return;
    if (t->size == sizeof(void *)) {
        words_mark(w, base + from, base + to);
        return;
    }
    size_t at = from - from % t->size; /* of the element that `from` lies in */
    for (; at < to; at += t->size) {
        size_t first = at < from ? (from - at) / sizeof(void *) : 0;
        size_t words = (to - at) / sizeof(void *);
        mark_element(w, t, base + at, first, words);
    }
}

void mark_typed(struct work *w, const gr_type *t, const void *at, size_t n)
{
    mark_row(w, t, at, 0, n * t->size);
    mark_flush(w);
}

/* An object of at most 64 words. */
static UNWATCHED void slot_scan(struct work *w, struct heap_meta *m, const char *page,
                                uint32_t slot)
{
    uint32_t words = m->slot_bytes / sizeof(void *), at = slot * words, from = at % 64;
    const volatile uintptr_t *p = (const volatile uintptr_t *)(uintptr_t)page;
    uint64_t bits = load_relaxed(&m->ptrs[at / 64]) >> from;
    if (from + words > 64)
        bits |= load_relaxed(&m->ptrs[at / 64 + 1]) << (64 - from);
    mark_bits(w, p + at, bits & ~(uint64_t)0 >> (64 - words));
}

/* What of a span is the caller's to scan. */
struct share {
    struct heap_meta *meta;
    uint64_t slots[HEAP_SLOTS_MAX / 64]; /* as far as the span has some */
    uint64_t later[HEAP_SLOTS_MAX / 64]; /* of them, those to be fetched in the scan */
};

/* Several objects come with one fetch: all are asked for at once. */
static ALWAYS_INLINE bool is_tight(const struct heap_meta *m)
{
    return m->slot_bytes < CACHE_LINE;
}

/* The object of the lowest of these bits of word i. */
static ALWAYS_INLINE void slot_fetch(const struct heap_meta *m, uint32_t i, uint64_t bits)
{
    size_t slot = i * 64 + (size_t)__builtin_ctzll(bits);
    __builtin_prefetch(heap_page_at(heap_page_no(m)) + slot * m->slot_bytes);
}

static void share_take(struct work *w, struct heap_meta *m, struct share *s)
{
    uint32_t now = FETCHES;
    s->meta = m;
    /* Sequentially consistent (I1): pairs with mark_ref and queue_span. */
    store_seq(&m->is_queued, 0);
    for (uint32_t i = 0; i < (m->nslots + 63u) / 64; i++) {
        uint64_t todo = load_seq(&m->marks[i]) & ~load_relaxed(&m->scans[i]); /* (I1) */
        s->slots[i] = s->later[i] = todo;
        if (todo == 0)
            continue;
        /* (I2); acquire pairs with the owner of a cache, who sets scans of what is new. */
        todo &= ~atomic_fetch_or_explicit(&m->scans[i], todo, memory_order_acq_rel);
        todo &= load_acquire(&m->alloc[i]); /* pairs with the owner of a cache, too */
        w->scanned_bytes += (uint64_t)popcount64(todo) * m->slot_bytes;
        s->slots[i] = todo;
        if (is_tight(m)) {
            for (; todo != 0; todo &= todo - 1)
                slot_fetch(m, i, todo);
            continue;
        }
        for (; todo != 0 && now > 0; todo &= todo - 1, now--)
            slot_fetch(m, i, todo);
        s->later[i] = todo;
    }
}

static void share_scan_tight(struct work *w, const struct share *s)
{
    struct heap_meta *m = s->meta;
    const char *page = heap_page_at(heap_page_no(m));
    for (uint32_t i = 0; i < (m->nslots + 63u) / 64; i++)
        for (uint64_t todo = s->slots[i]; todo != 0; todo &= todo - 1)
            slot_scan(w, m, page, i * 64 + (uint32_t)__builtin_ctzll(todo));
}

static void share_scan(struct work *w, const struct share *s)
{
    struct heap_meta *m = s->meta;
    const char *page = heap_page_at(heap_page_no(m));
    uint32_t nwords = (m->nslots + 63u) / 64, at = 0;
    uint64_t later = s->later[0];
    for (uint32_t i = 0; i < nwords; i++)
        for (uint64_t todo = s->slots[i]; todo != 0; todo &= todo - 1) {
            while (later == 0 && at + 1 < nwords)
                later = s->later[++at];
            if (later != 0)
                slot_fetch(m, at, later);
            later &= later - 1;
            slot_scan(w, m, page, i * 64 + (uint32_t)__builtin_ctzll(todo));
        }
}

static const gr_type *type_of(const struct heap_ref *r)
{
    /* Pairs with the release by who made the object. */
    return load_acquire(&r->meta->types[r->slot % HEAP_TYPES_MAX]);
}

/* The first of many pieces asks for the others. */
static void object_scan(struct work *w, uint64_t entry)
{
    const char *at = (const char *)(uintptr_t)entry;
    struct heap_ref r;
    if (!heap_find(at, &r) || !heap_is_object(&r))
        return;
    const gr_type *t = type_of(&r);
    if (t == NULL)
        return;
    size_t bytes = heap_ref_bytes(&r), from = (size_t)(at - r.base);
    size_t to = bytes - from > PIECE_BYTES ? from + PIECE_BYTES : bytes;
    if (from == 0 && !MUTANT(gc_second_piece_skipped))
        for (size_t next = PIECE_BYTES; next < bytes; next += PIECE_BYTES)
            work_push(w, (uint64_t)(uintptr_t)(r.base + next));
    w->scanned_bytes += to - from;
    mark_row(w, t, r.base, from, to);
}

/* Words of old objects among the 64 of card number c of a page of small ones. */
static uint64_t card_olds(const struct heap_meta *m, uint32_t c)
{
    uint32_t words = m->slot_bytes / sizeof(void *), from = c * CARD_WORDS;
    uint64_t olds = 0, one = words == 64 ? ~(uint64_t)0 : ((uint64_t)1 << words) - 1;
    for (uint32_t i = from / words; i < m->nslots && i * words < from + CARD_WORDS; i++)
        if (heap_bit(m->olds, i))
            olds |=
                i * words >= from ? one << (i * words - from) : one >> (from - i * words);
    return olds;
}

/* Bytes [from, to) of a span of larger objects. */
static void olds_scan(struct work *w, const struct heap_meta *m, size_t from, size_t to)
{
    size_t bytes = m->slot_bytes != 0 ? m->slot_bytes : to;
    char *page = heap_page_at(heap_page_no(m));
    for (size_t i = m->slot_bytes != 0 ? from / bytes : 0; i < m->nslots; i++) {
        size_t base = i * bytes, end = base + bytes < to ? base + bytes : to;
        if (base >= to)
            return;
        /* Pairs with the release by who made the object. */
        const gr_type *t = load_acquire(&m->types[i]);
        if (t != NULL && heap_bit(m->olds, (uint32_t)i))
            mark_row(w, t, page + base, base < from ? from - base : 0, end - base);
    }
}

UNWATCHED void mark_card(struct work *w, const struct heap_meta *m, size_t card)
{
    const char *at = heap_base + (card << HEAP_CARD_SHIFT);
    size_t from = (size_t)(at - heap_page_at(heap_page_no(m)));
    if (m->is_noscan)
        return;
    w->scanned_bytes += HEAP_CARD_BYTES;
    if (is_single(m)) {
        olds_scan(w, m, from, from + HEAP_CARD_BYTES);
        return;
    }
    uint32_t c = (uint32_t)(from >> HEAP_CARD_SHIFT);
    uint64_t bits = load_relaxed((atomic_u64 *)(uintptr_t)&m->ptrs[c]);
    if (bits != 0)
        mark_bits(w, (const volatile uintptr_t *)(uintptr_t)at, bits & card_olds(m, c));
}

void mark_inside(struct work *w, const struct heap_ref *r)
{
    struct heap_meta *m = r->meta;
    if (m->is_noscan)
        return;
    if (is_single(m))
        work_push(w, (uint64_t)(uintptr_t)r->base);
    else
        slot_scan(w, m, heap_page_at(heap_page_no(m)), r->slot);
    mark_flush(w);
}

/* ---- entries ------------------------------------------------------------------------- */

static void entry_prefetch(uint64_t entry)
{
    if (entry % 2 == 0) {
        __builtin_prefetch((const void *)(uintptr_t)entry);
        return;
    }
    struct heap_meta *m = &heap_metas[entry / 2];
    __builtin_prefetch(m);
    __builtin_prefetch(&m->marks);
    __builtin_prefetch(&m->scans);
    __builtin_prefetch(&m->ptrs);
}

static void entry_take(struct work *w, uint64_t entry, struct share *s)
{
    s->meta = NULL;
    if (entry % 2 != 0)
        share_take(w, &heap_metas[entry / 2], s);
}

/* Who wants the world to stop waits for what was taken already: the rest goes back. */
void mark_entries(struct work *w, const uint64_t *entry, uint32_t n, bool is_stopped)
{
    struct share share[LEAD];
    uint32_t end = n;
    for (uint32_t i = 0; i < n; i++)
        entry_prefetch(entry[i]);
    for (uint32_t i = 0; i < end + LEAD; i++) {
        const struct share *s = &share[i % LEAD];
        if (i >= LEAD && s->meta != NULL)
            (is_tight(s->meta) ? share_scan_tight : share_scan)(w, s);
        else if (i >= LEAD && (i == LEAD || is_stopped || !is_point_due()))
            object_scan(w, entry[i - LEAD]);
        else if (i >= LEAD)
            work_push(w, entry[i - LEAD]);
        while (i > 0 && i < end && !is_stopped && is_point_due())
            work_push(w, entry[--end]);
        if (i < end)
            entry_take(w, entry[i], &share[i % LEAD]);
    }
}
