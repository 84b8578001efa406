/* SPDX-License-Identifier: BSD-3-Clause */
/* work.c - queues of what is marked and not yet scanned (work.h). */
#include "work.h"

#define BLOCK_ENTRIES 510u

struct block {
    struct block *next; /* guarded by shared.lock */
    uint64_t n;         /* the same, as the entries */
    uint64_t entry[BLOCK_ENTRIES];
};

static struct {
    struct mutex lock;
    struct block *blocks; /* guarded by lock: all but the first are full or nearly so */
    atomic_u32 nblocks;   /* atomic, written under lock: hint, exact in a stopped world */
    struct work *_Atomic all;
    struct fixpool block_pool, work_pool;
} shared = {.lock = MUTEX_INIT(RANK_gcwork),
            .block_pool = FIXPOOL_INIT(sizeof(struct block)),
            .work_pool = FIXPOOL_INIT(sizeof(struct work))};

/* ---- records ------------------------------------------------------------------------- */

static NOINLINE struct work *work_make(void **slot)
{
    struct work *w = fixpool_acquire(&shared.work_pool);
    *slot = w;
    w->room =
        env_knobs.gcsmall ? 4 : WORK_RING; /* for tests of what happens when it is full */
    w->all_next = load_relaxed(&shared.all);
    /* Pairs with the acquire in work_first. */
    while (!cas_release(&shared.all, &w->all_next, w))
        ;
    return w;
}

static struct work nobodys; /* of who has no processor */

struct work *work_mine(void)
{
    void **slot = sched_gc_slot();
    if (slot == NULL)
        return &nobodys;
    return LIKELY(*slot != NULL) ? *slot : work_make(slot);
}

static struct work *work_first(void)
{
    return load_acquire(&shared.all); /* pairs with the release in work_make */
}

void work_each(void (*see)(struct work *w))
{
    see(&nobodys);
    for (struct work *w = work_first(); w != NULL; w = w->all_next)
        see(w);
}

/* ---- rings --------------------------------------------------------------------------- */

/* From any ring, by anybody. */
static uint32_t ring_take(struct work *w, uint64_t *out, uint32_t max)
{
    for (;;) {
        uint32_t head = load_acquire(&w->head);     /* pairs with the cas below */
        uint32_t n = load_acquire(&w->tail) - head; /* pairs with ring_push */
        n = n < max ? n : max;
        if (n == 0)
            return 0;
        if (n > WORK_RING) /* head was old */
            continue;
        for (uint32_t i = 0; i < n; i++)
            out[i] = load_relaxed(&w->ring[(head + i) % WORK_RING]);
        /* Pairs with the acquire in ring_push: the places may be written again. */
        if (cas_acq_rel(&w->head, &head, head + n))
            return n;
    }
}

static bool ring_push(struct work *w, uint64_t entry)
{
    uint32_t tail = load_relaxed(&w->tail);
    if (tail - load_acquire(&w->head) >= w->room) /* pairs with the cas in ring_take */
        return false;
    store_relaxed(&w->ring[tail % WORK_RING], entry);
    store_release(&w->tail, tail + 1); /* pairs with the acquire in ring_take */
    return true;
}

/* ---- shared blocks ------------------------------------------------------------------- */

static void block_put_locked(uint64_t entry)
{
    struct block *b = shared.blocks;
    if (b == NULL || b->n == BLOCK_ENTRIES) {
        b = fixpool_acquire(&shared.block_pool);
        b->n = 0;
        b->next = shared.blocks;
        shared.blocks = b;
        store_relaxed(&shared.nblocks, load_relaxed(&shared.nblocks) + 1);
    }
    b->entry[b->n++] = entry;
}

static void shared_put(const uint64_t *in, uint32_t n)
{
    mutex_lock(&shared.lock);
    for (uint32_t i = 0; i < n; i++)
        block_put_locked(in[i]);
    mutex_unlock(&shared.lock);
}

static uint32_t shared_take(uint64_t *out, uint32_t max)
{
    if (load_relaxed(&shared.nblocks) == 0)
        return 0;
    uint32_t n = 0;
    mutex_lock(&shared.lock);
    struct block *b = shared.blocks;
    while (b != NULL && b->n > 0 && n < max)
        out[n++] = b->entry[--b->n];
    if (b != NULL && b->n == 0) {
        shared.blocks = b->next;
        fixpool_release(&shared.block_pool, b);
        store_relaxed(&shared.nblocks, load_relaxed(&shared.nblocks) - 1);
    }
    mutex_unlock(&shared.lock);
    return n;
}

/* ---- both ---------------------------------------------------------------------------- */

/* Half of a full ring goes to all. */
static COLD void work_spill(struct work *w, uint64_t entry)
{
    uint64_t half[WORK_RING / 2];
    uint32_t n = w->room > 0 ? ring_take(w, half, w->room / 2) : 0;
    shared_put(half, n);
    shared_put(&entry, 1);
}

void work_push(struct work *w, uint64_t entry)
{
    if (UNLIKELY(!ring_push(w, entry)))
        work_spill(w, entry);
}

static uint32_t work_steal(struct work *mine, uint64_t *out, uint32_t max)
{
    struct work *first = MUTANT(gc_ends_with_work) ? NULL : work_first();
    for (struct work *w = first; w != NULL; w = w->all_next) {
        uint32_t n = w != mine ? ring_take(w, out, max) : 0;
        if (n > 0)
            return n;
    }
    return 0;
}

uint32_t work_take_mine(struct work *w, uint64_t *out, uint32_t max)
{
    return ring_take(w, out, max);
}

uint32_t work_take(struct work *w, uint64_t *out, uint32_t max)
{
    uint32_t n = ring_take(w, out, max);
    if (n == 0)
        n = shared_take(out, max);
    return n > 0 ? n : work_steal(w, out, max);
}

bool work_is_empty(void)
{
    if (load_relaxed(&shared.nblocks) != 0)
        return false;
    for (struct work *w = work_first(); w != NULL; w = w->all_next)
        if (load_acquire(&w->tail) != load_acquire(&w->head)) /* pair with push and take */
            return MUTANT(gc_ends_with_work);
    return true;
}
