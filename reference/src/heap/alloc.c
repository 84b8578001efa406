/* SPDX-License-Identifier: BSD-3-Clause */
/* alloc.c - gr_new and its kin: from a type to a zeroed object whose pointers are known.
 *
 * Owns: the fast path, large objects, tiny ones, where types are written down.
 * Not here: runs of slots (cache.c), when a collection begins (floor gc).
 *
 * Idea: the fast path is a table, a comparison and an addition, and two words of type bits.
 * All that is rare happens where a run ends, which is once for 4 KB of slots at most.
 *
 *   I1  Between the look at the processor's slot and the last store to its cache nothing
 *       parks.  Nobody else interrupts: runtime text is never frozen.
 *   I2  What is known of an object's pointers is written before its address is given out;
 *       who finds the address in memory has it from a gr_store, a release, or from a stack
 *       that stands still.
 *   I3  A tiny object lies in a slot with others of its kind, without pointers: it lives as
 *       long as any of them.
 */
#include <string.h>

#include "gr/panic.h"
#include "heap/cache.h"
#include "heap/poison.h"

#define LENGTH_MAX ((uint64_t)1 << 47)  /* of arrays: there is no more address space */
#define PIECE_BYTES ((size_t)128 << 10) /* zeroed between two polls */
#define TINY_BYTES 16u
#define SIZE_LIMIT ((size_t)1 << 40) /* of types */

const gr_type gr_type_pointer = {
    .size = sizeof(void *), .nwords = 1, .word = 1, .name = "pointer"};

static char nothing[16] __attribute__((aligned(16))); /* what objects of 0 bytes are */

/* ---- types --------------------------------------------------------------------------- */

static NORETURN void type_bad(const gr_type *t, const char *what)
{
    fmt_fd(2, "gr: the type %s at %p %s; see gr_type in gr/mem.h\n",
           t->name != NULL ? t->name : "?", (const void *)t, what);
    throw("heap: a type descriptor is wrong");
}

/* n of the type are to be made.  Whatever passes cannot make the collector look outside of
 * an object.  Once for each stride of objects; for each in builds with checks. */
static void type_check(const gr_type *t, size_t n)
{
    if (t->size > SIZE_LIMIT)
        type_bad(t, "has a size above 2^40");
    if (t->nwords > t->size / sizeof(void *))
        type_bad(t, "has pointers behind its end");
    if (t->ptrs == NULL && t->nwords > 64)
        type_bad(t, "has more than 64 words and no table of pointers");
    if (t->ptrs == NULL && t->nwords < 64 && t->word >> t->nwords != 0)
        type_bad(t, "has a pointer that it does not count");
    if (n > 1 && t->nwords > 0 && t->size % sizeof(void *) != 0)
        type_bad(t, "has pointers, and in an array they are not aligned");
}

/* ---- slots --------------------------------------------------------------------------- */

/* Whoever does nothing but allocate has no other point, and stops would have to wait until
 * a signal has frozen him. */
static void look_up(void)
{
    uint32_t attention = load_relaxed(&sched_attention);
    if (UNLIKELY((attention & (ATT_WORLD | ATT_STOP | ATT_PREEMPT)) != 0) &&
        (attention & ATT_CONTROL) == 0)
        sched_point_slow();
}

/* Floor gc is told what was allocated, when it wants to know.  Nothing is held. */
static void tell_collector(void)
{
    look_up();
    if (UNLIKELY(load_relaxed(&page_ahead_is_due)) && heap_hooks.ahead != NULL) {
        store_relaxed(&page_ahead_is_due, false);
        heap_hooks.ahead();
    }
    if (heap_hooks.allocated == NULL ||
        !(load_relaxed(&gc_is_marking) || heap_live() >= load_relaxed(&heap_trigger)))
        return;
    struct heap_cache *c = cache_hold();
    size_t bytes = c->since;
    c->since = 0;
    cache_let_go(c);
    heap_hooks.allocated(bytes);
}

/* From the next span; c is held before and after, and may be another.  NULL: no memory. */
static void *slot_refill(struct heap_cache **c, uint32_t kind)
{
    cache_let_go(*c);
    tell_collector();
    *c = cache_hold();
    void *p = cache_advance(&(*c)->runs[kind]); /* it parked: this is another processor's */
    return p != NULL ? p : cache_refill(*c, kind);
}

/* No memory: what is garbage is collected before that is the end. */
static bool starve(bool is_first, uint64_t bytes)
{
    if (!is_first || heap_hooks.starved == NULL)
        heap_out_of_memory(bytes);
    heap_hooks.starved();
    return false;
}

static NOINLINE void *small_slow(uint32_t kind, const gr_type *t, size_t n)
{
    bool is_first = true;
    type_check(t, n);
    look_up();
    struct heap_cache *c = cache_hold();
    char *p = cache_advance(&c->runs[kind]);
    while (UNLIKELY(p == NULL)) {
        p = slot_refill(&c, kind);
        if (LIKELY(p != NULL))
            break;
        cache_let_go(c);
        is_first = starve(is_first, heap_classes[kind / 2].bytes);
        c = cache_hold();
    }
    if (t != c->runs[kind].type || n > 1)
        cache_retype(&c->runs[kind], p, t, n);
    poison_object(p, n * t->size, c->runs[kind].slot_bytes);
    if (t->nwords != 0 && c->runs[kind].slot_bytes > HEAP_BITS_BYTES)
        san_unpoison(p, p + c->runs[kind].slot_bytes);
    cache_let_go(c);
    return p;
}

/* ---- tiny ---------------------------------------------------------------------------- */

static const gr_type plain = {.size = 1, .name = "bytes"};

/* From the slot that is shared; aligned as its size asks for. */
static void *tiny_take(struct heap_cache *c, size_t bytes)
{
    uint32_t align = MUTANT(alloc_tiny_misaligned) ? 1 : 1u << ctz64(bytes | 8);
    uint32_t left = (uint32_t)align_down(c->tiny_left, align);
    if (left < bytes)
        return NULL;
    c->tiny_left = left - (uint32_t)bytes + (MUTANT(alloc_tiny_overlaps) ? 1 : 0);
    c->ntiny++;
    char *p = c->tiny + TINY_BYTES - left;
    san_unpoison(p, p + bytes);
    return p;
}

static void *tiny_alloc(size_t bytes)
{
    struct heap_cache *c = cache_hold();
    void *p = tiny_take(c, bytes);
    cache_let_go(c);
    if (p != NULL)
        return p;
    char *slot = small_slow(class_kind(class_of(TINY_BYTES), true), &plain, bytes);
    c = cache_hold();
    if (TINY_BYTES - bytes > c->tiny_left) {
        c->tiny = slot;
        c->tiny_left = TINY_BYTES - (uint32_t)bytes;
    }
    cache_let_go(c);
    return slot;
}

/* ---- large --------------------------------------------------------------------------- */

/* Others may run and the world may stop between two pieces: the object is nobody's yet. */
static void large_zero(char *p, size_t bytes)
{
    while (bytes > PIECE_BYTES) {
        memset(p, 0, PIECE_BYTES);
        p += PIECE_BYTES;
        bytes -= PIECE_BYTES;
        sched_point();
    }
    memset(p, 0, bytes);
}

static void *large_alloc(size_t bytes, const gr_type *t)
{
    size_t npages = align_up(bytes, HEAP_PAGE_BYTES) >> HEAP_PAGE_SHIFT;
    heap_boot();
    tell_collector();
    type_check(t, bytes / t->size);
    if (npages > heap_bytes >> HEAP_PAGE_SHIFT)
        heap_out_of_memory(bytes);
    struct heap_meta *m = NULL;
    for (bool is_first = true; m == NULL;) {
        m = span_make(CLASS_LARGE, t->nwords == 0, npages);
        if (m == NULL)
            is_first = starve(is_first, bytes);
    }
    char *p = heap_page_at(heap_page_no(m));
    san_race_forget(p, npages << HEAP_PAGE_SHIFT);
    if (!m->is_zero && !MUTANT(alloc_dirty_large))
        large_zero(p, npages << HEAP_PAGE_SHIFT);
    store_relaxed(&m->types[0], t->nwords == 0 ? NULL : t);
    if (t->nwords == 0)
        san_poison(p + bytes, p + (npages << HEAP_PAGE_SHIFT));
    central_add_large(m);
    struct heap_cache *c = cache_hold();
    c->since += npages << HEAP_PAGE_SHIFT;
    cache_let_go(c);
    return p;
}

/* ---- the door ------------------------------------------------------------------------ */

static void *alloc_slow(const gr_type *t, size_t n, size_t bytes)
{
    if (bytes > HEAP_SMALL_BYTES)
        return large_alloc(bytes, t);
    bool is_noscan = t->nwords == 0;
    if (bytes == 0)
        return nothing;
    if (is_noscan && bytes < TINY_BYTES)
        return tiny_alloc(bytes);
    heap_boot();
    return small_slow(class_kind(class_of(bytes), is_noscan), t, n);
}

void *gr_new(const gr_type *t)
{
    void **slot = sched_heap_slot();
    size_t bytes = t->size;
    bool is_noscan = t->nwords == 0;
    if (UNLIKELY(slot == NULL || *slot == NULL || bytes > HEAP_SMALL_BYTES ||
                 (is_noscan && bytes < TINY_BYTES)))
        return alloc_slow(t, 1, bytes);
    struct heap_cache *c = *slot;
    uint32_t kind = class_kind(class_of(bytes), is_noscan);
    struct heap_run *r = &c->runs[kind];
    char *p = r->next;
    if (UNLIKELY(p == r->end))
        return small_slow(kind, t, 1);
    r->next = p + r->slot_bytes;
    if (GR_DEBUG_CHECKS)
        type_check(t, 1);
    if (UNLIKELY(t != r->type))
        cache_retype(r, p, t, 1);
    poison_object(p, is_noscan || r->slot_bytes <= HEAP_BITS_BYTES ? bytes : r->slot_bytes,
                  r->slot_bytes);
    return p;
}

void *gr_new_array(const gr_type *t, int64_t n)
{
    uint64_t bytes;
    if (n < 0 || __builtin_mul_overflow((uint64_t)n, (uint64_t)t->size, &bytes) ||
        (bytes > LENGTH_MAX && !MUTANT(alloc_length_wraps)))
        gr_panic_error(GR_ERR_MAKESLICE_LEN);
    return alloc_slow(t, (size_t)n, bytes);
}

void *gr_new_bytes(int64_t bytes)
{
    return gr_new_array(&plain, bytes);
}

size_t gr_size_of(const void *p)
{
    struct heap_ref r;
    if (!heap_find(p, &r) || !span_is_alive(r.meta, r.slot))
        return 0;
    return heap_ref_bytes(&r);
}
