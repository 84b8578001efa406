/* SPDX-License-Identifier: BSD-3-Clause */
/* frame.c - frames of functions that defer, and their records.
 *
 * Owns: opening and closing a frame, the four inline records, the pool that further ones
 * come from. Not here: what a panic does with them (panic.c).
 *
 * Idea: the records lie inside the frame and not in variables of their own, since a record
 * must outlive the scope in which it was made (and ASan rightly objects to anything else).
 * A fifth and later one comes from a pool, so defers in a loop are bounded by memory only.
 *
 *   I1  defers is newest first, pooled records before inline ones once slots ran out.
 *   I2  used counts the inline records in the list: they are a stack.
 */
#include "fix/fix.h"
#include "panic.h"

static struct fixpool defer_pool = FIXPOOL_INIT(sizeof(struct gr_defer));

void gr_frame_open(struct gr_frame *f)
{
    struct g *g = g_self();
    f->owner = g;
    f->up = g->frames;
    f->defers = NULL;
    f->used = 0;
    g->frames = f;
}

void gr_frame_defer(struct gr_frame *f, gr_fn fn, void *arg)
{
    struct gr_defer *d;
    bool is_pooled = f->used == GR_DEFER_INLINE;
    ASSERT(((struct g *)f->owner)->frames == f);
    d = is_pooled ? fixpool_acquire(&defer_pool) : &f->slot[f->used++];
    d->fn = fn;
    d->arg = arg;
    d->pooled = is_pooled;
    d->next = f->defers;
    f->defers = d;
}

/* For the mutant of the order: the oldest call moves to the head, the others keep their
 * order. */
static void bring_oldest_first(struct gr_frame *f)
{
    struct gr_defer *head = f->defers;
    for (struct gr_defer *d = head->next; d != NULL; d = d->next) {
        gr_fn fn = d->fn;
        void *arg = d->arg;
        d->fn = head->fn;
        d->arg = head->arg;
        head->fn = fn;
        head->arg = arg;
    }
}

bool frame_pop(struct gr_frame *f, struct gr_defer *out)
{
    struct gr_defer *d = f->defers;
    if (d == NULL)
        return false;
    if (MUTANT(panic_defer_fifo))
        bring_oldest_first(f);
    *out = *d;
    f->defers = d->next;
    if (d->pooled)
        fixpool_release(&defer_pool, d);
    else
        f->used--;
    return true;
}

void defer_run(const struct gr_defer *d, void **cfa)
{
    if (UNLIKELY(d->fn == NULL))
        gr_panic_error(GR_ERR_NIL_DEREF);
    defer_call(d->fn, d->arg, cfa);
}

void gr_frame_close(struct gr_frame *f)
{
    struct g *g = f->owner;
    struct gr_defer d;
    void *cfa; /* nobody compares it: no panic runs these calls */
    ASSERT(g->frames == f);
    while (frame_pop(f, &d))
        defer_run(&d, &cfa);
    g->frames = f->up;
}

/* A controlled run drops g: its stack still exists, only what lies outside is given
 * back. */
static void drop_defers(struct g *g)
{
    struct gr_defer d;
    for (struct gr_frame *f = g->frames; f != NULL; f = f->up)
        while (frame_pop(f, &d))
            continue;
}

__attribute__((constructor)) static void frame_boot(void)
{
    sched_on_drop(drop_defers);
}
