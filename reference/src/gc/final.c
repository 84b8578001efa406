/* SPDX-License-Identifier: BSD-3-Clause */
/* final.c - finalizers and cleanups: asking for them, and running what is due.
 *
 * Owns: gr_finalizer, gr_cleanup_*, the queue of what is due, the goroutine that runs it.
 * Not here: when an object dies (end.c).
 *
 * One goroutine runs all that is due, one after the other, in the order in which sweeping
 * found it.  It ends when nothing is left, so that nothing on its stack keeps anything, and
 * another one is started for what comes next.  A panic in it is one that nobody recovers; a
 * Goexit ends that call alone.
 *
 *   I1  due.is_running: from when a goroutine is started until it saw, under the lock, that
 *       the queue is empty.
 *   I2  Records in the queue are roots.  `at` is the next one to be scanned; who takes out
 *       that one moves it.
 */
#include "arch/arch.h"
#include "gc/end.h"

#include "gr/panic.h"

#define LOOK 64u /* records that are marked from under one lock */

static struct {
    struct mutex lock;
    struct special *first; /* guarded by lock */
    struct special **last; /* guarded by lock: where the next one is hung */
    struct special *at;    /* guarded by lock (I2) */
    bool is_running;       /* guarded by lock (I1) */
    uint64_t run;          /* guarded by lock: the run that it is true of (end.h I3) */
    atomic_u64 n;          /* atomic, written under lock: how many are in the queue */
    atomic_u64 ids;        /* atomic: of cleanups */
} due = {.lock = MUTEX_INIT(RANK_gcends), .last = &due.first};

static struct end *end_of(struct special *s)
{
    return (struct end *)(void *)s;
}

/* ---- the queue ----------------------------------------------------------------------- */

void due_push(struct end *e)
{
    if (e->run != sched_run_number() ||
        (e->s.kind == END_CLEANUP && MUTANT(gc_cleanup_lost))) {
        end_release(e);
        return;
    }
    mutex_lock(&due.lock);
    e->s.next = NULL;
    *due.last = &e->s;
    due.last = &e->s.next;
    store_relaxed(&due.n, load_relaxed(&due.n) + 1);
    mutex_unlock(&due.lock);
}

static struct end *due_pop_locked(void)
{
    struct special *s = due.first;
    if (s == NULL)
        return NULL;
    due.first = s->next;
    if (due.first == NULL)
        due.last = &due.first;
    if (due.at == s)
        due.at = s->next;
    store_relaxed(&due.n, load_relaxed(&due.n) - 1);
    return end_of(s);
}

void due_reset(void)
{
    due.at = due.first;
}

bool due_some(struct work *w)
{
    mutex_lock(&due.lock);
    bool any = due.at != NULL;
    for (uint32_t i = 0; i < LOOK && due.at != NULL; i++, due.at = due.at->next) {
        if (MUTANT(gc_root_due_skipped))
            continue;
        mark_word(w, (uintptr_t)end_of(due.at)->object);
        mark_word(w, (uintptr_t)end_of(due.at)->arg);
    }
    mutex_unlock(&due.lock);
    return any;
}

bool due_is_done(void)
{
    mutex_lock(&due.lock);
    bool is_done = due.at == NULL;
    mutex_unlock(&due.lock);
    return is_done;
}

/* ---- running ------------------------------------------------------------------------- */

/* A copy of what comes next.  False: there is nothing, and the caller ends (I1). */
static bool due_take(struct end *out)
{
    mutex_lock(&due.lock);
    struct end *e = due_pop_locked();
    if (e == NULL)
        due.is_running = false;
    else
        *out = *e;
    mutex_unlock(&due.lock);
    if (e == NULL)
        return false;
    gc_shade(out->object);
    gc_shade(out->arg);
    if (MUTANT(gc_finalizer_twice) && e->s.kind == END_FINALIZER && e->id++ == 0)
        due_push(e);
    else
        end_release(e);
    return true;
}

static NOINLINE void due_call(void)
{
    struct end e;
    if (!due_take(&e))
        return;
    san_race_acquire_all(); /* what was done before it was due (mem.finalizer) */
    if (e.s.kind == END_FINALIZER)
        e.fn.finalizer(e.object, e.arg);
    else
        e.fn.cleanup(e.arg);
}

static void due_main(void *unused);

static void runner_start(void)
{
    if (sched_controlled())
        sched_spawn(due_main, NULL);
    else
        sched_spawn_system(due_main, NULL);
}

/* Runs when the goroutine ends, however it does; a Goexit leaves the rest to another. */
static void due_left(void *unused)
{
    (void)unused;
    if (g_self()->goexiting)
        runner_start();
}

static bool is_running(void)
{
    mutex_lock(&due.lock);
    bool is = due.is_running;
    mutex_unlock(&due.lock);
    return is;
}

static NOINLINE void due_loop(void)
{
    GR_FUNC;
    GR_DEFER(due_left, NULL);
    while (is_running())
        due_call();
}

/* The stack was another goroutine's: what that has left there would be in our frames. */
static void due_main(void *unused)
{
    (void)unused;
    gr_stack_scrub();
    due_loop();
}

/* What an earlier controlled run has left is nobody's (end.h I3). */
static void due_drop_old_locked(uint64_t run)
{
    if (due.run == run)
        return;
    due.run = run;
    due.is_running = false;
    struct end *e;
    while (due.first != NULL && end_of(due.first)->run != run &&
           (e = due_pop_locked()) != NULL)
        end_release(e);
}

void due_run(void)
{
    if (load_relaxed(&due.n) == 0)
        return;
    mutex_lock(&due.lock);
    due_drop_old_locked(sched_run_number());
    bool start = due.first != NULL && !due.is_running;
    due.is_running |= start;
    mutex_unlock(&due.lock);
    if (start)
        runner_start();
}

/* ---- asking for them ----------------------------------------------------------------- */

/* Small objects without pointers may share a slot: any address in it will do. */
static bool is_place(const struct heap_ref *r, const void *p)
{
    return p == r->base || (r->meta->is_noscan && r->meta->slot_bytes == 16);
}

static void finalizer_clear(struct heap_ref *r, const void *p)
{
    uint64_t offset = end_offset(r, p);
    struct end *e = NULL;
    end_lock(r->meta);
    struct special **at = special_find_locked(r->meta, offset, END_FINALIZER);
    if (*at != NULL && (*at)->offset == offset && (*at)->kind == END_FINALIZER) {
        e = end_of(*at);
        gc_shade(e->arg);
        special_take_locked(r->meta, at);
    }
    end_unlock(r->meta);
    if (e != NULL)
        end_release(e);
}

void gr_finalizer(void *p, void (*fn)(void *object, void *arg), void *arg)
{
    struct heap_ref r;
    sched_point();
    gc_boot();
    if (!heap_find(p, &r))
        return;
    if (!heap_is_object(&r) || !is_place(&r, p))
        fatal(GR_FATAL_FINALIZER_PLACE);
    if (fn == NULL) {
        finalizer_clear(&r, p);
        return;
    }
    struct end *e = end_acquire(END_FINALIZER, end_offset(&r, p));
    e->fn.finalizer = fn;
    e->arg = arg;
    if (MUTANT(gc_finalizer_early)) {
        e->object = p;
        due_push(e);
        due_run();
        return;
    }
    end_lock(r.meta);
    struct special **at = special_find_locked(r.meta, e->s.offset, END_FINALIZER);
    bool has_one =
        *at != NULL && (*at)->offset == e->s.offset && (*at)->kind == END_FINALIZER;
    if (!has_one)
        special_insert_locked(r.meta, &e->s);
    end_unlock(r.meta);
    if (!has_one)
        return;
    end_release(e);
    fatal(GR_FATAL_FINALIZER_SET);
}

gr_cleanup gr_cleanup_add(void *p, void (*fn)(void *arg), void *arg)
{
    struct heap_ref r;
    sched_point();
    gc_boot();
    if (p == arg && p != NULL)
        gr_panic_error(GR_ERR_CLEANUP_ARG);
    if (!end_find(p, &r))
        return (gr_cleanup){.id = 0};
    struct end *e = end_acquire(END_CLEANUP, end_offset(&r, p));
    gr_cleanup c = {.id = add_relaxed(&due.ids, 1) + 1, .where = p};
    e->fn.cleanup = fn;
    e->arg = arg;
    e->id = c.id;
    end_lock(r.meta);
    special_insert_locked(r.meta, &e->s);
    end_unlock(r.meta);
    return c;
}

void gr_cleanup_stop(gr_cleanup c)
{
    struct heap_ref r;
    struct end *e = NULL;
    sched_point();
    if (c.id == 0 || !heap_find(c.where, &r))
        return;
    end_lock(r.meta);
    struct special **at = special_find_locked(r.meta, end_offset(&r, c.where), END_CLEANUP);
    while (*at != NULL && ((*at)->kind != END_CLEANUP || end_of(*at)->id != c.id))
        at = &(*at)->next;
    if (*at != NULL && !MUTANT(gc_cleanup_unstoppable)) {
        e = end_of(*at);
        gc_shade(e->arg);
        special_take_locked(r.meta, at);
    }
    end_unlock(r.meta);
    if (e != NULL)
        end_release(e);
}
