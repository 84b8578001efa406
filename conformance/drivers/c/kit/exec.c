/* SPDX-License-Identifier: BSD-3-Clause */
/* exec.c - the life of one execution: objects made, main run, results read, objects
 * freed.
 *
 * Owns: struct exec but for what its instructions do (interp.c).  Not here: elements
 * (elem.c), modes and joining (run.c).
 *
 * Idea: an execution is one block of memory that is used again and again while executions
 * end clean, and abandoned when goroutines of it may still be alive.  Everything that a
 * program makes on the way (replaced channels, timers, cells) hangs in one list, pushed
 * with a compare-and-swap, because any goroutine may push and nobody takes anything out
 * before the end.
 */
#include "exec.h"

#include <stdlib.h>
#include <string.h>

#define RELAXED memory_order_relaxed

struct exec *exec_new(const struct plan *p, int64_t unit_ns)
{
    struct exec *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->plan = p;
    x->unit_ns = unit_ns;
    for (int b = 0; b < p->nblocks; b++) {
        x->entries[0][b] = (struct entry){.x = x, .call = entry_call(b, ENTRY_CALL, 0)};
        x->entries[1][b] =
            (struct entry){.x = x, .call = entry_call(b, ENTRY_GOROUTINE, 0)};
    }
    if (p->shows_log) {
        x->log = calloc(EXEC_LOG, sizeof *x->log);
        if (x->log == NULL) {
            free(x);
            return NULL;
        }
        for (int i = 0; i < EXEC_LOG; i++)
            atomic_store_explicit(&x->log[i], LOG_EMPTY, RELAXED);
    }
    return x;
}

void exec_free(struct exec *x)
{
    if (x == NULL || x->plan->uses_heap) /* I4 */
        return;
    exec_clear(x);
    free(x->log);
    free(x);
}

struct owned *exec_own(struct exec *x, int kind, void *what)
{
    struct owned *o = malloc(sizeof *o);
    if (o == NULL)
        return NULL;
    *o = (struct owned){.what = what, .kind = kind};
    o->next = atomic_load_explicit(&x->owned, RELAXED);
    while (!atomic_compare_exchange_weak_explicit(&x->owned, &o->next, o, RELAXED, RELAXED))
        continue;
    return o;
}

int exec_log_len(const struct exec *x)
{
    int n = 0;
    if (x->log != NULL)
        while (n < EXEC_LOG && atomic_load_explicit(&x->log[n], RELAXED) != LOG_EMPTY)
            n++;
    return n;
}

void exec_note(struct exec *x, int64_t v)
{
    if (x->on_note != NULL)
        x->on_note(v);
    if (x->log == NULL)
        return;
    /* nlog is a hint where to look first; it may lag behind. */
    for (int i = atomic_load_explicit(&x->nlog, RELAXED); i < EXEC_LOG; i++) {
        int64_t empty = LOG_EMPTY;
        if (atomic_compare_exchange_strong_explicit(&x->log[i], &empty, v, RELAXED,
                                                    RELAXED)) {
            atomic_store_explicit(&x->nlog, i + 1, RELAXED);
            return;
        }
    }
    atomic_store_explicit(&x->log_full, true, RELAXED);
}

static void *make_object(const struct exec *x, int i)
{
    const struct object *o = &x->plan->objects[i];
    switch (o->kind) {
    case GL_CHAN:
        return gl_ops.chan_make(elem_size(x, i), o->cap);
    case GL_PTR:
    case GL_APTR:
    case GL_NILCHAN:
    case GL_VAR:
    case GL_TIMER:
    case GL_TICKER:
    case GL_KINDS:
        return NULL;
    case GL_COND: /* its mutex is made by then, see make_objects */
        return gl_ops.create(GL_COND,
                             atomic_load_explicit(&x->slots[o->mutex].object, RELAXED));
    default:
        return gl_ops.create(o->kind, NULL);
    }
}

void *chan_of_pointers(struct exec *x, int obj, int64_t cap)
{
    void *ch = gl_ops.chan_of_pointers(cap);
    gl_ops.field_set(&x->held[obj], ch);
    return ch;
}

/* What is in held[] is kept. */
static void begin_heap(struct exec *x)
{
    if (!x->is_root)
        gl_ops.root(x->held, sizeof x->held, true);
    x->is_root = true;
    if (x->plan->uses[OP_HEAP] > 0)
        x->heap_base = heap_objects();
}

static void make_objects(struct exec *x)
{
    for (int conds = 0; conds < 2; conds++)
        for (int i = 0; i < x->plan->nobjects; i++) {
            const struct object *o = &x->plan->objects[i];
            struct slot *s = &x->slots[i];
            if ((o->kind == GL_COND) != (conds == 1))
                continue;
            s->plain = o->init;
            void *made =
                elem_is_object(x, i) ? chan_of_pointers(x, i, o->cap) : make_object(x, i);
            atomic_store_explicit(&s->object, made, RELAXED);
            if (o->kind == GL_ATOMIC && o->init != 0)
                gl_ops.store(made, o->init);
        }
}

static void take_results(struct exec *x)
{
    for (int t = 0; t < x->plan->nterms; t++)
        if (x->plan->term[t] >= 0)
            x->shown[t] = atomic_load_explicit(&x->globals[x->plan->term[t]], RELAXED);
    x->nlog_shown = exec_log_len(x);
    x->returned = true;
}

void exec_main(void *arg)
{
    struct exec *x = arg;
    if (x->plan->uses_heap)
        begin_heap(x);
    make_objects(x);
    if (gl_ops.now_ns != NULL)
        x->start_ns = gl_ops.now_ns();
    if (x->plan->uses[OP_GOROUTINES] > 0)
        x->baseline = gl_ops.goroutines() - 1;
    enter_block(&x->entries[0][0]);
    /* Pairs with begin_end in heapop.c. */
    atomic_fetch_add(&x->generation, 1);
    if (gl_ops.point != NULL)
        gl_ops.point();
    take_results(x);
}

void exec_stop_timers(struct exec *x)
{
    struct owned *o = atomic_load_explicit(&x->owned, RELAXED);
    for (; o != NULL; o = o->next)
        if (o->kind == OWN_FUNC && gl_ops.timer_stop(o->what))
            atomic_fetch_sub_explicit(&x->alive, 1, RELAXED);
}

static void clear_owned(struct exec *x)
{
    struct owned *next, *o = atomic_load_explicit(&x->owned, RELAXED);
    for (; o != NULL; o = next) {
        next = o->next;
        if (o->kind == OWN_CHAN)
            gl_ops.chan_free(o->what);
        else if (o->kind != OWN_CELL)
            gl_ops.timer_free(o->what);
        free(o);
    }
    atomic_store_explicit(&x->owned, NULL, RELAXED);
}

static void clear_object(struct exec *x, int i)
{
    enum gl_kind kind = x->plan->objects[i].kind;
    void *object = atomic_load_explicit(&x->slots[i].object, RELAXED);
    atomic_store_explicit(&x->slots[i].object, NULL, RELAXED);
    if (x->held[i] != NULL)
        gl_ops.field_set(&x->held[i], NULL);
    if (object == NULL || elem_is_object(x, i) || kind == GL_TIMER || kind == GL_TICKER)
        return; /* timers are in the list */
    if (kind == GL_CHAN || kind == GL_NILCHAN)
        gl_ops.chan_free(object);
    else
        gl_ops.destroy(kind, object);
}

void exec_clear(struct exec *x)
{
    clear_owned(x);
    for (int pass = 1; pass >= 0; pass--)
        for (int i = 0; i < x->plan->nobjects; i++)
            if ((x->plan->objects[i].kind == GL_COND) == (pass == 1))
                clear_object(x, i);
    for (int i = 0; i < EXEC_SCRATCH; i++)
        free(atomic_exchange_explicit(&x->scratch[i], NULL, RELAXED));
    for (int i = 0; i < x->plan->nglobals; i++)
        atomic_store_explicit(&x->globals[i], 0, RELAXED);
    for (int i = exec_log_len(x); i > 0; i--)
        atomic_store_explicit(&x->log[i - 1], LOG_EMPTY, RELAXED);
    atomic_store_explicit(&x->nlog, 0, RELAXED);
    if (!x->plan->uses_heap) /* an end that came too late may be counted just now */
        atomic_store_explicit(&x->alive, 0, RELAXED);
    x->returned = false;
}
