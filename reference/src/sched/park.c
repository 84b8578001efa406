/* SPDX-License-Identifier: BSD-3-Clause */
/* park.c - leaving a goroutine's stack and coming back to it: park, ready, yield, points.
 *
 * Owns: the switch itself, what is due to the goroutine that was left, the quick choice of
 * a successor. Not here: the full search for work (find.c), which runs on the thread's own
 * stack, g0.
 *
 * Two ways to leave.  Quick: the successor is at hand (seat or ring), so the goroutine
 * switches straight to it. Full: to g0, which searches.  Either way the successor first
 * does what is due to the one that was left (sched_arrive): run its commit, queue it, or
 * bury it; that cannot be done earlier, because as soon as others may run the goroutine its
 * stack must be free and its registers saved.
 *
 * Births (fresh.h) are taken newest first, and a goroutine that yields lets all of them
 * pass into the ring before it, so that it goes behind everything that could run then.
 *
 * The seat is taken at most NEXT_STREAK times in a row while the ring has work: a pair that
 * hands a value to and fro shares one turn, as if in one time slice, and cannot starve the
 * ring.
 */
#include "sched/proc.h"

#define NEXT_STREAK 64u
#define TIMERS_EVERY 8u
#define RING_EVERY 4u
#define OLDEST_EVERY 61u

struct sched sched = {
    .lock = MUTEX_INIT(RANK_sched),
    .idle_ms = LIST_INIT(sched.idle_ms),
    .all_ms = LIST_INIT(sched.all_ms),
    .nms_max = 10000,
    .nprocs = 1,
    .keeper_until = TIMER_NEVER,
    .keeper_ns = TIMER_NEVER,
};
_Atomic uint32_t sched_attention;

static void bump(atomic_u32 *n)
{
    store_relaxed(n, load_relaxed(n) + 1);
}

/* From the ring and the births.  The newest birth goes first, but every fourth turn is the
 * ring's, and now and then one is the oldest birth's.  Turns are counted here: of switches
 * each second one may be to the seat, always the same ones. */
static ALWAYS_INLINE struct g *queue_pop(struct p *p, struct g *spent)
{
    uint32_t turn = p->turn++;
    struct g *g = NULL;
    if (turn % RING_EVERY != 0)
        g = turn % OLDEST_EVERY != 1 || MUTANT(sched_newest_only) ? spawn_newest(p, spent)
                                                                  : spawn_oldest(p, spent);
    if (g == NULL)
        g = runq_pop(&p->q);
    return g != NULL ? g : spawn_newest(p, spent);
}

static ALWAYS_INLINE struct g *local_pop(struct p *p, struct g *spent)
{
    if (LIKELY(p->next_streak < NEXT_STREAK)) {
        struct g *g = runq_pop_next(&p->q);
        if (g != NULL) {
            p->next_streak++;
            calm_grow(p);
            return g;
        }
    }
    p->next_streak = 0;
    struct g *g = queue_pop(p, spent);
    return g != NULL ? g : runq_pop_next(&p->q);
}

#define ATT_LEAVE (ATT_STOP | ATT_WORLD) /* nobody shall run now */

/* What only g0 looks at: the global queue, descriptors. */
static bool is_g0_due(void)
{
    return load_relaxed(&sched.nglobal) > 0 || poll_is_due();
}

struct g *find_quick(struct m *m, struct g *spent)
{
    struct p *p = m->p;
    if (UNLIKELY(m->is_apart))
        return NULL;
    bump(&p->tick);
    uint32_t tick = load_relaxed(&p->tick);
    if (UNLIKELY(tick % GLOBAL_EVERY == 0) && is_g0_due())
        return NULL;
    if (tick % TIMERS_EVERY == 0 && timer_next_ns(&p->timers) != TIMER_NEVER)
        return NULL;
    if (UNLIKELY((load_relaxed(&sched_attention) & ATT_LEAVE) != 0))
        return NULL;
    struct g *g = local_pop(p, spent);
    if (LIKELY(g == NULL || !load_relaxed(&g->is_bound)))
        return g;
    m->found = g; /* its thread is another: that is for g0 */
    return NULL;
}

/* The same on g0, which has looked at timers already. */
struct g *find_local(struct p *p)
{
    if (load_relaxed(&p->tick) % GLOBAL_EVERY == 0) {
        struct g *g = global_pop(p, runq_len(&p->q) < RUNQ_SIZE / 2 ? RUNQ_SIZE / 2 : 1);
        if (g != NULL)
            return g;
    }
    struct g *g = local_pop(p, NULL);
    return g != NULL ? g : global_pop(p, RUNQ_SIZE / 2);
}

void sched_stop_here(void)
{
    static atomic_u32 never;
    for (;;)
        os_futex_wait(&never, 0, -1);
}

static void arrive_after_park(struct m *m, struct g *prev)
{
    bool (*commit)(struct g *, void *) = m->commit;
    m->commit = NULL;
    /* Only now: its stack is free (squeeze.c I2).  Pairs with the acquire in is_mine. */
    store_release(&prev->state, G_WAITING);
    if (commit == NULL || commit(prev, m->commit_arg))
        return;
    store_relaxed(&prev->state, G_RUNNABLE);
    push_next(m->p, prev);
}

NOINLINE void sched_arrive(void)
{
    struct m *m = m_self();
    enum after after = m->after;
    struct g *prev = m->prev;
    m->after = AFTER_NONE;
    m->prev = NULL;
    switch (after) {
    case AFTER_NONE:
        return;
    case AFTER_PARK:
        arrive_after_park(m, prev);
        return;
    case AFTER_YIELD:
        push_behind(m->p, prev);
        wake_for_ring();
        return;
    case AFTER_BLOCK:
        arrive_after_block(prev);
        return;
    case AFTER_EXIT:
        spawn_bury(m->p, prev);
        return;
    }
}

static ALWAYS_INLINE void run_begin(struct m *m, struct g *next)
{
    ASSERT(load_relaxed(&next->state) == G_RUNNABLE);
    /* Pairs with the releases in scan.c and let_go, squeeze.c. */
    if (load_acquire(&next->stack_at) != load_relaxed(&sched_here))
        stack_fetch(m->p, next);
    ASSERT(!stack_is_unseen(load_relaxed(&next->stack_at)));
    store_relaxed(&next->state, G_RUNNING);
    m->cur = next;
}

void sched_run(struct m *m, struct g *next)
{
    bump(&m->p->tick);
    run_begin(m, next);
    fiber_switch(&m->g0, &next->fiber);
    sched_arrive();
}

void sched_leave_to(struct m *m, enum after after, struct g *next)
{
    struct g *g = m->cur;
    struct fiber *to = &m->g0;
    m->prev = g;
    m->after = after;
    if (next != NULL) {
        run_begin(m, next);
        to = &next->fiber;
    } else {
        m->cur = NULL;
    }
    if (after == AFTER_EXIT)
        fiber_switch_last(&g->fiber, to);
    fiber_switch(&g->fiber, to);
    sched_arrive();
}

void sched_leave(struct m *m, enum after after)
{
    sched_leave_to(m, after, find_quick(m, NULL));
}

void sched_park(bool (*commit)(struct g *g, void *arg), void *arg, enum park_reason why)
{
    struct m *m = m_self();
    struct g *g = m->cur;
    ASSERT(g != NULL);
    store_relaxed(&g->why, why);
    store_relaxed(&g->parked_at, (uint16_t)load_relaxed(&sched_coarse));
    if (m->control != NULL) {
        store_relaxed(&g->state, G_WAITING);
        control_park(m->control, commit, arg);
        return;
    }
    struct p *p = m->p;
    store_relaxed(&p->parks, load_relaxed(&p->parks) + 1);
    m->commit = commit;
    m->commit_arg = arg;
    sched_leave(m, AFTER_PARK);
}

void sched_ready(struct g *g)
{
    struct m *m = m_self();
    ASSERT(m != NULL && load_relaxed(&g->state) == G_WAITING);
    store_relaxed(&g->state, G_RUNNABLE);
    if (m->control != NULL) {
        control_ready(m->control, g);
        return;
    }
    push_next(m->p, g);
}

void sched_ready_all(struct g *list)
{
    while (list != NULL) {
        struct g *g = list;
        list = g->link;
        g->link = NULL;
        sched_ready(g);
    }
}

/* Nobody else on this P wants to run, as far as can be seen without g0. */
static bool is_alone(struct m *m)
{
    return runq_is_empty(&m->p->q) && !is_g0_due() && m->found == NULL &&
           timer_next_ns(&m->p->timers) == TIMER_NEVER &&
           (load_relaxed(&sched_attention) & ATT_LEAVE) == 0;
}

void sched_yield_now(void)
{
    struct m *m = m_self();
    ASSERT(m != NULL && m->cur != NULL);
    store_relaxed(&m->cur->state, G_RUNNABLE);
    if (m->control != NULL) {
        control_yield(m->control);
        return;
    }
    struct g *next = find_quick(m, NULL);
    if (next == NULL && (is_alone(m) || stop_is_mine())) {
        store_relaxed(&m->cur->state, G_RUNNING);
        return;
    }
    sched_leave_to(m, AFTER_YIELD, next);
}

void gr_yield(void)
{
    if (UNLIKELY((load_relaxed(&sched_attention) & ATT_NOISE) != 0))
        noise_strike(g_self(), NOISE_LOCKED);
    sched_yield_now();
}

/* Like a yield, but by way of g0: what wants this P may be a timer, which a yield looks for
 * now and then only. */
static void yield_to_all(struct m *m)
{
    if (stop_is_mine())
        return;
    store_relaxed(&m->cur->state, G_RUNNABLE);
    sched_leave_to(m, AFTER_YIELD, NULL);
}

void sched_point_slow(void)
{
    struct m *m = m_self();
    if (m == NULL || m->cur == NULL)
        return;
    if (m->control != NULL) {
        control_point(m->control);
        return;
    }
    uint32_t attention = load_relaxed(&sched_attention);
    if ((attention & ATT_STOP) != 0)
        sched_stop_here();
    if (load_relaxed(&m->p->preempt) || (attention & ATT_WORLD) != 0) {
        store_relaxed(&m->p->preempt, false);
        yield_to_all(m);
    }
    if ((attention & ATT_NOISE) != 0)
        noise_strike(g_self(), NOISE_POINT);
}

void gr_point(void)
{
    sched_point();
}
