/* SPDX-License-Identifier: BSD-3-Clause */
/* control.c - a whole program on one thread, every free decision drawn from choose().
 *
 * Owns: gr_control_run, the controlled forms of park, ready, yield, spawn and end, the
 * virtual clock. Not here: where decisions come from (strategy.c).
 *
 * Goroutines switch straight to each other; the calling thread's own stack (g0) only starts
 * the run and takes it down.  At each point the candidates are: the current goroutine, the
 * others that can run, in the order in which they became able to, and, when a deadline has
 * come, the due timers.  A commit runs at once, on the goroutine's own stack: with one
 * thread nobody can wake it before it has left.
 *
 * The clock stands still while anybody can run, and jumps to the earliest deadline when
 * nobody can.  When there is no deadline either, that is the deadlock verdict.
 *
 * A run ends by a switch to g0 from wherever it is: main has returned, gr_exit, a panic
 * without a recover, a fatal error, deadlock, too many steps.  Then all goroutines that are
 * left are dropped: floors above give back what hangs from them (sched_on_drop), stacks and
 * cells go back to their pools, so that a run leaves nothing behind.
 *
 *   I1  One run at a time in a process, and none while gr_main is active.
 */
#include <stdlib.h>
#include <string.h>

#include "sched/control.h"

static struct control only;
static atomic_u32 is_taken;
static uint64_t nruns; /* guarded by is_taken */

static void step(struct control *c)
{
    if (++c->steps > c->max_steps)
        control_end(c, GR_END_STEPS, 0, gr_nil(), "");
}

static void run_push(struct control *c, struct g *g)
{
    if (c->nrun == c->cap) {
        size_t cap = c->cap > 0 ? 2 * c->cap : 64;
        struct g **run = realloc(c->run, (cap + 2) * sizeof *run);
        if (run == NULL)
            fatal(GR_FATAL_NO_MEMORY);
        c->run = run;
        c->cap = cap;
    }
    c->run[c->nrun++] = g;
}

static void run_remove(struct control *c, size_t i)
{
    c->nrun--;
    memmove(&c->run[i], &c->run[i + 1], (c->nrun - i) * sizeof *c->run);
}

static void fire_one(struct control *c)
{
    uint32_t ties = timer_ties(&c->timers);
    uint32_t nth = ties > 1 ? strategy_pick(c, ties) : 0;
    struct timer_shot shot;
    if (!timer_expire_nth(&c->timers, c->now, nth, &shot))
        return;
    struct g *cur = c->m.cur;
    c->m.cur = NULL; /* callbacks are not on a goroutine */
    shot.fire(&shot, c->now);
    c->m.cur = cur;
}

static void clock_reach(struct control *c, int64_t when)
{
    if (when > c->now)
        c->now = when;
}

static bool is_timer_due(struct control *c)
{
    int64_t slack = MUTANT(timer_early) ? 1000000 : 0;
    int64_t next = timer_settle(&c->timers);
    return next != TIMER_NEVER && next - slack <= c->now;
}

/* Whether the earliest deadline is a way to go on: it has come, or it may come early. */
static bool is_timer_way(struct control *c, bool may_hurry)
{
    return is_timer_due(c) || (may_hurry && timer_settle(&c->timers) != TIMER_NEVER);
}

/* One decision about who goes on.  run[] serves as the list of candidates: room for two
 * more is there. first: the current goroutine when it stands first; last: when it stands
 * last (a yield). */
static struct g *decide(struct control *c, struct g *first, struct g *last)
{
    bool may_hurry = c->opt.any_time && (c->nrun > 0 || first != NULL || last != NULL);
    for (;;) {
        step(c);
        bool is_due = is_timer_way(c, may_hurry);
        uint32_t n = (uint32_t)c->nrun + is_due + (first != NULL) + (last != NULL);
        if (n == 0)
            return NULL;
        if (n == 1 && !is_due)
            return c->nrun > 0 ? c->run[0] : first != NULL ? first : last;
        struct g **cand = c->run;
        if (first != NULL) {
            memmove(&cand[1], &cand[0], c->nrun * sizeof *cand);
            cand[0] = first;
        }
        uint32_t at = (uint32_t)c->nrun + (first != NULL);
        if (is_due)
            cand[at++] = NULL;
        if (last != NULL)
            cand[at] = last;
        struct g *g = cand[strategy_next(c, cand, n, last != NULL)];
        if (first != NULL)
            memmove(&cand[0], &cand[1], c->nrun * sizeof *cand);
        if (g != NULL)
            return g;
        may_hurry = may_hurry && is_timer_due(c); /* one early deadline a decision */
        if (!is_timer_due(c))
            clock_reach(c, timer_settle(&c->timers));
        fire_one(c);
    }
}

static void take(struct control *c, struct g *g)
{
    for (size_t i = 0; i < c->nrun; i++) {
        if (c->run[i] == g) {
            run_remove(c, i);
            return;
        }
    }
}

static void switch_to(struct control *c, struct g *next)
{
    struct g *g = c->on;
    take(c, next);
    if (load_relaxed(&next->stack_at) != load_relaxed(&sched_here))
        stack_fetch(NULL, next);
    store_relaxed(&next->state, G_RUNNING);
    c->on = next;
    c->m.cur = next;
    if (c->m.after == AFTER_EXIT)
        fiber_switch_last(&g->fiber, &next->fiber);
    fiber_switch(&g->fiber, &next->fiber);
    sched_arrive();
}

void control_point(struct control *c)
{
    struct g *g = c->on;
    struct g *next = decide(c, g, NULL);
    if (next == g)
        return;
    store_relaxed(&g->state, G_RUNNABLE);
    run_push(c, g);
    switch_to(c, next);
}

void control_yield(struct control *c)
{
    struct g *g = c->on;
    struct g *next = decide(c, NULL, g);
    if (next == g) {
        store_relaxed(&g->state, G_RUNNING);
        return;
    }
    run_push(c, g);
    switch_to(c, next);
}

static NORETURN void deadlock(struct control *c)
{
    enum gr_fatal code = c->nalive == 0 ? GR_FATAL_NO_GOROUTINES : GR_FATAL_DEADLOCK;
    char line[160];
    fmt_buf(line, sizeof line, "fatal error: %s", fatal_text(code));
    control_end(c, GR_END_DEADLOCK, code, gr_nil(), line);
}

/* Somebody else must go on: time passes when nobody can. */
static struct g *next_after_leave(struct control *c)
{
    struct g *next;
    while ((next = decide(c, NULL, NULL)) == NULL) {
        int64_t at = timer_settle(&c->timers);
        if (at == TIMER_NEVER)
            deadlock(c);
        clock_reach(c, at);
    }
    return next;
}

void control_park(struct control *c, bool (*commit)(struct g *, void *), void *arg)
{
    struct g *g = c->on;
    if (commit != NULL && !commit(g, arg)) {
        store_relaxed(&g->state, G_RUNNING);
        return;
    }
    struct g *next = next_after_leave(c);
    if (next == g) { /* woken by a timer before it has left */
        take(c, g);
        store_relaxed(&g->state, G_RUNNING);
        return;
    }
    switch_to(c, next);
}

void control_ready(struct control *c, struct g *g)
{
    run_push(c, g);
}

uint64_t control_spawn(struct control *c, gr_fn fn, void *arg, const void *pc)
{
    struct g *g = spawn_prepare(NULL, fn, arg, ++c->goid);
    spawn_name_parent(g, c->m.cur, pc);
    strategy_new_g(c, g);
    list_push_back(&c->live, &g->live);
    c->nalive++;
    run_push(c, g);
    return c->goid;
}

void control_exit_g(struct control *c)
{
    struct g *g = c->on;
    c->nalive--;
    if (g->is_main)
        c->has_main = false;
    struct g *next = next_after_leave(c);
    list_remove(&g->live);
    c->m.prev = g;
    c->m.after = AFTER_EXIT;
    switch_to(c, next);
    __builtin_unreachable();
}

uint32_t control_choose(struct control *c, enum choice kind, uint32_t n)
{
    if (kind == CHOICE_WAITER && !c->opt.any_waiter)
        return 0;
    c->steps++; /* the caller may hold a lock: too many end the run at its next point */
    return strategy_pick(c, n);
}

bool control_is_due(struct control *c, int64_t when)
{
    if (when <= c->now)
        return true;
    if (!c->opt.any_time || timer_settle(&c->timers) < when)
        return false;
    if (control_choose(c, CHOICE_TIMER, 2) == 0)
        return false;
    clock_reach(c, when);
    return true;
}

int control_procs(struct control *c, int n)
{
    int old = c->procs;
    if (n > 0)
        c->procs = n < ENV_PROCS_MAX ? n : ENV_PROCS_MAX;
    return old;
}

int64_t control_now(struct control *c)
{
    return c->now;
}

struct timer_heap *control_timers(struct control *c)
{
    return &c->timers;
}

size_t control_alive(struct control *c)
{
    return c->nalive;
}

uint64_t sched_run_number(void)
{
    return sched_controlled() ? nruns : 0;
}

void control_end(struct control *c, enum gr_end end, int64_t code, gr_value v,
                 const char *text)
{
    struct gr_verdict *out = c->out;
    out->end = end;
    out->code = code;
    out->value = v;
    fmt_buf(out->text, sizeof out->text, "%s", text);
    out->leaked = c->nalive - (c->has_main && c->nalive > 0);
    out->steps = c->steps;
    c->m.cur = NULL;
    fiber_switch(&c->on->fiber, &c->m.g0);
    __builtin_unreachable();
}

void sched_die_exit(int status)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        control_end(m->control, GR_END_EXIT, status, gr_nil(), "");
}

static void control_init(struct control *c, const struct gr_control *opt)
{
    if (c->m.control == NULL) {
        sched_boot();
        c->m.control = c;
        list_init(&c->live);
        timer_heap_init(&c->timers);
    }
    c->opt = *opt;
    c->max_steps = opt->max_steps > 0 ? opt->max_steps : 100000;
    c->steps = 0;
    nruns++;
    c->nrun = 0;
    c->nalive = 0;
    c->has_main = true;
    c->goid = 0;
    c->now = CONTROL_EPOCH_NS;
    c->procs = 1;
    c->m.after = AFTER_NONE;
    strategy_begin(c);
}

/* Everything that the program left behind. */
static void control_drop_all(struct control *c)
{
    struct list_link *l;
    timer_heap_clear(&c->timers);
    for (l = c->live.next; l != &c->live; l = l->next)
        dead_drop(LIST_ENTRY(l, struct g, live));
    while ((l = list_pop_front(&c->live)) != NULL) {
        struct g *g = LIST_ENTRY(l, struct g, live);
        spawn_wipe(g);
        spawn_bury(NULL, g);
    }
}

static void tape_give(struct tape *t, struct gr_verdict *out)
{
    out->tape_len = t->out_len;
    out->tape = malloc(t->out_len > 0 ? t->out_len : 1);
    if (out->tape == NULL)
        fatal(GR_FATAL_NO_MEMORY);
    if (t->out_len > 0)
        memcpy(out->tape, t->out, t->out_len);
}

void gr_control_run(const struct gr_control *opt, gr_fn fn, void *arg,
                    struct gr_verdict *out)
{
    struct control *c = &only;
    uint32_t free_ = 0;
    if (m_self() != NULL)
        die("gr_control_run: called on a goroutine; call it on a thread of its own");
    if (load_relaxed(&sched.is_up) && (load_relaxed(&sched_attention) & ATT_STOP) == 0)
        die("gr_control_run: gr_main is active; run one after the other");
    if (!cas_acquire(&is_taken, &free_, 1)) /* pairs with the release below */
        die("gr_control_run: another controlled run is active; run one after the other");
    *out = (struct gr_verdict){.end = GR_END_OK};
    c->out = out;
    control_init(c, opt);
    m_altstack_ensure();
    m_set_self(&c->m);
    atomic_fetch_or_explicit(&sched_attention, ATT_CONTROL, memory_order_relaxed);
    control_spawn(c, fn, arg, NULL);
    struct g *g = c->run[0];
    g->is_main = true;
    take(c, g);
    if (load_relaxed(&g->stack_at) != load_relaxed(&sched_here))
        stack_fetch(NULL, g);
    store_relaxed(&g->state, G_RUNNING);
    fiber_adopt(&c->m.g0);
    c->on = g;
    c->m.cur = g;
    fiber_switch(&c->m.g0, &g->fiber);
    atomic_fetch_and_explicit(&sched_attention, ~(uint32_t)ATT_CONTROL,
                              memory_order_relaxed);
    c->on = NULL;
    control_drop_all(c);
    m_set_self(NULL);
    tape_give(&c->tape, out);
    store_release(&is_taken, 0); /* pairs with the acquire above */
}
