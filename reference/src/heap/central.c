/* SPDX-License-Identifier: BSD-3-Clause */
/* central.c - lists of spans that no cache owns, and who sweeps them when.
 *
 * Owns: one lock and four lists for each kind: swept or not, with free slots or without;
 * sweeping that is not done yet.
 * Not here: what sweeping does to a span (span.c), pacing of sweepers (floor gc).
 *
 * Idea: which lists are the swept ones depends on the parity of sweep_gen alone.  So the
 * end of marking turns all swept spans into unswept ones by one store, for which the
 * others must be empty, as they are once sweeping is over.
 *
 * Whoever needs free slots sweeps for them first, and only its own kind; what is behind in
 * the list was swept or used last and is likely to be in a cache of the machine.
 *
 *   I1  A span in lists[sweep_gen % 2] is swept, one in the others is not.
 *   I2  Whoever takes a span out of an unswept list sweeps it, and counts in `sweeping`
 *       from before the list's lock is released until it is done.
 *   I3  When all kinds below `cursor` were seen to have no unswept spans in this cycle,
 *       they have none: unswept lists grow only when the world stands still.
 */
#include "heap/central.h"

#define SWEEP_MOST 16u /* spans by who needs one: nobody is held up for a whole heap */

enum { HAS_FREE, IS_FULL, FILLS };

struct central {
    struct mutex lock;
    atomic_u32 list[2][FILLS]; /* atomic, written under lock: by parity; a page, 0: empty */
    uint64_t mallocs;          /* guarded by lock: objects handed out */
    uint64_t bytes;            /* guarded by lock: the same; of large ones only */
} CACHE_ALIGNED;

static struct central centrals[CLASS_KINDS];
static atomic_u32 sweeping; /* atomic (I2) */
static atomic_u32 cursor;   /* atomic (I3) */

void central_boot(void)
{
    for (uint32_t k = 0; k < CLASS_KINDS; k++)
        mutex_init(&centrals[k].lock, RANK_central);
}

/* ---- lists --------------------------------------------------------------------------- */

static uint32_t parity_swept(void)
{
    return load_relaxed(&heap_state.sweep_gen) % 2;
}

static void push_locked(struct central *c, struct heap_meta *m)
{
    atomic_u32 *head = &c->list[parity_swept()][m->nalloc == m->nslots];
    ASSERT(span_is_swept(m));
    m->next = load_relaxed(head);
    m->place = m->class == CLASS_LARGE  ? SPAN_LARGE
               : m->nalloc == m->nslots ? SPAN_FULL
                                        : SPAN_PARTIAL;
    store_relaxed(head, (uint32_t)heap_page_no(m));
}

/* Who takes a span soon takes the next one. */
static void prefetch_meta(const struct heap_meta *m)
{
    __builtin_prefetch(m, 1);
    __builtin_prefetch(m->marks, 1);
    __builtin_prefetch(m->scans, 1);
    __builtin_prefetch(m->alloc, 1);
}

static struct heap_meta *pop_locked(atomic_u32 *head)
{
    uint32_t page = load_relaxed(head);
    if (page == 0)
        return NULL;
    struct heap_meta *m = &heap_metas[page];
    store_relaxed(head, m->next);
    prefetch_meta(&heap_metas[m->next]);
    return m;
}

/* The next one to be swept, which the caller must do (I2); of those that had free slots or
 * none, `fill` comes first. */
static struct heap_meta *pop_unswept_locked(struct central *c, uint32_t fill)
{
    atomic_u32 *list = c->list[1 - parity_swept()];
    struct heap_meta *m = pop_locked(&list[fill]);
    if (m == NULL)
        m = pop_locked(&list[1 - fill]);
    if (m != NULL) {
        m->place = SPAN_SWEEPING;
        add_relaxed(&sweeping, 1);
    }
    return m;
}

static void sweep_done(void)
{
    /* Pairs with the acquire in heap_sweep_all. */
    atomic_fetch_sub_explicit(&sweeping, 1, memory_order_release);
}

/* ---- to and from caches -------------------------------------------------------------- */

/* Sweeps until a span has free slots, so many at most; the lock is released.  NULL: none of
 * them has. */
static struct heap_meta *sweep_for_free(struct central *c)
{
    for (uint32_t i = 0; i < SWEEP_MOST; i++) {
        bool is_last = i + 1 == SWEEP_MOST; /* what had free slots has some now */
        struct heap_meta *m = pop_unswept_locked(c, is_last ? HAS_FREE : IS_FULL);
        mutex_unlock_p(&c->lock);
        if (m == NULL)
            return NULL;
        bool has_free = span_sweep(m) > 0;
        if (has_free) {
            sweep_done();
            return m;
        }
        mutex_lock_p(&c->lock);
        push_locked(c, m);
        sweep_done();
    }
    mutex_unlock_p(&c->lock);
    return NULL;
}

struct heap_meta *central_take(uint32_t kind, size_t *bytes)
{
    struct central *c = &centrals[kind];
    mutex_lock_p(&c->lock);
    struct heap_meta *m = pop_locked(&c->list[parity_swept()][HAS_FREE]);
    if (m != NULL)
        mutex_unlock_p(&c->lock);
    else
        m = sweep_for_free(c);
    if (m == NULL)
        m = span_make(kind / 2, kind % 2, heap_classes[kind / 2].npages);
    if (m == NULL)
        return NULL;
    m->place = SPAN_CACHED;
    *bytes = (size_t)(m->nslots - m->nalloc) * m->slot_bytes;
    add_relaxed(&heap_state.live, *bytes);
    if (load_relaxed(&heap_state.is_marking))
        span_blacken(m);
    return m;
}

void central_give(struct heap_meta *m, uint32_t n)
{
    struct central *c = &centrals[span_kind(m)];
    ASSERT(m->place == SPAN_CACHED && n >= m->nalloc && n == span_count(m, m->alloc));
    mutex_lock_p(&c->lock);
    c->mallocs += n - m->nalloc - (MUTANT(alloc_mallocs_lost) ? 1 : 0);
    m->nalloc = n;
    push_locked(c, m);
    mutex_unlock_p(&c->lock);
}

void central_add_large(struct heap_meta *m)
{
    struct central *c = &centrals[span_kind(m)];
    size_t bytes = span_slot_bytes(m);
    store_relaxed(&m->sweep_gen, load_relaxed(&heap_state.sweep_gen));
    if (load_relaxed(&heap_state.is_marking))
        span_blacken(m);
    span_alloc_put(m, 0, 1, true);
    m->nalloc = 1;
    add_relaxed(&heap_state.live, bytes);
    mutex_lock_p(&c->lock);
    c->mallocs++;
    c->bytes += bytes;
    push_locked(c, m);
    mutex_unlock_p(&c->lock);
}

/* ---- sweeping for its own sake ------------------------------------------------------- */

/* Without the lock: what is empty stays so in this cycle (I3). */
static bool is_all_swept(struct central *c)
{
    atomic_u32 *list = c->list[1 - parity_swept()];
    return load_relaxed(&list[HAS_FREE]) == 0 && load_relaxed(&list[IS_FULL]) == 0;
}

/* One span of this kind.  Gives its pages; 0: there is none. */
static size_t sweep_one(struct central *c)
{
    if (is_all_swept(c))
        return 0;
    mutex_lock_p(&c->lock);
    struct heap_meta *m = pop_unswept_locked(c, IS_FULL);
    mutex_unlock_p(&c->lock);
    if (m == NULL)
        return 0;
    size_t npages = m->npages;
    if (span_sweep(m) + (MUTANT(alloc_span_freed_early) ? 1 : 0) >= m->nslots) {
        span_free(m);
    } else {
        mutex_lock_p(&c->lock);
        push_locked(c, m);
        mutex_unlock_p(&c->lock);
    }
    sweep_done();
    return npages;
}

bool heap_sweep_some(size_t npages)
{
    size_t done = 0;
    heap_boot();
    for (uint32_t k = load_relaxed(&cursor); k < CLASS_KINDS; k++) {
        while (done < npages) {
            size_t n = sweep_one(&centrals[k]);
            if (n == 0)
                break;
            done += n;
        }
        if (done >= npages)
            return true;
        uint32_t here = k;
        cas_relaxed(&cursor, &here, k + 1);
    }
    return done > 0;
}

void heap_sweep_all(void)
{
    while (heap_sweep_some(64))
        sched_point();
    /* Pairs with the release in sweep_done. */
    while (load_acquire(&sweeping) != 0)
        sched_yield_now();
}

void heap_mark_end(uint64_t found)
{
    heap_flush();
    uint64_t marked = found + (heap_state.is_minor ? heap_old() : 0);
    store_relaxed(&heap_state.live, heap_live() - heap_state.live_before + marked);
    store_relaxed(&heap_state.old, heap_live());
    ASSERT(load_relaxed(&sweeping) == 0);
    store_relaxed(&heap_state.is_marking, false);
    for (uint32_t k = 0; k < CLASS_KINDS; k++)
        for (uint32_t f = 0; f < FILLS; f++)
            ASSERT(load_relaxed(&centrals[k].list[1 - parity_swept()][f]) == 0);
    store_relaxed(&heap_state.sweep_gen, load_relaxed(&heap_state.sweep_gen) + 1);
    store_relaxed(&cursor, 0);
    if (UNLIKELY(env_knobs.heapcheck))
        heap_check();
}

/* ---- figures ------------------------------------------------------------------------- */

void central_count(uint64_t *mallocs, uint64_t *bytes)
{
    *mallocs = *bytes = 0;
    for (uint32_t k = 0; k < CLASS_KINDS; k++) {
        struct central *c = &centrals[k];
        mutex_lock_p(&c->lock);
        *mallocs += c->mallocs;
        *bytes += c->mallocs * heap_classes[k / 2].bytes + c->bytes;
        mutex_unlock_p(&c->lock);
    }
}

void central_each(void (*see)(struct heap_meta *m, uint32_t kind, bool is_swept,
                              bool is_full, void *arg),
                  void *arg)
{
    for (uint32_t i = 0; i < CLASS_KINDS * 2 * FILLS; i++) {
        uint32_t kind = i / (2 * FILLS), parity = i / FILLS % 2, fill = i % FILLS;
        uint32_t page = load_relaxed(&centrals[kind].list[parity][fill]);
        for (; page != 0; page = heap_metas[page].next)
            see(&heap_metas[page], kind, parity == parity_swept(), fill == IS_FULL, arg);
    }
}
