/* SPDX-License-Identifier: BSD-3-Clause */
/* card.c - generational mode: where pointers were stored since the last cycle.
 *
 * Owns: gc_wrote_slow, the contents of heap_cards, which cards are to be looked at.
 * Not here: what is done for a card (mark_card), who has to tell of stores (barrier.c and
 * callers of gc_wrote), goroutines that need not be looked at (sched/scan.c).
 *
 * When a cycle ends, minor or major, everything that survives is marked, and all that was
 * allocated meanwhile is, too.  These marks stay: marked is old.  So at that moment nothing
 * is young, and young is only what was allocated between the end of a cycle and the
 * beginning of the next one.  A minor cycle starts with the marks as they are: old objects
 * are neither looked at nor freed.  What can keep a young object is a root, a stack, a
 * record, a young object, or an old one to which a pointer was stored since: the card of
 * that word is dirty.
 *
 * Whether a card is cleaned before or after it is looked at, and whether a store that comes
 * meanwhile gets lost, is all one: while a cycle marks, what is overwritten is shaded, and
 * what is stored will be old at the end.  A card that stays dirty costs a look.
 * reference/model/minor.pml is this for the model checker.
 *
 *   I1  No old object refers to a young one from a clean card while no cycle marks.  The
 *       store and its card are one step in the eyes of a stop: runtime text, no poll.
 *   I2  Cards are cleaned only while a cycle marks.
 *   I3  Only words of objects in olds are looked at: what was freed since the last cycle,
 *       or is new, has undefined contents or is marked by somebody else.
 */
#include "gc/collect.h"

#define PIECE_PAGES 64u

static struct {
    atomic_u64 at; /* atomic: page to be looked at next */
    uint64_t end;  /* STW only */
    bool is_minor; /* STW only */
} cards;

/* Mostly the card is dirty already: then its line need not be had for writing. */
void gc_wrote_slow(const void *at, size_t bytes)
{
    size_t offset = (size_t)((const char *)at - heap_base);
    if (offset >= heap_bytes || bytes == 0 || MUTANT(gc_card_lost))
        return;
    size_t last = (offset + bytes - 1) >> HEAP_CARD_SHIFT;
    if (MUTANT(gc_card_first_only))
        last = offset >> HEAP_CARD_SHIFT;
    for (size_t c = offset >> HEAP_CARD_SHIFT; c <= last; c++)
        if (load_relaxed(&heap_cards[c]) == 0)
            store_relaxed(&heap_cards[c], 1);
}

void card_reset(bool is_minor)
{
    if (!load_relaxed(&gc_has_cards))
        return;
    cards.is_minor = is_minor;
    cards.end = heap_page_top();
    store_relaxed(&cards.at, 0);
}

/* Pages come with 16 cards: two words. */
typedef uint64_t __attribute__((may_alias)) word;

static UNWATCHED bool page_is_clean(size_t page)
{
    const volatile word *w = (const volatile word *)(heap_cards + page * HEAP_PAGE_CARDS);
    return (w[0] | w[1]) == 0;
}

static void page_see(struct work *w, size_t page)
{
    struct heap_ref r = {.meta = NULL};
    bool is_used = cards.is_minor && heap_find(heap_page_at(page), &r);
    size_t first = page * HEAP_PAGE_CARDS;
    for (size_t c = first; c < first + HEAP_PAGE_CARDS; c++) {
        if (load_relaxed(&heap_cards[c]) == 0)
            continue;
        store_relaxed(&heap_cards[c], 0);
        if (is_used && !MUTANT(gc_card_unscanned))
            mark_card(w, r.meta, c);
    }
}

bool card_some(struct work *w)
{
    if (load_relaxed(&cards.at) >= cards.end)
        return false;
    uint64_t page = add_relaxed(&cards.at, PIECE_PAGES);
    for (uint64_t end = page + PIECE_PAGES; page < end && page < cards.end; page++)
        if (!page_is_clean(page))
            page_see(w, page);
    return true;
}

bool card_is_done(void)
{
    return load_relaxed(&cards.at) >= cards.end;
}
