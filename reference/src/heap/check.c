/* SPDX-License-Identifier: BSD-3-Clause */
/* check.c - every equation of the heap, looked at while the world stands still.
 *
 * Owns: heap_check.  Each function checks one matter and dies by naming what is wrong.
 *
 *   tags       all pages of a span name its first one; no other page has a tag
 *   shape      a span's fields are those of its class
 *   lists      each span is in the list that its state asks for, and in one only
 *   bits       nothing is set behind the last slot; marks and counters agree with alloc
 *   pages      each page is in a span or free (page.c)
 */
#include "heap/cache.h"

static uint32_t nlisted; /* spans seen in lists during this check */

static void require(bool is_so, const char *message)
{
    if (!is_so)
        throw(message);
}

static bool page_is_used(size_t page)
{
    return (load_relaxed(&heap_tags[page]) & TAG_USED) != 0;
}

static void check_tags(const struct heap_meta *m)
{
    size_t first = heap_page_no(m);
    heap_tag want = TAG_USED | (m->is_noscan ? TAG_NOSCAN : 0) |
                    (heap_tag)m->class << TAG_CLASS_SHIFT | (heap_tag)first;
    for (size_t i = 0; i < m->npages; i++)
        require(load_relaxed(&heap_tags[first + i]) == want,
                "heap: a page's tag does not name its span");
}

static void check_shape(const struct heap_meta *m)
{
    require(m->class < HEAP_CLASSES, "heap: a span of no class");
    const struct heap_class *c = &heap_classes[m->class];
    require(m->npages > 0 && (m->class == CLASS_LARGE || m->npages == c->npages),
            "heap: a span has the wrong number of pages");
    require(m->slot_bytes == c->bytes && m->nslots == c->nslots,
            "heap: a span has slots of another class");
}

static void check_bits(const struct heap_meta *m)
{
    uint32_t n = m->nslots;
    for (uint32_t i = 0; i < span_words(m); i++) {
        uint64_t alloc = load_relaxed((atomic_u64 *)(uintptr_t)&m->alloc[i]);
        uint64_t marks = load_relaxed((atomic_u64 *)(uintptr_t)&m->marks[i]);
        uint64_t scans = load_relaxed((atomic_u64 *)(uintptr_t)&m->scans[i]);
        uint64_t none = n - i * 64 >= 64 ? 0 : ~(uint64_t)0 << n % 64;
        require(((alloc | marks | scans) & none) == 0, "heap: a bit behind the last slot");
        require((scans & ~marks) == 0, "heap: an object is scanned and not marked");
        require(load_relaxed(&heap_state.is_marking) || !span_is_swept(m) ||
                    (marks & ~alloc) == 0,
                "heap: a free slot is marked");
    }
    if (m->place != SPAN_CACHED && m->place != SPAN_NEW)
        require(m->nalloc == span_count(m, m->alloc),
                "heap: a span's counter is not what its bits say");
}

static void check_specials(const struct heap_meta *m)
{
    uint64_t bytes = (uint64_t)m->npages << HEAP_PAGE_SHIFT, last = 0;
    for (const struct special *s = m->specials; s != NULL; s = s->next) {
        require(s->offset >= last && s->offset < bytes,
                "heap: a span's specials are not in order");
        require(heap_bit(m->alloc, span_slot_of(m, s->offset)),
                "heap: a special without an object");
        last = s->offset;
    }
}

/* Objects of a span in a list, less those that sweeping is going to free. */
static uint32_t survivors(const struct heap_meta *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->nslots; i++)
        n += heap_bit(m->alloc, i) && (span_is_swept(m) || heap_bit(m->marks, i));
    return n;
}

struct census {
    uint32_t listed, cached, others;
    uint64_t live;
};

static void check_span(struct heap_meta *m, void *arg)
{
    struct census *n = arg;
    check_tags(m);
    check_shape(m);
    check_bits(m);
    check_specials(m);
    switch ((enum span_place)m->place) {
    case SPAN_PARTIAL:
    case SPAN_FULL:
    case SPAN_LARGE:
        n->listed++;
        n->live += (uint64_t)survivors(m) * span_slot_bytes(m);
        break;
    case SPAN_CACHED:
        n->cached++;
        n->live += (uint64_t)m->nslots * m->slot_bytes;
        require(span_is_swept(m), "heap: a cache has a span that was not swept");
        break;
    case SPAN_NEW:
        n->others++;
        break;
    default:
        throw("heap: a span at no place");
    }
}

static void check_listed(struct heap_meta *m, uint32_t kind, bool is_swept, bool is_full,
                         void *unused)
{
    (void)unused;
    nlisted++;
    require(m->place == SPAN_PARTIAL || m->place == SPAN_FULL || m->place == SPAN_LARGE,
            "heap: a span in a list says that it is elsewhere");
    require(page_is_used(heap_page_no(m)), "heap: a span in a list has no pages");
    require(span_kind(m) == kind, "heap: a span is in the list of another class");
    require(span_is_swept(m) == is_swept, "heap: a span is in the wrong one of the swept "
                                          "and the unswept lists");
    require((m->nalloc == m->nslots) == is_full,
            "heap: a span is in the wrong one of the full and the other lists");
}

void heap_check(void)
{
    struct census n = {0};
    if (heap_base == NULL)
        return;
    heap_each_span(check_span, &n);
    nlisted = 0;
    central_each(check_listed, NULL);
    require(nlisted == n.listed, "heap: a span is in no list, or in two");
    /* A free slot that is marked by mistake is counted as found, for one cycle. */
    require(n.live <= heap_live(), "heap: bytes of objects are counted wrong");
    page_check(page_is_used);
}
