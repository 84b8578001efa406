/* SPDX-License-Identifier: BSD-3-Clause */
/* verify.c - GR_DEBUG=gcverify=1: looks, at the end of marking, for stores without barrier.
 *
 * Owns: the check, and the path that is shown.
 *
 * When all is marked, whatever a marked object refers to is marked: what was there when the
 * cycle began, since all that was reachable then is; and what was put there later, since it
 * was reachable then or is new.  A marked object that refers to an unmarked one tells of a
 * pointer that was overwritten without gr_store, or by memcpy.  The same is true of roots.
 * After a minor cycle it tells as well of a pointer to something young that was put into
 * something old without a dirty card.
 *
 * The holder is shown with the objects that lead to it from a root.  There may be no such
 * path: then it is kept from a stack.
 */
#include "gc/verify.h"

#include "gc/collect.h"

#define PATH_MAX 32

struct node {
    char *base;
    size_t from; /* the number of the node that refers to it; itself: a root does */
};

static struct {
    struct node *nodes; /* in the order in which they were reached */
    size_t n, room;
    atomic_u64 *seen; /* a bit for each 16 bytes of heap */
    size_t seen_bytes;
} path;

static const char *type_name(const gr_type *t)
{
    return t == NULL || t->name == NULL ? "?" : t->name;
}

/* ---- words of an object -------------------------------------------------------------- */

static const gr_type *type_of(const struct heap_ref *r)
{
    if (r->meta->is_noscan || r->meta->slot_bytes - 1u < HEAP_BITS_BYTES)
        return NULL;
    return load_relaxed(&r->meta->types[r->slot % HEAP_TYPES_MAX]);
}

/* Whether word i of the object may be a pointer. */
static bool is_pointer(const struct heap_ref *r, const gr_type *t, size_t i)
{
    if (t == NULL) {
        size_t word = (size_t)r->slot * (r->meta->slot_bytes / sizeof(void *)) + i;
        return (load_relaxed(&r->meta->ptrs[word / 64]) >> word % 64 & 1) != 0;
    }
    i %= t->size / sizeof(void *);
    if (i >= t->nwords)
        return false;
    return ((t->ptrs == NULL ? t->word : t->ptrs[i / 64]) >> i % 64 & 1) != 0;
}

typedef void (*edge_fn)(const struct heap_ref *holder, size_t offset,
                        const struct heap_ref *to, void *arg);

static UNWATCHED void object_edges(const struct heap_ref *r, edge_fn see, void *arg)
{
    if (r->meta->is_noscan)
        return;
    const gr_type *t = type_of(r);
    if (t == NULL && r->meta->slot_bytes - 1u >= HEAP_BITS_BYTES)
        return;
    const uintptr_t *words = (const uintptr_t *)(const void *)r->base;
    for (size_t i = 0; i < heap_ref_bytes(r) / sizeof *words; i++) {
        struct heap_ref to;
        if (words[i] != 0 && is_pointer(r, t, i) &&
            heap_find((const void *)words[i], &to) && heap_is_object(&to))
            see(r, i * sizeof *words, &to, arg);
    }
}

/* ---- the path ------------------------------------------------------------------------ */

static void path_reach(const struct heap_ref *to, size_t from)
{
    size_t bit = (size_t)(to->base - heap_base) / 16;
    uint64_t mask = (uint64_t)1 << bit % 64;
    uint64_t was = load_relaxed(&path.seen[bit / 64]);
    if ((was & mask) != 0 || path.n == path.room || !heap_bit(to->meta->marks, to->slot))
        return;
    store_relaxed(&path.seen[bit / 64], was | mask);
    path.nodes[path.n] = (struct node){to->base, from == SIZE_MAX ? path.n : from};
    path.n++;
}

static void path_edge(const struct heap_ref *holder, size_t offset,
                      const struct heap_ref *to, void *arg)
{
    (void)holder, (void)offset;
    path_reach(to, *(const size_t *)arg);
}

static void path_root(const void *at, const char *what, void *arg)
{
    struct heap_ref to;
    (void)what, (void)arg;
    if (heap_find(*(void *const *)at, &to) && heap_is_object(&to))
        path_reach(&to, SIZE_MAX);
}

/* All that roots reach, nearest first, until `base` is reached: its number; SIZE_MAX. */
static size_t path_find(const char *base)
{
    path.room = heap_live() / 8 + 1024;
    path.seen_bytes = heap_bytes / 128;
    path.nodes = os_reserve(path.room * sizeof *path.nodes, os_page_bytes());
    path.seen = os_reserve(path.seen_bytes, os_page_bytes());
    if (path.nodes == NULL || path.seen == NULL)
        return SIZE_MAX;
    root_each(path_root, NULL);
    for (size_t i = 0; i < path.n; i++) {
        struct heap_ref r;
        if (path.nodes[i].base == base)
            return i;
        if (heap_find(path.nodes[i].base, &r))
            object_edges(&r, path_edge, &i);
    }
    return SIZE_MAX;
}

static void object_print(const char *base)
{
    struct heap_ref r;
    if (heap_find(base, &r))
        fmt_fd(2, " -> %p (%s, %zu bytes)", (const void *)base, type_name(type_of(&r)),
               heap_ref_bytes(&r));
}

static void path_print(const char *base)
{
    const char *way[PATH_MAX];
    size_t n = 0, at = path_find(base);
    fmt_fd(2, "gcverify: kept by: %s", at == SIZE_MAX ? "a stack ..." : "a root");
    for (; at != SIZE_MAX && n < PATH_MAX; at = path.nodes[at].from) {
        way[n++] = path.nodes[at].base;
        if (path.nodes[at].from == at)
            break;
    }
    if (n == 0)
        way[n++] = base;
    while (n > 0)
        object_print(way[--n]);
    fmt_fd(2, "\n");
}

/* ---- the check ----------------------------------------------------------------------- */

static NORETURN void complain(const char *holder, const char *what, size_t offset,
                              const struct heap_ref *to)
{
    fmt_fd(2,
           "gcverify: %p + %zu (%s) refers to %p (%zu bytes), which is not marked: a "
           "pointer to that was %s without gr_store, gr_copy or gr_clear\n",
           (const void *)holder, offset, what, (const void *)to->base, heap_ref_bytes(to),
           cycle_is_minor() ? "put there or overwritten" : "overwritten");
    if (holder >= heap_base && holder < heap_base + heap_bytes)
        path_print(holder);
    throw("gcverify: an object that is reachable is not marked");
}

static void edge_check(const struct heap_ref *holder, size_t offset,
                       const struct heap_ref *to, void *arg)
{
    (void)arg;
    if (!heap_bit(to->meta->marks, to->slot))
        complain(holder->base, type_name(type_of(holder)), offset, to);
}

static void span_check(struct heap_meta *m, void *arg)
{
    for (uint32_t i = 0; i < m->nslots && !m->is_noscan; i++) {
        char *base = heap_page_at(heap_page_no(m)) + (size_t)i * m->slot_bytes;
        struct heap_ref r = {.meta = m, .base = base, .slot = i};
        if (heap_bit(m->marks, i) && heap_is_object(&r))
            object_edges(&r, edge_check, arg);
    }
}

static void root_check(const void *at, const char *what, void *arg)
{
    struct heap_ref to;
    (void)arg;
    if (heap_find(*(void *const *)at, &to) && heap_is_object(&to) &&
        !heap_bit(to.meta->marks, to.slot))
        complain(at, what, 0, &to);
}

void verify_marks(void)
{
    heap_each_span(span_check, NULL);
    root_each(root_check, NULL);
}
