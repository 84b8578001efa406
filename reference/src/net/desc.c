/* SPDX-License-Identifier: BSD-3-Clause */
/* desc.c - the table of descriptors, and the word that locks and counts their users.
 *
 * Owns: cells, generations, gr_close; the state word:
 *
 *   63      32 31       5  4     3     2     1     0
 *   generation | users   | WANT_W WANT_R LOCK_W LOCK_R CLOSED
 *
 *   I1  An open descriptor has one user of its own, which gr_close takes away.
 *   I2  users > 0, or the cell is free and CLOSED is set.
 *   I3  WANT is set exactly while somebody is queued for the half, but for a moment under
 *       lock; then the one who unlocks hands lock and user over to the first in the queue.
 *   I4  CLOSED never clears within a generation.
 */
#include "desc.h"

#define CELLS_PER_CHUNK 256u
#define CHUNKS 16384u /* four million descriptors, more than the system gives */

#define CLOSED 1u
#define LOCK(half) (2u << (half))
#define WANT(half) (8u << (half))
#define USER 32u
#define USERS 0xffffffe0u
#define GENERATION_SHIFT 32
#define GENERATION_MAX 0x7fffffffu

static struct {
    struct mutex lock;
    uint32_t made;     /* guarded by lock: cells */
    struct desc *free; /* guarded by lock: last freed first */
} table = {.lock = MUTEX_INIT(RANK_descs)};

static struct desc *_Atomic chunks[CHUNKS]; /* atomic; set once, under table.lock */

/* ---- cells ---- */

static struct desc *cell_of(uint64_t handle)
{
    uint32_t index = (uint32_t)handle, chunk = index / CELLS_PER_CHUNK;
    if (chunk >= CHUNKS)
        return NULL;
    struct desc *cells = load_acquire(&chunks[chunk]); /* pairs with cell_make_locked */
    return cells != NULL ? &cells[index % CELLS_PER_CHUNK] : NULL;
}

static bool is_same(uint64_t state, uint64_t handle)
{
    return (state ^ handle) >> GENERATION_SHIFT == 0;
}

static uint64_t generation_after(uint64_t state)
{
    uint64_t next = (state >> GENERATION_SHIFT) + 1;
    return (next > GENERATION_MAX ? 1 : next) << GENERATION_SHIFT;
}

static struct desc *cell_make_locked(void)
{
    uint32_t index = table.made, chunk = index / CELLS_PER_CHUNK;
    if (chunk == CHUNKS)
        return NULL;
    struct desc *cells = load_relaxed(&chunks[chunk]);
    if (cells == NULL) {
        size_t bytes = align_up(CELLS_PER_CHUNK * sizeof *cells, os_page_bytes());
        cells = os_reserve(bytes, os_page_bytes());
        if (cells == NULL)
            return NULL;
        store_release(&chunks[chunk], cells); /* pairs with the acquire in cell_of */
    }
    table.made++;
    struct desc *d = &cells[index % CELLS_PER_CHUNK];
    d->index = index;
    mutex_init(&d->lock, RANK_net);
    desc_timers_init(d);
    store_relaxed(&d->state, generation_after(0) | CLOSED);
    return d;
}

static struct desc *cell_acquire(void)
{
    mutex_lock(&table.lock);
    struct desc *d = table.free;
    if (d != NULL)
        table.free = d->next;
    else
        d = cell_make_locked();
    mutex_unlock(&table.lock);
    return d;
}

/* Needs: no user. */
static void cell_release(struct desc *d)
{
    /* Release: what users did comes before a new life; pairs with the CAS of later
     * users. */
    store_release(&d->state, generation_after(load_relaxed(&d->state)) | CLOSED);
    mutex_lock(&table.lock);
    d->next = table.free;
    table.free = d;
    mutex_unlock(&table.lock);
}

struct desc *desc_find(uint64_t handle)
{
    struct desc *d = cell_of(handle);
    if (d == NULL)
        return NULL;
    return is_same(load_acquire(&d->state), handle) ? d : NULL; /* pairs with desc_open */
}

/* ---- users ---- */

struct desc *desc_enter(gr_fd fd)
{
    struct desc *d = cell_of((uint64_t)fd);
    if (UNLIKELY(d == NULL))
        return NULL;
    uint64_t s = load_relaxed(&d->state);
    do {
        if (UNLIKELY(!is_same(s, (uint64_t)fd) || (s & CLOSED) != 0))
            return NULL;
    } while (!cas_acquire(&d->state, &s, s + USER)); /* pairs with desc_open, unlocks */
    return d;
}

/* The last user of a closed descriptor: nobody else can reach it any more. */
static int desc_end(struct desc *d)
{
    RACE_ACQUIRE(d); /* what users did with the system's number comes before its end */
    if (d->is_registered)
        poller_remove(d);
    if (d->has_file)
        os_listen_clean(d->fd);
    int result = os_close(d->fd);
    cell_release(d);
    return result;
}

static void desc_end_for_closer(struct desc *d)
{
    mutex_lock(&d->lock);
    struct g *closer = d->closer;
    d->closer = NULL;
    mutex_unlock(&d->lock);
    int result = desc_end(d);
    if (closer == NULL)
        return;
    closer->param = (void *)(intptr_t)result;
    sched_ready(closer);
}

static bool is_last(uint64_t state)
{
    return (state & (CLOSED | USERS)) == CLOSED;
}

void desc_leave(struct desc *d)
{
    RACE_RELEASE_MERGE(d);
    /* Release for the next user, acquire for the last one; pairs with itself. */
    uint64_t s = atomic_fetch_sub_explicit(&d->state, USER, memory_order_acq_rel) - USER;
    if (UNLIKELY(is_last(s)))
        desc_end_for_closer(d);
}

/* ---- locks of halves ---- */

static bool queue_commit(struct g *g, void *arg)
{
    struct desc *d = arg;
    (void)g;
    mutex_unlock(&d->lock);
    return true;
}

static struct desc *lock_slow(struct desc *d, gr_fd fd, enum half half)
{
    struct half_state *h = &d->half[half];
    struct g *g = g_self();
    mutex_lock(&d->lock);
    uint64_t s = load_relaxed(&d->state);
    for (;;) {
        if (!is_same(s, (uint64_t)fd) || (s & CLOSED) != 0) {
            mutex_unlock(&d->lock);
            return NULL;
        }
        bool is_free = (s & LOCK(half)) == 0;
        /* Acquire pairs with the release of the one who unlocked. */
        if (!cas_acquire(&d->state, &s, is_free ? (s + USER) | LOCK(half) : s | WANT(half)))
            continue;
        if (!is_free)
            break;
        mutex_unlock(&d->lock);
        return d;
    }
    g->link = NULL;
    g->success = false;
    if (h->first == NULL)
        h->first = g;
    else
        h->last->link = g;
    h->last = g;
    sched_park(queue_commit, d, PARK_IO_LOCK);
    return g->success ? d : NULL;
}

struct desc *desc_lock(gr_fd fd, enum half half)
{
    struct desc *d = cell_of((uint64_t)fd);
    if (UNLIKELY(d == NULL))
        return NULL;
    uint64_t s = load_relaxed(&d->state);
    do {
        if (UNLIKELY(!is_same(s, (uint64_t)fd) || (s & CLOSED) != 0))
            return NULL;
        if (UNLIKELY((s & LOCK(half)) != 0))
            return lock_slow(d, fd, half);
    } while (!cas_acquire(&d->state, &s, (s + USER) | LOCK(half))); /* pairs with unlocks */
    return d;
}

/* Hands the half over to the first in the queue, with our place as a user. */
static bool unlock_hand_over(struct desc *d, enum half half)
{
    struct half_state *h = &d->half[half];
    mutex_lock(&d->lock);
    struct g *g = h->first;
    if (g != NULL)
        h->first = g->link;
    if (h->first == NULL) /* relaxed: the queue is read and written under lock only */
        atomic_fetch_and_explicit(&d->state, ~(uint64_t)WANT(half), memory_order_relaxed);
    mutex_unlock(&d->lock);
    if (g == NULL)
        return false;
    g->link = NULL;
    g->success = true;
    sched_ready(g);
    return true;
}

void desc_unlock(struct desc *d, enum half half)
{
    uint64_t s = load_relaxed(&d->state), next;
    RACE_RELEASE_MERGE(d);
    do {
        if (UNLIKELY((s & WANT(half)) != 0)) {
            if (unlock_hand_over(d, half))
                return;
            s = load_relaxed(&d->state);
        }
        next = (s - USER) & ~(uint64_t)LOCK(half);
        /* Release for the next holder, acquire for the last user; pairs with desc_lock and
         * with itself. */
    } while ((s & WANT(half)) != 0 || !cas_acq_rel(&d->state, &s, next));
    if (UNLIKELY(is_last(next)))
        desc_end_for_closer(d);
}

/* ---- opening and closing ---- */

gr_fd desc_open(int fd, enum desc_kind kind)
{
    struct desc *d = cell_acquire();
    if (d == NULL)
        return -ENFILE;
    d->fd = fd;
    d->is_socket = kind >= DESC_SOCKET;
    d->is_tcp = kind == DESC_TCP;
    d->has_file = kind == DESC_UNIX_LISTENER;
    d->is_registered = kind != DESC_FILE;
    d->is_drained = false;
    d->closer = NULL;
    store_relaxed(&d->is_polled, d->is_registered);
    store_relaxed(&d->flags, 0);
    for (int i = 0; i < HALVES; i++)
        store_relaxed(&d->half[i].word, WORD_NIL);
    uint64_t generation = load_relaxed(&d->state) & ~(uint64_t)UINT32_MAX;
    /* Pairs with the acquires of those who get the handle, events among them. */
    store_release(&d->state, generation | USER);
    gr_fd handle = (gr_fd)(generation | d->index);
    int error = d->is_registered ? poller_add(d, handle) : 0;
    if (error == 0)
        return handle;
    cell_release(d);
    return error;
}

/* Everybody who waits, for readiness or for a half, goes on and finds it closed. */
static struct g *evict_locked(struct desc *d)
{
    struct g *all = NULL;
    /* Seq, here and in desc_take: pairs with wait_commit. */
    atomic_fetch_or_explicit(&d->flags, FLAG_CLOSING, memory_order_seq_cst);
    desc_deadlines_end_locked(d);
    for (int i = 0; i < HALVES; i++) {
        struct half_state *h = &d->half[i];
        struct g *g = desc_take(d, i, false);
        if (g != NULL) {
            g->link = all;
            all = g;
        }
        if (h->first == NULL)
            continue;
        h->last->link = all;
        all = h->first;
        h->first = NULL;
    }
    return all;
}

static bool close_commit(struct g *g, void *arg)
{
    struct desc *d = arg;
    d->closer = g;
    mutex_unlock(&d->lock);
    return true;
}

int gr_close(gr_fd fd)
{
    sched_point();
    struct desc *d = cell_of((uint64_t)fd);
    if (d == NULL)
        return GR_IO_CLOSED;
    uint64_t s = load_relaxed(&d->state);
    do {
        if (!is_same(s, (uint64_t)fd) || (s & CLOSED) != 0)
            return GR_IO_CLOSED;
    } while (!cas_acquire(&d->state, &s, s | CLOSED)); /* pairs with desc_open */
    mutex_lock(&d->lock);
    struct g *all = evict_locked(d);
    mutex_unlock(&d->lock);
    sched_ready_all(all);
    bool is_polled = load_relaxed(&d->is_polled);
    mutex_lock(&d->lock);
    /* Acquire for us as the last user; pairs with the releases of the others. */
    s = atomic_fetch_sub_explicit(&d->state, USER, memory_order_acq_rel) - USER;
    if (is_last(s) || !is_polled) {
        mutex_unlock(&d->lock);
        return is_last(s) ? desc_end(d) : 0;
    }
    sched_park(close_commit, d, PARK_IO_LOCK);
    return (int)(intptr_t)g_self()->param;
}
