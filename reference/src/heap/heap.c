/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.c - the heap as a whole: its address space, its boot, its figures, its equations.
 *
 * Owns: heap_base, heap_tags, heap_metas, heap_cards; heap_stats.
 * Not here: allocation (alloc.c), pages (page.c), sweeping (central.c).
 *
 * Idea: one reservation for objects and one for each array beside it, so large that the
 * heap never has to move or to look for the piece that an address lies in.  Where address
 * space is scarce it is less; a small heap is better than none.
 */
#include "heap/heap.h"

#include "arch/arch.h"
#include "heap/cache.h"
#include "os/os.h"

#define SPACE_MAX ((size_t)64 << 30)
#define SPACE_SANITIZED ((size_t)8 << 30) /* they have a shadow for each byte */
#define SPACE_MIN ((size_t)64 << 20)
#define CLEAR_BATCH 64u /* spans between two polls */

char *heap_base;
size_t heap_bytes;
atomic_u32 *heap_tags;
struct heap_meta *heap_metas;
_Atomic uint8_t *heap_cards;
struct heap_hooks heap_hooks;
atomic_u64 heap_trigger = UINT64_MAX;

STATIC_ASSERT(SPACE_MAX >> HEAP_PAGE_SHIFT <= TAG_PAGE_MASK + 1, "a tag names every page");
STATIC_ASSERT(HEAP_CLASSES <= TAG_CLASS_MASK + 1, "a tag names every class");

/* ---- boot ---------------------------------------------------------------------------- */

static bool space_take(size_t bytes)
{
    size_t npages = bytes >> HEAP_PAGE_SHIFT;
    size_t ncards = env_knobs.generational ? npages * HEAP_PAGE_CARDS : 0;
    size_t beside = npages * (sizeof(struct heap_meta) + sizeof(heap_tag)) + ncards;
    char *metas = os_reserve(beside, OS_HUGE_BYTES);
    char *base = metas != NULL ? os_reserve(bytes, OS_HUGE_BYTES) : NULL;
    if (base == NULL || !page_boot(npages)) {
        if (metas != NULL)
            os_release(metas, beside);
        if (base != NULL)
            os_release(base, bytes);
        return false;
    }
    heap_metas = (struct heap_meta *)(void *)metas;
    heap_tags = (atomic_u32 *)(void *)(metas + npages * sizeof(struct heap_meta));
    if (ncards > 0)
        heap_cards = (_Atomic uint8_t *)(heap_tags + npages);
    heap_base = base;
    heap_bytes = bytes;
    store_relaxed(&gc_has_cards, ncards > 0);
    san_race_region(base, bytes);
    return true;
}

/* False: no piece of address space is to be had. */
static bool space_boot(void)
{
    size_t limit = os_space_limit() / 4;
    size_t most = GR_ASAN || GR_TSAN || GR_RACECHECK ? SPACE_SANITIZED : SPACE_MAX;
    size_t bytes = align_down(min_u64(most, limit), SPACE_MIN);
    for (; bytes >= SPACE_MIN; bytes = align_down(bytes / 2, SPACE_MIN))
        if (space_take(bytes))
            return true;
    return false;
}

void heap_boot(void)
{
    static struct mutex lock = MUTEX_INIT(RANK_cache);
    static _Atomic bool is_booted;
    /* Pairs with the release below. */
    if (LIKELY(load_acquire(&is_booted)))
        return;
    mutex_lock(&lock);
    bool is_there = load_relaxed(&is_booted);
    if (!is_there) {
        base_boot();
        class_boot();
        central_boot();
        is_there = space_boot();
        store_release(&is_booted, is_there); /* pairs with the acquire above */
    }
    mutex_unlock(&lock);
    if (!is_there)
        fatal_after(
            "gr: the heap needs 64 MB of address space, and is refused them; look at "
            "ulimit -v\n",
            GR_FATAL_NO_MEMORY);
}

/* ---- what others ask ----------------------------------------------------------------- */

bool heap_is_object(const struct heap_ref *r)
{
    /* Pairs with the release in span_alloc_put. */
    return (load_acquire(&r->meta->alloc[r->slot / 64]) >> r->slot % 64 & 1) != 0;
}

uint64_t heap_live(void)
{
    return load_relaxed(&heap_state.live);
}

uint64_t heap_old(void)
{
    return load_relaxed(&heap_state.old);
}

size_t heap_page_top(void)
{
    return page_top();
}

void heap_each_span(void (*see)(struct heap_meta *m, void *arg), void *arg)
{
    size_t top = page_top();
    for (size_t page = 1; page < top;) {
        /* Pairs with the release in span_make. */
        if ((load_acquire(&heap_tags[page]) & TAG_USED) == 0) {
            page++;
            continue;
        }
        struct heap_meta *m = &heap_metas[page];
        page += m->npages;
        see(m, arg);
    }
}

/* Nothing is freed meanwhile, so the visit can go on after a poll. */
static void marks_clear(struct heap_meta *m, void *arg)
{
    uint32_t *n = arg;
    for (uint32_t i = 0; i < span_words(m); i++) {
        store_release(&m->marks[i], 0); /* as in a sweep: pairs with span_is_alive */
        store_relaxed(&m->scans[i], 0);
    }
    if (++*n % CLEAR_BATCH == 0)
        sched_point();
}

void heap_marks_clear(void)
{
    uint32_t n = 0;
    heap_each_span(marks_clear, &n);
}

void heap_mark_begin(bool is_minor)
{
    ASSERT(!is_minor || load_relaxed(&gc_has_cards));
    if (UNLIKELY(env_knobs.heapcheck))
        heap_check();
    heap_state.live_before = heap_live();
    heap_state.is_minor = is_minor;
    store_relaxed(&heap_state.is_marking, true);
}

bool heap_ahead(void)
{
    return page_ahead();
}

size_t heap_scavenge(uint64_t retain, size_t most)
{
    return heap_base != NULL ? page_scavenge(retain, most) : 0;
}

/* A meta, a tag, and cards if there are some, for each page that the system does not have
 * back, two bits for all. */
static uint64_t beside(const struct page_stats *p)
{
    size_t each = sizeof(struct heap_meta) + sizeof(heap_tag);
    each += load_relaxed(&gc_has_cards) ? HEAP_PAGE_CARDS : 0;
    return (p->top - p->clean) * each + p->top / 4;
}

struct heap_room heap_room(void)
{
    struct page_stats p;
    if (heap_base == NULL)
        return (struct heap_room){0, 0};
    page_stats(&p);
    return (struct heap_room){(uint64_t)p.in_use << HEAP_PAGE_SHIFT, beside(&p)};
}

void heap_stats(struct gr_mem_stats *s)
{
    struct page_stats pages;
    uint64_t cached, cached_bytes, tiny;
    heap_boot();
    page_stats(&pages);
    struct central_sum sum = central_count();
    cache_count(&cached, &cached_bytes);
    tiny = cache_count_tiny();
    s->total_alloc = sum.bytes + cached_bytes;
    s->heap_alloc = s->total_alloc - sum.freed;
    s->mallocs = sum.mallocs + cached + tiny;
    s->frees = sum.frees + tiny;
    s->heap_objects = s->mallocs - s->frees;
    s->heap_sys = (uint64_t)pages.top << HEAP_PAGE_SHIFT;
    s->heap_inuse = (uint64_t)pages.in_use << HEAP_PAGE_SHIFT;
    s->heap_idle = s->heap_sys - s->heap_inuse;
    s->heap_released = (uint64_t)pages.clean << HEAP_PAGE_SHIFT;
    s->other_sys = beside(&pages);
}
