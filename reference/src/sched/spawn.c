/* SPDX-License-Identifier: BSD-3-Clause */
/* spawn.c - a goroutine's beginning and end.
 *
 * Owns: filling a cell, binding a stack, the first function on every goroutine's stack,
 * burial. Not here: who runs next (park.c, find.c), deferred calls (floor panic).
 *
 * Late binding: a spawned goroutine is a birth only (fresh.h); it gets a cell and a stack
 * when it first runs, preferably the hot ones of a goroutine that has just ended, whose
 * loop in spawn_entry then simply goes on with the next function: no switch, no cold line.
 * Sanitizer builds bind at once (their fibers must be made by the parent, which is the edge
 * from `go` to the new goroutine) and switch always.
 *
 *   I1  A cell is buried by somebody who does not run on its stack, except when the stack
 *       has been handed on.
 */
#include "sched/proc.h"

void spawn_name_parent(struct g *g, const struct g *parent, const void *pc)
{
    store_relaxed(&g->parent_goid, parent != NULL ? load_relaxed(&parent->goid) : 0);
    store_relaxed(&g->parent_pc, pc);
}

/* What a spawn says; the rest of the cell is as cell_clean left it. */
static ALWAYS_INLINE void cell_fill(struct g *g, gr_fn fn, void *arg, uint64_t goid)
{
    g->fn = fn;
    store_relaxed(&g->arg, arg);
    store_relaxed(&g->why, PARK_NONE);
    store_relaxed(&g->goid, goid);
    store_relaxed(&g->state, G_RUNNABLE);
}

static ALWAYS_INLINE void cell_options(struct g *g, unsigned options)
{
    g->no_escape = env_knobs.squeeze != 0 || (options & GR_NOESCAPE) != 0;
    g->wants_big = (options & GR_STACK_BIG) != 0;
}

struct g *spawn_prepare(struct p *p, gr_fn fn, void *arg, uint64_t goid)
{
    struct g *g = g_acquire(p);
    g->link = NULL;
    g->is_main = false;
    store_relaxed(&g->is_system, false);
    store_relaxed(&g->stack_at, STACK_NONE);
    cell_fill(g, fn, arg, goid);
    cell_options(g, 0);
    spawn_name_parent(g, NULL, NULL);
    if (SAN_FIBERS)
        spawn_bind(p, g);
    return g;
}

static ALWAYS_INLINE void stack_begin(struct g *g)
{
    void *bottom = SAN_FIBERS ? stack_bottom(&g->stack) : NULL; /* only they want it */
    store_relaxed(&g->stack_at, load_relaxed(&sched_here));
    fiber_init(&g->fiber, bottom, g->stack.top, spawn_entry, NULL);
}

void spawn_bind(struct p *p, struct g *g)
{
    if (g->wants_big) {
        if (!stack_acquire(&g->stack, STACK_LARGE) && !stack_acquire(&g->stack, STACK_BIG))
            fatal(GR_FATAL_NO_MEMORY);
    } else if (p != NULL && p->nstacks > 0)
        g->stack = p->stacks[--p->nstacks];
    else if (stack_acquire_many(&g->stack, 1) == 0)
        fatal(GR_FATAL_NO_MEMORY);
    stack_begin(g);
}

void spawn_wipe(struct g *g)
{
    g->panics = NULL;
    g->waiting = NULL;
    g->param = NULL;
}

/* Leaves the lines for waiting alone: see struct g. */
static void cell_clean(struct g *g)
{
    ASSERT(g->panics == NULL && g->waiting == NULL);
    store_relaxed(&g->state, G_DEAD);
    g->frames = NULL;
    g->goexiting = false;
    g->success = false;
    store_relaxed(&g->select_done, 0);
}

void spawn_bury(struct p *p, struct g *g)
{
    cell_clean(g);
    if (load_relaxed(&g->stack_at) != STACK_NONE) {
        ASSERT(stack_check(&g->stack));
        fiber_fini(&g->fiber);
        store_relaxed(&g->stack_at, STACK_NONE);
        stack_settle(&g->stack);
        bool is_kept = p != NULL && !SAN_FIBERS && !stack_is_second_best(&g->stack);
        if (is_kept && p->nspent < P_SPENT) {
            p->spent[p->nspent++] = g;
            return;
        }
        if (is_kept && p->nstacks < P_STACKS)
            p->stacks[p->nstacks++] = g->stack;
        else
            stack_release(&g->stack);
    }
    g_release(p, g);
}

/* The last of those that p buried and kept, again, on the stack that it had. */
static UNUSED ALWAYS_INLINE struct g *spent_take(struct p *p, const struct birth *b)
{
    struct g *g = p->spent[--p->nspent];
    g->link = NULL;
    g->is_main = false;
    cell_fill(g, b->fn, b->arg, b->goid);
    stack_begin(g);
    return g;
}

static uint64_t goid_new(struct p *p)
{
    if (p->goid_next == p->goid_end) {
        p->goid_next = add_relaxed(&sched.goid, P_GOIDS) + 1;
        p->goid_end = p->goid_next + P_GOIDS;
    }
    return MUTANT(goid_repeats) ? p->goid_next : p->goid_next++;
}

static void count(atomic_u64 *n)
{
    store_relaxed(n, load_relaxed(n) + 1); /* one writer: the owner of the P */
}

/* Goes on at pc: in the code that says `go`. */
static ALWAYS_INLINE uint64_t spawn(gr_fn fn, void *arg, const void *pc, unsigned options)
{
    struct m *m = m_self();
    ASSERT(m != NULL);
    if (m->control != NULL)
        return control_spawn(m->control, fn, arg, pc);
    struct p *p = m->p;
    struct birth b = {.fn = fn, .arg = arg, .goid = goid_new(p), .parent_pc = pc};
    if (m->cur != NULL)
        b.parent_goid = load_relaxed(&m->cur->goid);
#if SAN_FIBERS
    b.made = spawn_prepare(p, fn, arg, b.goid);
    spawn_name_parent(b.made, m->cur, pc);
    cell_options(b.made, options);
#else
    b.options = options;
#endif
    count(&p->spawned);
    fresh_push(&p->q.fresh, &b);
    if (load_relaxed(&p->q.fresh.n) > 1)
        wake_for_ring();
    else
        wake_for_seat(p);
    return b.goid;
}

/* A birth becomes a goroutine: in a cell of its own, or in that of one that has just ended,
 * with its stack. */
static struct g *born(struct p *p, const struct birth *b, struct g *spent)
{
#if SAN_FIBERS
    (void)p, (void)spent;
    return b->made;
#else
    bool is_big = (b->options & GR_STACK_BIG) != 0;
    struct g *g = spent;
    if (UNLIKELY(load_relaxed(&gc_is_marking)) && !MUTANT(gc_root_birth_taken))
        gc_hooks.shade(b->arg);
    if (g != NULL && !is_big) {
        cell_clean(g);
        cell_fill(g, b->fn, b->arg, b->goid);
    } else if (p->nspent > 0 && !is_big) {
        g = spent_take(p, b);
    } else {
        g = spawn_prepare(p, b->fn, b->arg, b->goid);
    }
    cell_options(g, b->options);
    store_relaxed(&g->parent_goid, b->parent_goid);
    store_relaxed(&g->parent_pc, b->parent_pc);
    return g;
#endif
}

struct g *spawn_newest(struct p *p, struct g *spent)
{
    struct birth b;
    if (!fresh_pop(&p->q.fresh, &b))
        return NULL;
    if (load_relaxed(&p->q.fresh.n) == 0)
        calm_grow(p);
    return born(p, &b, spent);
}

struct g *spawn_oldest(struct p *p, struct g *spent)
{
    struct birth b;
    return fresh_pop_oldest(&p->q.fresh, &b) ? born(p, &b, spent) : NULL;
}

uint64_t sched_spawn(gr_fn fn, void *arg)
{
    return spawn(fn, arg, NULL, 0);
}

NOINLINE void gr_go(gr_fn fn, void *arg)
{
    if (fn == NULL)
        fatal(GR_FATAL_GO_NIL);
    sched_point();
    spawn(fn, arg, __builtin_return_address(0), 0);
}

NOINLINE void gr_go_opt(gr_fn fn, void *arg, unsigned options)
{
    if (fn == NULL)
        fatal(GR_FATAL_GO_NIL);
    sched_point();
    if ((options & GR_NOESCAPE) != 0)
        squeeze_start();
    spawn(fn, arg, __builtin_return_address(0), options);
}

uint64_t gr_goid(void)
{
    struct g *g = g_self();
    return g != NULL ? load_relaxed(&g->goid) : 0;
}

/* Whether it has a stack already, or wants one of its own. */
static bool has_own_stack(const struct g *g)
{
    return load_relaxed(&g->stack_at) != STACK_NONE || g->wants_big;
}

/* The running goroutine's function has returned.  Comes back when its stack has been handed
 * to another goroutine that starts now, with the cell or without; else does not come
 * back. */
static void spawn_return(void)
{
    struct m *m = m_self();
    struct g *g = m->cur;
    if (m->control != NULL) {
        if (g->is_main)
            control_end(m->control, GR_END_OK, 0, gr_nil(), "");
        control_exit_g(m->control);
    }
    if (g->is_main)
        sched_quit();
    struct p *p = m->p;
    if (SAN_FIBERS)
        sched_exit_g();
    count(&p->exited);
    if (UNLIKELY(m->is_apart))
        bound_exit(m);
    bool is_kept = !stack_is_second_best(&g->stack);
    struct g *next = find_quick(m, is_kept ? g : NULL);
    if (next == g) {
        stack_settle(&g->stack);
        store_relaxed(&g->state, G_RUNNING);
        return;
    }
    if (next == NULL || has_own_stack(next) || !is_kept) {
        sched_leave_to(m, AFTER_EXIT, next);
        __builtin_unreachable();
    }
    stack_settle(&g->stack);
    scan_unborn(next);
    next->stack = g->stack;
    store_relaxed(&next->stack_at, load_relaxed(&sched_here));
    store_relaxed(&g->stack_at, STACK_NONE);
    spawn_bury(p, g);
    store_relaxed(&next->state, G_RUNNING);
    m->cur = next;
}

void spawn_entry(void *unused)
{
    (void)unused;
    sched_arrive();
    for (;;) {
        struct g *g = g_self();
        void *arg = load_relaxed(&g->arg);
        store_relaxed(&g->arg, NULL); /* from here on its stack says whether it is wanted */
        g->fn(arg);
        spawn_return();
    }
}

void sched_exit_g(void)
{
    struct m *m = m_self();
    spawn_wipe(m->cur);
    if (m->control != NULL)
        control_exit_g(m->control);
    if (m->cur->is_main)
        store_relaxed(&sched.has_main, false);
    count(&m->p->exited);
    if (m->is_apart)
        bound_exit(m);
    sched_leave(m, AFTER_EXIT);
    __builtin_unreachable();
}

size_t gr_num_goroutines(void)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        return control_alive(m->control);
    uint64_t spawned = 0, exited = 0;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        struct p *p = load_relaxed(&sched.ps[i]);
        exited += load_relaxed(&p->exited);
        spawned += load_relaxed(&p->spawned);
    }
    return spawned > exited ? (size_t)(spawned - exited) : 0;
}
