/* SPDX-License-Identifier: BSD-3-Clause */
/* special.c - records of objects: which spans have some, and where they are in the list.
 *
 * Owns: order of a span's list, the bitmap of spans that have one.
 * Not here: what records mean (floor gc), when an object dies (span.c).
 *
 * The collector looks at all records in each cycle.  Spans with records are few, so there
 * is a bit for the first page of each, and a bit for each word of those.
 *
 *   I1  The bit of a span is set before the first record is in its list, and cleared after
 *       the last one left it, both under its special_lock.
 *   I2  A bit of the summary is never cleared: it says that there was something once.
 */
#include "heap/span.h"

#include "os/os.h"

#define GROUP_PAGES 4096u /* a word of the summary: 64 words of 64 pages */

static struct {
    struct mutex lock;
    atomic_u64 *_Atomic bits; /* atomic: per page; NULL: no record was ever made */
    atomic_u64 *summary;      /* const once bits is there: per word of bits */
} special = {.lock = MUTEX_INIT(RANK_specials)};

struct special_lock special_locks[SPECIAL_LOCKS] = {
    [0 ... SPECIAL_LOCKS - 1] = {.lock = MUTEX_INIT(RANK_special)}};

static COLD atomic_u64 *bits_make(void)
{
    size_t npages = heap_bytes >> HEAP_PAGE_SHIFT;
    size_t groups = (npages + GROUP_PAGES - 1) / GROUP_PAGES;
    mutex_lock(&special.lock);
    atomic_u64 *bits = load_relaxed(&special.bits);
    if (bits == NULL) {
        bits = os_reserve(groups * (GROUP_PAGES / 8 + 8), os_page_bytes());
        if (bits != NULL) {
            special.summary = bits + groups * GROUP_PAGES / 64;
            store_release(&special.bits, bits); /* pairs with the acquires below */
        }
    }
    mutex_unlock(&special.lock);
    return bits;
}

bool special_ready(void)
{
    return load_acquire(&special.bits) != NULL || bits_make() != NULL; /* with bits_make */
}

static void span_note(struct heap_meta *m, bool has_some)
{
    size_t page = heap_page_no(m), word = page / 64;
    uint64_t bit = (uint64_t)1 << page % 64;
    atomic_u64 *bits =
        load_acquire(&special.bits); /* pairs with the release in bits_make */
    if (!has_some) {
        atomic_fetch_and_explicit(&bits[word], ~bit, memory_order_relaxed);
        return;
    }
    /* Pairs with the acquire in special_visit: what the span became is seen there. */
    atomic_fetch_or_explicit(&bits[word], bit, memory_order_release);
    atomic_fetch_or_explicit(&special.summary[word / 64], (uint64_t)1 << word % 64,
                             memory_order_relaxed);
}

static bool is_before(const struct special *a, uint64_t offset, uint32_t kind)
{
    return a->offset < offset || (a->offset == offset && a->kind < kind);
}

struct special **special_find_locked(struct heap_meta *m, uint64_t offset, uint32_t kind)
{
    struct special **at = &m->specials;
    while (*at != NULL && is_before(*at, offset, kind))
        at = &(*at)->next;
    return at;
}

void special_insert_locked(struct heap_meta *m, struct special *s)
{
    if (m->specials == NULL)
        span_note(m, true); /* I1 */
    struct special **at = special_find_locked(m, s->offset, s->kind);
    s->next = *at;
    *at = s;
}

struct special *special_take_locked(struct heap_meta *m, struct special **at)
{
    struct special *s = *at;
    *at = s->next;
    if (m->specials == NULL)
        span_note(m, false); /* I1 */
    return s;
}

uint32_t special_groups(void)
{
    size_t pages = load_acquire(&special.bits) != NULL ? page_top() : 0; /* as above */
    return (uint32_t)((pages + GROUP_PAGES - 1) / GROUP_PAGES);
}

void special_visit(uint32_t group, void (*see)(struct heap_meta *m, void *arg), void *arg)
{
    atomic_u64 *bits = load_acquire(&special.bits); /* pairs with bits_make */
    uint64_t words = load_relaxed(&special.summary[group]);
    for (; words != 0; words &= words - 1) {
        size_t word = (size_t)group * 64 + (size_t)__builtin_ctzll(words);
        uint64_t pages =
            load_acquire(&bits[word]); /* pairs with the release in span_note */
        for (; pages != 0; pages &= pages - 1)
            see(&heap_metas[word * 64 + (size_t)__builtin_ctzll(pages)], arg);
    }
}

bool special_is_dead_locked(const struct heap_meta *m, uint32_t slot)
{
    return !span_is_swept(m) && !heap_bit(m->marks, slot);
}
