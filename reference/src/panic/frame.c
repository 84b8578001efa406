/* SPDX-License-Identifier: BSD-3-Clause */
/* frame.c - frames of functions that defer, and their records.
 *
 * Owns: what opening, deferring and closing do out of line, the blocks of records, taking
 * one record off.
 * Not here: the heads of those three, which programs inline (gr/panic.h); what a panic does
 * with frames (panic.c).
 *
 * Idea: the records lie inside the frame and not in variables of their own, since a record
 * must outlive the scope in which it was made (and ASan rightly objects to anything else).
 * The first few lie in the frame, further ones in blocks from a pool, so defers in a loop
 * are bounded by memory only.
 *
 *   I1  The records are a stack: base <= top <= end; the calls left are slot[..] of the
 *       frame, all of them in each older block, and base..top of the newest.
 *   I2  *head is the frame, as long as its function runs its own calls.
 */
#define GR_FRAME_FAR 1
#include "fix/fix.h"
#include "panic.h"

static struct fixpool block_pool = FIXPOOL_INIT(sizeof(struct gr_defer_block));

struct gr_frame **gr_frame_head(void)
{
    struct g *g = g_self();
    if (UNLIKELY(g == NULL))
        throw("a function that defers was called outside of a goroutine");
    return &g->frames;
}

void gr_frame_open(struct gr_frame *f)
{
    gr_frame_open_near(f);
}

void gr_frame_defer(struct gr_frame *f, gr_fn fn, void *arg)
{
    ASSERT(*f->head == f);
    gr_frame_defer_near(f, fn, arg);
}

void gr_frame_close(struct gr_frame *f)
{
    struct gr_defer d;
    ASSERT(*f->head == f);
    if (GR_MUTANTS)
        while (frame_pop(f, &d))
            defer_run(&d, NULL);
    gr_frame_close_near(f);
}

void gr_frame_nil(void)
{
    gr_panic_error(GR_ERR_NIL_DEREF);
}

static void block_use(struct gr_frame *f, struct gr_defer_block *b)
{
    f->block = b;
    f->base = b != NULL ? b->slot : f->slot;
    f->end = f->base + (b != NULL ? GR_DEFER_BLOCK : GR_DEFER_INLINE);
}

void gr_frame_grow(struct gr_frame *f)
{
    struct gr_defer_block *b = sched_cache_acquire(CACHE_DEFER, &block_pool);
    ASSERT(*f->head == f && f->top == f->end);
    b->older = f->block;
    block_use(f, b);
    f->top = f->base;
}

void gr_frame_shrink(struct gr_frame *f)
{
    struct gr_defer_block *b = f->block;
    ASSERT(f->top == f->base);
    block_use(f, b->older);
    f->top = f->end;
    sched_cache_release(CACHE_DEFER, &block_pool, b);
}

/* For the mutant of the order: the oldest call of the newest block comes next, the others
 * keep their order. */
static void bring_oldest_first(struct gr_frame *f)
{
    struct gr_defer oldest = *f->base;
    for (struct gr_defer *d = f->base; d + 1 < f->top; d++)
        d[0] = d[1];
    f->top[-1] = oldest;
}

bool frame_pop(struct gr_frame *f, struct gr_defer *out)
{
    while (f->top == f->base) {
        if (f->block == NULL)
            return false;
        gr_frame_shrink(f);
    }
    if (MUTANT(panic_defer_fifo))
        bring_oldest_first(f);
    *out = *--f->top;
    return true;
}

void defer_run(const struct gr_defer *d, void **cfa)
{
    if (UNLIKELY(d->fn == NULL))
        gr_frame_nil();
    if (cfa == NULL)
        d->fn(d->arg);
    else
        defer_call(d->fn, d->arg, cfa);
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

/* What the collector does not find on the stack: blocks.  A frame may have been left
 * between taking a call off and reading what it says, so one slot beyond the top counts. */
UNWATCHED static void show_defers(struct g *g)
{
    for (const struct gr_frame *f = g->frames; f != NULL && !MUTANT(gc_root_defers);) {
        f = sched_scan_at(g, f);
        const struct gr_defer *end = f->top < f->end ? f->top + 1 : f->end;
        for (const struct gr_defer_block *b = f->block; b != NULL; b = b->older) {
            gc_hooks.scan(b->slot, end);
            if (b->older != NULL)
                end = b->older->slot + GR_DEFER_BLOCK;
        }
        f = f->up;
    }
}

__attribute__((constructor)) static void frame_boot(void)
{
    sched_on_scan(show_defers);
    sched_on_drop(drop_defers);
}
