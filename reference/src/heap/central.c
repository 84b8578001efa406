/* SPDX-License-Identifier: BSD-3-Clause */
/* central.c - lists of spans that no cache owns, and who sweeps them when.
 *
 * Owns: shards of lists, one lock and four lists for each kind: swept or not, with free
 * slots or without; sweeping that is not done yet.
 * Not here: what sweeping does to a span (span.c), pacing of sweepers (floor gc).
 *
 * Idea: which lists are the swept ones depends on the parity of sweep_gen alone.  So the
 * end of marking turns all swept spans into unswept ones by one store, for which the
 * others must be empty, as they are once sweeping is over.
 *
 * Whoever needs free slots sweeps for them first, and only its own kind; what is behind in
 * the list was swept or used last and is likely to be in a cache of the machine.
 *
 * A cache takes from and gives to the lists of its shard: there is what it used last, and
 * hardly anybody else.  What they do not have it takes from the others, before it has a new
 * span made.
 *
 *   I1  A span in lists[sweep_gen % 2] is swept, one in the others is not.
 *   I2  Whoever takes a span out of an unswept list sweeps it, and counts in `sweeping`
 *       from before the list is seen without it until it is done.
 *   I3  When all below `cursor` were seen to have no unswept spans in this cycle, they have
 *       none: unswept lists grow only when the world stands still.
 *   I4  Lists whose bit in `used` is not set were never anything but empty.
 */
#include "heap/central.h"

#define SWEEP_MOST 16u /* spans by who needs one: nobody is held up for a whole heap */

enum { HAS_FREE, IS_FULL, FILLS };

struct central {
    struct mutex lock;
    atomic_u32 list[2][FILLS]; /* atomic, written under lock: by parity; a page, 0: empty */
    uint64_t mallocs;          /* guarded by lock: objects handed out */
    uint64_t bytes;            /* guarded by lock: the same; of large ones only */
    atomic_u32 sweeping;       /* atomic (I2) */
    atomic_u64 frees, freed;   /* atomic: objects that sweeping has freed, their bytes */
} CACHE_ALIGNED;

#define LISTS (CENTRAL_SHARDS * CLASS_KINDS)
static struct central centrals[LISTS];         /* shard by shard */
static atomic_u64 used[(LISTS + 63) / 64 + 1]; /* atomic (I4): their bits */
static atomic_u32 cursor;                      /* atomic (I3) */

void central_boot(void)
{
    for (uint32_t i = 0; i < LISTS; i++)
        mutex_init(&centrals[i].lock, RANK_central);
}

static uint32_t lists_of(uint32_t shard, uint32_t kind)
{
    return shard % CENTRAL_SHARDS * CLASS_KINDS + kind;
}

static bool is_used(uint32_t i)
{
    return (load_relaxed(&used[i / 64]) >> i % 64 & 1) != 0;
}

/* The first lists from number i on that are used; LISTS: none. */
static uint32_t next_used(uint32_t i)
{
    for (uint32_t w = i / 64; w < ARRAY_LEN(used); w++) {
        uint64_t bits = load_relaxed(&used[w]);
        if (w == i / 64)
            bits &= ~(uint64_t)0 << i % 64;
        if (bits != 0)
            return w * 64 + ctz64(bits);
    }
    return LISTS;
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
    uint32_t i = (uint32_t)(c - centrals);
    if (UNLIKELY(!is_used(i)))
        atomic_fetch_or_explicit(&used[i / 64], (uint64_t)1 << i % 64,
                                 memory_order_relaxed);
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
    store_release(head, m->next); /* pairs with the acquires in is_all_swept */
    prefetch_meta(&heap_metas[m->next]);
    return m;
}

/* The next one to be swept, which the caller must do (I2); of those that had free slots or
 * none, `fill` comes first. */
static struct heap_meta *pop_unswept_locked(struct central *c, uint32_t fill)
{
    atomic_u32 *list = c->list[1 - parity_swept()];
    if (load_relaxed(&list[fill]) == 0)
        fill = 1 - fill;
    if (load_relaxed(&list[fill]) == 0)
        return NULL;
    add_relaxed(&c->sweeping, 1); /* before the list can be seen to be empty */
    struct heap_meta *m = pop_locked(&list[fill]);
    m->place = SPAN_SWEEPING;
    return m;
}

/* Gives: how many free slots it has. */
static uint32_t sweep(struct central *c, struct heap_meta *m)
{
    uint32_t freed, nfree = span_sweep(m, &freed);
    if (freed > 0) {
        add_relaxed(&c->frees, freed - (MUTANT(alloc_frees_lost) ? 1 : 0));
        add_relaxed(&c->freed, freed * span_slot_bytes(m));
    }
    return nfree;
}

static void sweep_done(struct central *c)
{
    /* Pairs with the acquire in heap_sweep_all. */
    atomic_fetch_sub_explicit(&c->sweeping, 1, memory_order_release);
}

/* ---- to and from caches -------------------------------------------------------------- */

/* Sweeps until a span has free slots, *most at most; the lock is released.  NULL: none of
 * them has. */
static struct heap_meta *sweep_for_free(struct central *c, uint32_t *most)
{
    for (; *most > 0; --*most) {
        bool is_last = *most == 1; /* what had free slots has some now */
        struct heap_meta *m = pop_unswept_locked(c, is_last ? HAS_FREE : IS_FULL);
        if (m == NULL)
            break;
        mutex_unlock_p(&c->lock);
        bool has_free = sweep(c, m) > 0;
        if (has_free) {
            sweep_done(c);
            return m;
        }
        mutex_lock_p(&c->lock);
        push_locked(c, m);
        sweep_done(c);
    }
    mutex_unlock_p(&c->lock);
    return NULL;
}

/* A span with free slots, swept; NULL: there is none, or too many had to be swept. */
static struct heap_meta *take(uint32_t shard, uint32_t kind)
{
    uint32_t most = SWEEP_MOST;
    for (uint32_t i = 0; i < CENTRAL_SHARDS; i++) {
        uint32_t n = lists_of(shard + i, kind);
        if (!is_used(n))
            continue;
        most = max_u64(most, 1); /* a look at what had free slots, in each shard */
        struct central *c = &centrals[n];
        mutex_lock_p(&c->lock);
        struct heap_meta *m = pop_locked(&c->list[parity_swept()][HAS_FREE]);
        if (m != NULL)
            mutex_unlock_p(&c->lock);
        else
            m = sweep_for_free(c, &most);
        if (m != NULL)
            return m;
    }
    return NULL;
}

struct heap_meta *central_take(uint32_t shard, uint32_t kind, size_t *bytes)
{
    struct heap_meta *m = take(shard, kind);
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

void central_give(uint32_t shard, struct heap_meta *m, uint32_t n)
{
    struct central *c = &centrals[lists_of(shard, span_kind(m))];
    ASSERT(m->place == SPAN_CACHED && n >= m->nalloc && n == span_count(m, m->alloc));
    mutex_lock_p(&c->lock);
    c->mallocs += n - m->nalloc - (MUTANT(alloc_mallocs_lost) ? 1 : 0);
    m->nalloc = n;
    push_locked(c, m);
    mutex_unlock_p(&c->lock);
}

void central_add_large(struct heap_meta *m)
{
    struct central *c = &centrals[lists_of(0, span_kind(m))];
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
    /* Pairs with the release in pop_locked: who has taken the last one counts (I2). */
    return load_acquire(&list[HAS_FREE]) == 0 && load_acquire(&list[IS_FULL]) == 0;
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
    if (sweep(c, m) + (MUTANT(alloc_span_freed_early) ? 1 : 0) >= m->nslots) {
        span_free(m);
    } else {
        mutex_lock_p(&c->lock);
        push_locked(c, m);
        mutex_unlock_p(&c->lock);
    }
    sweep_done(c);
    return npages;
}

bool heap_sweep_some(size_t npages)
{
    size_t done = 0;
    heap_boot();
    uint32_t i = load_acquire(&cursor); /* pairs with the exchange below (I2) */
    for (i = next_used(i); i < LISTS; i = next_used(i + 1)) {
        while (done < npages) {
            size_t n = sweep_one(&centrals[i]);
            if (n == 0)
                break;
            done += n;
        }
        if (done >= npages)
            return true;
        uint32_t at = load_relaxed(&cursor);
        if (at < i + 1)
            cas_seq(&cursor, &at, i + 1);
    }
    return done > 0;
}

void heap_sweep_all(void)
{
    while (heap_sweep_some(64))
        sched_point();
    /* Pairs with the release in sweep_done. */
    for (uint32_t i = next_used(0); i < LISTS; i = next_used(i + 1))
        while (load_acquire(&centrals[i].sweeping) != 0)
            sched_yield_now();
}

void heap_mark_end(uint64_t found)
{
    heap_flush();
    uint64_t marked = found + (heap_state.is_minor ? heap_old() : 0);
    store_relaxed(&heap_state.live, heap_live() - heap_state.live_before + marked);
    store_relaxed(&heap_state.old, heap_live());
    store_relaxed(&heap_state.is_marking, false);
    for (uint32_t i = 0; GR_DEBUG_CHECKS && i < LISTS; i++)
        ASSERT(is_all_swept(&centrals[i]) && load_relaxed(&centrals[i].sweeping) == 0);
    store_relaxed(&heap_state.sweep_gen, load_relaxed(&heap_state.sweep_gen) + 1);
    store_relaxed(&cursor, 0);
    if (UNLIKELY(env_knobs.heapcheck))
        heap_check();
}

/* ---- figures ------------------------------------------------------------------------- */

struct central_sum central_count(void)
{
    struct central_sum sum = {0};
    for (uint32_t i = next_used(0); i < LISTS; i = next_used(i + 1)) {
        struct central *c = &centrals[i];
        mutex_lock_p(&c->lock);
        sum.mallocs += c->mallocs;
        sum.bytes += c->mallocs * heap_classes[i % CLASS_KINDS / 2].bytes + c->bytes;
        sum.frees += load_relaxed(&c->frees);
        sum.freed += load_relaxed(&c->freed);
        mutex_unlock_p(&c->lock);
    }
    return sum;
}

void central_each(void (*see)(struct heap_meta *m, uint32_t kind, bool is_swept,
                              bool is_full, void *arg),
                  void *arg)
{
    for (uint32_t i = 0; i < LISTS * 2 * FILLS; i++) {
        uint32_t n = i / (2 * FILLS), parity = i / FILLS % 2, fill = i % FILLS;
        uint32_t page = load_relaxed(&centrals[n].list[parity][fill]),
                 kind = n % CLASS_KINDS;
        for (; page != 0; page = heap_metas[page].next)
            see(&heap_metas[page], kind, parity == parity_swept(), fill == IS_FULL, arg);
    }
}
