/* SPDX-License-Identifier: BSD-3-Clause */
/* end.c - records of objects: their pool, their place among the roots, the moment of death.
 *
 * Owns: what is done when an object with records dies.
 * Not here: running what is due (final.c), weak pointers as such (weak.c), the lists
 * (heap/special.c).
 */
#include "gc/end.h"

#define LOOK 32u /* records that are marked from under one lock */

static struct fixpool ends = FIXPOOL_INIT(sizeof(struct end));
static atomic_u32 group_at;  /* atomic: of spans with records, to be looked at next */
static atomic_u32 group_end; /* atomic; changes while the world stands still */

struct end *end_acquire(enum end_kind kind, uint64_t offset)
{
    if (!special_ready())
        fatal(GR_FATAL_NO_MEMORY);
    struct end *e = fixpool_acquire(&ends);
    *e = (struct end){.s = {.offset = offset, .kind = kind}, .run = sched_run_number()};
    return e;
}

void end_release(struct end *e)
{
    fixpool_release(&ends, e);
}

bool end_find(const void *p, struct heap_ref *out)
{
    return heap_base != NULL && heap_find(p, out) && heap_is_object(out);
}

/* ---- roots --------------------------------------------------------------------------- */

/* Up to LOOK records, and what has the same place as the last of them, from (offset, kind)
 * on; moves that forward.  False: the list is at its end. */
static bool list_mark(struct work *w, struct heap_meta *m, uint64_t *offset, uint32_t *kind)
{
    uint32_t n = 0;
    end_lock(m);
    struct special *s = *special_find_locked(m, *offset, *kind);
    for (; s != NULL; s = s->next) {
        if (n++ >= LOOK && (s->offset != *offset || s->kind != *kind - 1))
            break;
        *offset = s->offset;
        *kind = s->kind + 1;
        mark_word(w, (uintptr_t)((const struct end *)(const void *)s)->arg);
        struct heap_ref r;
        if (s->kind == END_FINALIZER && !MUTANT(gc_finalizer_inside_lost) &&
            heap_find(heap_page_at(heap_page_no(m)) + s->offset, &r))
            mark_inside(w, &r);
    }
    end_unlock(m);
    return s != NULL;
}

static void span_mark(struct heap_meta *m, void *arg)
{
    uint64_t offset = 0;
    uint32_t kind = 0;
    while (list_mark(arg, m, &offset, &kind))
        ;
}

static bool groups_some(struct work *w)
{
    if (load_relaxed(&group_at) >= load_relaxed(&group_end))
        return false;
    uint32_t group = add_relaxed(&group_at, 1);
    if (group < load_relaxed(&group_end))
        special_visit(group, span_mark, w);
    return true;
}

void end_roots_reset(void)
{
    store_relaxed(&group_end, special_groups());
    store_relaxed(&group_at, 0);
    due_reset();
}

bool end_roots_some(struct work *w)
{
    return groups_some(w) || due_some(w);
}

bool end_roots_are_done(void)
{
    return load_relaxed(&group_at) >= load_relaxed(&group_end) && due_is_done();
}

/* ---- death --------------------------------------------------------------------------- */

static uint32_t slot_of(struct heap_meta *m, uint64_t offset)
{
    struct heap_ref r;
    return heap_find(heap_page_at(heap_page_no(m)) + offset, &r) ? r.slot : UINT32_MAX;
}

static bool has_finalizer(struct heap_meta *m, uint32_t slot, struct special *s)
{
    for (; s != NULL && slot_of(m, s->offset) == slot; s = s->next)
        if (s->kind == END_FINALIZER)
            return true;
    return false;
}

/* True: the record goes; false: it stays with the object. */
static bool record_died(struct heap_meta *m, struct end *e, bool is_kept)
{
    switch ((enum end_kind)e->s.kind) {
    case END_WEAK:
        return true;
    case END_FINALIZER:
        e->object = heap_page_at(heap_page_no(m)) + e->s.offset;
        return true;
    case END_CLEANUP:
        return !is_kept;
    }
    return true;
}

/* A finalizer keeps its object this time; cleanups wait until it dies again. */
bool end_died(struct heap_meta *m, uint32_t slot, struct special **at)
{
    bool is_kept = has_finalizer(m, slot, *at);
    while (*at != NULL && slot_of(m, (*at)->offset) == slot) {
        struct end *e = (struct end *)(void *)*at;
        if (!record_died(m, e, is_kept)) {
            at = &(*at)->next;
            continue;
        }
        special_take_locked(m, at);
        if (e->s.kind == END_WEAK)
            weak_clear_locked(e);
        else
            due_push(e);
    }
    if (is_kept) {
        struct heap_ref r = {.meta = m, .slot = slot};
        heap_mark(&r);
    }
    return !is_kept;
}
