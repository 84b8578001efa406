/* SPDX-License-Identifier: BSD-3-Clause */
/* root.c - where marking begins: variables, memory that was registered, handles, records.
 *
 * Owns: the section gr_roots, gr_root_add and _remove, handles, the order of roots.
 * Not here: goroutines, births and timers (floor sched), records of floors above
 * (gc_on_roots), of objects with ends (final.c).
 *
 * Roots are scanned beside the program, in pieces.  Memory that was registered may go away
 * when gr_root_remove comes back, so each piece of it is scanned under the lock.
 *
 *   I1  A root that is added while a cycle marks need not be scanned, one that is taken
 *       away is shaded before (gc.h I1).
 *   I2  Places in the table keep their numbers: what the cursor has not seen is not lost.
 *   I3  Each source is exhausted for good, until root_reset; when no slice is under way,
 *       that tells that it is scanned.
 *   I4  A place that is used is in the chain of its address, once; one that was given back
 *       is in the chain of free ones.
 */
#include "gc/collect.h"

#include <string.h>

#include "gc/end.h"

#define PIECE_BYTES ((size_t)64 << 10)
#define LOCKED_PIECE_BYTES ((size_t)4 << 10) /* 2 us */
#define ROOT_FNS 16
#define HANDLES 127 /* of a chunk */

extern struct gr_root gr_roots_first[] __asm__("__start_gr_roots") __attribute__((weak));
extern struct gr_root gr_roots_end[] __asm__("__stop_gr_roots") __attribute__((weak));

struct gr_handle {
    void *_Atomic p;
    struct gr_handle *free_next; /* guarded by handles.lock */
    bool is_used;                /* guarded by handles.lock */
};

struct chunk {
    struct chunk *next; /* const after it was made */
    struct gr_handle h[HANDLES];
};

struct place {
    struct gr_root root; /* at NULL: unused */
    size_t next;         /* in its chain (I4), plus 1; 0: it is the last */
};

static struct {
    struct mutex lock;
    struct place *table; /* guarded by lock, as all but fns (I2) */
    size_t *chains;      /* by the hash of an address: the first place, as in next */
    size_t n, room;      /* room: of places and of chains, a power of two */
    size_t free;         /* the first one that was given back, the same way */
    size_t section_at, section_from; /* entry, and byte of it, to be scanned next */
    size_t table_at, table_from;
    size_t nfns; /* const after boot */
    void (*fns[ROOT_FNS])(void (*see)(const void *word));
    atomic_u32 fn_at; /* atomic: births, then each of fns */
} roots = {.lock = MUTEX_INIT(RANK_gcroots)};

static struct {
    struct mutex lock;
    struct gr_handle *free;       /* guarded by lock */
    struct chunk *_Atomic chunks; /* atomic, written under lock */
    struct chunk *_Atomic at;     /* atomic: to be scanned next */
    struct fixpool pool;
} handles = {.lock = MUTEX_INIT(RANK_gchandles),
             .pool = FIXPOOL_INIT(sizeof(struct chunk))};

/* ---- the section --------------------------------------------------------------------- */

static size_t section_count(void)
{
    return gr_roots_first != NULL ? (size_t)(gr_roots_end - gr_roots_first) : 0;
}

/* Moves a cursor over [from, from + most) of an entry; gives the bytes of that. */
static size_t piece_take(const struct gr_root *r, size_t *at, size_t *from, size_t most)
{
    size_t left = r->bytes > *from ? r->bytes - *from : 0;
    if (left > most) {
        *from += most;
        return most;
    }
    *from = 0;
    ++*at;
    return left;
}

static bool section_some(struct work *w)
{
    mutex_lock(&roots.lock);
    if (roots.section_at >= section_count()) {
        mutex_unlock(&roots.lock);
        return false;
    }
    const struct gr_root *r = &gr_roots_first[roots.section_at];
    const char *lo = (const char *)r->at + roots.section_from;
    size_t bytes = piece_take(r, &roots.section_at, &roots.section_from, PIECE_BYTES);
    mutex_unlock(&roots.lock);
    if (!MUTANT(gc_root_last_skipped) || r + 1 < gr_roots_end)
        mark_range(w, lo, lo + bytes);
    return true;
}

/* ---- registered memory --------------------------------------------------------------- */

static bool table_some(struct work *w)
{
    mutex_lock(&roots.lock);
    bool any = roots.table_at < roots.n;
    if (any) {
        const struct gr_root *r = &roots.table[roots.table_at].root;
        if (r->at == NULL) { /* taken back */
            roots.table_at++;
            roots.table_from = 0;
        } else {
            const char *lo = (const char *)r->at + roots.table_from;
            size_t n =
                piece_take(r, &roots.table_at, &roots.table_from, LOCKED_PIECE_BYTES);
            mark_range(w, lo, MUTANT(gc_root_added_skipped) ? lo : lo + n);
        }
    }
    mutex_unlock(&roots.lock);
    return any;
}

/* Neighbours go to chains that lie apart, whatever lies between their addresses. */
static size_t *chain_locked(const void *at)
{
    return &roots.chains[mix64((uintptr_t)at) & (roots.room - 1)];
}

static void chain_push_locked(size_t *chain, size_t number)
{
    roots.table[number - 1].next = *chain;
    *chain = number;
}

#define PLACE_BYTES (sizeof(struct place) + sizeof(size_t)) /* with its chain */
STATIC_ASSERT((PLACE_BYTES & (PLACE_BYTES - 1)) == 0, "so many are a page");

static void table_grow_locked(void)
{
    size_t room = roots.room > 0 ? 2 * roots.room : os_page_bytes() / PLACE_BYTES;
    struct place *table = os_reserve(room * PLACE_BYTES, os_page_bytes());
    if (table == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    if (roots.n > 0) {
        memcpy(table, roots.table, roots.n * sizeof *table);
        os_release(roots.table, roots.room * PLACE_BYTES);
    }
    roots.table = table;
    roots.chains = (size_t *)(void *)(table + room);
    roots.room = room;
    for (size_t i = 0; i < roots.n; i++) /* no place is free */
        chain_push_locked(chain_locked(table[i].root.at), i + 1);
}

/* The number of a place to be used, or that was used, out of its chain. */
static size_t chain_take_locked(size_t *number)
{
    size_t i = *number;
    *number = roots.table[i - 1].next;
    return i;
}

static size_t place_locked(void)
{
    if (roots.free != 0)
        return chain_take_locked(&roots.free);
    if (roots.n == roots.room)
        table_grow_locked();
    return ++roots.n;
}

static size_t place_unchain_locked(const void *at)
{
    if (at == NULL || roots.room == 0)
        return 0;
    size_t *number = chain_locked(at);
    while (*number != 0 && roots.table[*number - 1].root.at != at)
        number = &roots.table[*number - 1].next;
    return *number != 0 ? chain_take_locked(number) : 0;
}

void gr_root_add(void *at, size_t bytes)
{
    if (at == NULL || (uintptr_t)at % sizeof(void *) != 0)
        die("gr_root_add: %p is no address of pointers; they lie at multiples of 8", at);
    mutex_lock(&roots.lock);
    size_t number = place_locked();
    roots.table[number - 1].root = (struct gr_root){at, bytes};
    chain_push_locked(chain_locked(at), number);
    mutex_unlock(&roots.lock);
}

void gr_root_remove(void *at)
{
    mutex_lock(&roots.lock);
    size_t number = place_unchain_locked(at);
    if (number != 0) {
        struct gr_root *r = &roots.table[number - 1].root;
        if (load_relaxed(&gc_is_marking) && !MUTANT(gc_root_remove_unshaded)) /* I1 */
            mark_range(work_mine(), at, (const char *)at + r->bytes);
        r->at = NULL;
        chain_push_locked(&roots.free, number);
    }
    mutex_unlock(&roots.lock);
    if (number == 0)
        die("gr_root_remove: %p: not added by gr_root_add, or removed already", at);
}

/* ---- handles ------------------------------------------------------------------------- */

static bool handles_some(struct work *w)
{
    struct chunk *c = load_acquire(&handles.at); /* pairs with chunk_make_locked */
    do {
        if (c == NULL)
            return false;
    } while (!cas_acq_rel(&handles.at, &c, c->next));
    for (uint32_t i = 0; i < HANDLES && !MUTANT(gc_root_handle_skipped); i++)
        mark_word(w, (uintptr_t)load_relaxed(&c->h[i].p));
    return true;
}

static void chunk_make_locked(void)
{
    struct chunk *c = fixpool_acquire(&handles.pool);
    c->next = load_relaxed(&handles.chunks);
    for (uint32_t i = 0; i < HANDLES; i++) {
        c->h[i].free_next = handles.free;
        handles.free = &c->h[i];
    }
    store_release(&handles.chunks,
                  c); /* pairs with the acquire in handles_some, root_each */
}

gr_handle *gr_handle_new(void *p)
{
    mutex_lock(&handles.lock);
    if (handles.free == NULL)
        chunk_make_locked();
    struct gr_handle *h = handles.free;
    handles.free = h->free_next;
    h->is_used = true;
    store_relaxed(&h->p, p);
    mutex_unlock(&handles.lock);
    return h;
}

void *gr_handle_get(gr_handle *h)
{
    return load_relaxed(&h->p);
}

void gr_handle_free(gr_handle *h)
{
    if (!MUTANT(gc_handle_unshaded))
        gc_shade(load_relaxed(&h->p)); /* I1 */
    mutex_lock(&handles.lock);
    bool was_used = h->is_used;
    if (was_used) {
        store_relaxed(&h->p, NULL);
        h->is_used = false;
        h->free_next = handles.free;
        handles.free = h;
    }
    mutex_unlock(&handles.lock);
    if (!was_used)
        die("gr_handle_free: this handle is free already");
}

/* ---- records of the runtime ---------------------------------------------------------- */

void gc_on_roots(void (*each)(void (*see)(const void *word)))
{
    if (roots.nfns == ROOT_FNS)
        throw("too many kinds of roots");
    roots.fns[roots.nfns++] = each;
}

static bool fns_some(void)
{
    if (load_relaxed(&roots.fn_at) > roots.nfns)
        return false;
    uint32_t i = add_relaxed(&roots.fn_at, 1);
    if (i == 0)
        sched_scan_births();
    else if (i <= roots.nfns)
        roots.fns[i - 1](gc_hooks.shade);
    return i <= roots.nfns;
}

/* ---- for verify.c -------------------------------------------------------------------- */

static void words_each(const struct gr_root *r, const char *what,
                       void (*see)(const void *at, const char *what, void *arg), void *arg)
{
    for (size_t i = 0; i + sizeof(void *) <= r->bytes; i += sizeof(void *))
        see((const char *)r->at + i, what, arg);
}

void root_each(void (*see)(const void *at, const char *what, void *arg), void *arg)
{
    for (size_t i = 0; i < section_count(); i++)
        words_each(&gr_roots_first[i], "a variable that is GR_ROOT", see, arg);
    for (size_t i = 0; i < roots.n; i++)
        if (roots.table[i].root.at != NULL)
            words_each(&roots.table[i].root, "memory of gr_root_add", see, arg);
    struct chunk *c = load_acquire(&handles.chunks); /* pairs with chunk_make_locked */
    for (; c != NULL; c = c->next)
        for (uint32_t i = 0; i < HANDLES; i++)
            see(&c->h[i].p, "a handle", arg);
}

/* ---- all of them --------------------------------------------------------------------- */

void root_reset(void)
{
    card_reset(cycle_is_minor());
    roots.section_at = roots.section_from = roots.table_at = roots.table_from = 0;
    store_relaxed(&roots.fn_at, 0);
    store_relaxed(&handles.at, load_relaxed(&handles.chunks));
    end_roots_reset();
}

bool root_some(struct work *w)
{
    return card_some(w) || fns_some() || end_roots_some(w) || section_some(w) ||
           table_some(w) || handles_some(w);
}

bool root_is_done(void)
{
    mutex_lock(&roots.lock);
    bool is_done = roots.section_at >= section_count() && roots.table_at >= roots.n;
    mutex_unlock(&roots.lock);
    return is_done && load_relaxed(&roots.fn_at) > roots.nfns &&
           load_relaxed(&handles.at) == NULL && end_roots_are_done() && card_is_done();
}
