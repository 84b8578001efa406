/* SPDX-License-Identifier: BSD-3-Clause */
/* weak.c - pointers that keep nothing.
 *
 * Owns: gr_weak_new, gr_weak_get.
 * Not here: the moment of death (end.c).
 *
 * A gr_weak is an object without pointers that holds an address.  The object there has a
 * record that holds the gr_weak: so there is one for each address, it lives as long as the
 * object at least, and it is cleared when the object dies.
 *
 *   I1  Between the end of marking and the sweep of its span an object is dead if it has no
 *       mark, although nobody has been told.  Both are looked at under special_lock, which
 *       makes the sweep of the span one step.
 *   I2  What is read while a cycle marks is shaded: nothing else may refer to it (gc.h I2).
 */
#include "gc/end.h"

#define BUCKETS 64u

struct gr_weak {
    void *_Atomic target; /* atomic: cleared under special_lock of the span */
    uint64_t pad;         /* with it, it is no tiny object, which would share a slot */
};

static const gr_type weak_type = GR_TYPE_PLAIN(gr_weak);

/* What is not collected never dies, nor does its gr_weak. */
struct outside {
    struct outside *next;
    const void *p;
    gr_handle *weak;
};

static struct {
    struct mutex lock;
    struct outside *bucket[BUCKETS]; /* guarded by lock */
    struct fixpool pool;
} outside = {.lock = MUTEX_INIT(RANK_gcroots),
             .pool = FIXPOOL_INIT(sizeof(struct outside))};

void weak_clear_locked(struct end *e)
{
    gr_weak *w = e->arg;
    if (!MUTANT(gc_weak_uncleared))
        store_relaxed(&w->target, NULL);
    end_release(e);
}

static gr_weak *weak_make(void *p)
{
    gr_weak *w = gr_new(&weak_type);
    store_relaxed(&w->target, p);
    return w;
}

/* ---- objects ------------------------------------------------------------------------- */

static gr_weak *record_find_locked(struct heap_meta *m, uint64_t offset)
{
    struct special *s = *special_find_locked(m, offset, END_WEAK);
    if (s == NULL || s->offset != offset || s->kind != END_WEAK)
        return NULL;
    return ((struct end *)(void *)s)->arg;
}

static gr_weak *weak_of(const struct heap_ref *r, uint64_t offset)
{
    end_lock(r->meta);
    gr_weak *w = record_find_locked(r->meta, offset);
    end_unlock(r->meta);
    return w;
}

/* Another goroutine may have made one meanwhile: that one is it then. */
static gr_weak *weak_add(const struct heap_ref *r, void *p)
{
    gr_weak *made = weak_make(p);
    struct end *e = end_acquire(END_WEAK, end_offset(r, p));
    e->arg = made;
    end_lock(r->meta);
    gr_weak *w = record_find_locked(r->meta, e->s.offset);
    if (w == NULL)
        special_insert_locked(r->meta, &e->s);
    end_unlock(r->meta);
    if (w == NULL)
        return made;
    end_release(e);
    return w;
}

/* ---- what is not collected ----------------------------------------------------------- */

static struct outside **outside_find_locked(const void *p)
{
    struct outside **at = &outside.bucket[(uintptr_t)p / 16 % BUCKETS];
    while (*at != NULL && (*at)->p != p)
        at = &(*at)->next;
    return at;
}

static gr_weak *outside_look(const void *p)
{
    mutex_lock(&outside.lock);
    struct outside *o = *outside_find_locked(p);
    mutex_unlock(&outside.lock);
    return o != NULL ? gr_handle_get(o->weak) : NULL;
}

static gr_weak *outside_weak(void *p)
{
    gr_weak *w = outside_look(p);
    if (w != NULL)
        return w;
    gr_handle *made = gr_handle_new(weak_make(p));
    mutex_lock(&outside.lock);
    struct outside **at = outside_find_locked(p);
    bool is_new = *at == NULL;
    if (is_new) {
        *at = fixpool_acquire(&outside.pool);
        **at = (struct outside){.p = p, .weak = made};
    }
    w = gr_handle_get((*at)->weak);
    mutex_unlock(&outside.lock);
    if (!is_new)
        gr_handle_free(made);
    return w;
}

/* ---- the door ------------------------------------------------------------------------ */

gr_weak *gr_weak_new(void *p)
{
    struct heap_ref r;
    sched_point();
    if (p == NULL)
        return NULL;
    gc_boot();
    if (!end_find(p, &r))
        return outside_weak(p);
    gr_weak *w = weak_of(&r, end_offset(&r, p));
    return w != NULL ? w : weak_add(&r, p);
}

void *gr_weak_get(gr_weak *w)
{
    struct heap_ref r;
    size_t page;
    sched_point();
    void *p = w != NULL ? load_relaxed(&w->target) : NULL;
    if (p == NULL || !heap_page_of(p, &page))
        return p;
    if (!heap_find(p, &r))
        return NULL; /* while we looked it was swept, and its span is gone with it */
    end_lock(r.meta);
    p = load_relaxed(&w->target);
    if (p != NULL && special_is_dead_locked(r.meta, r.slot) && !MUTANT(gc_weak_of_dead))
        p = NULL;
    if (!MUTANT(gc_weak_unshaded))
        gc_shade(p);
    end_unlock(r.meta);
    return p;
}
