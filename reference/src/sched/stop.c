/* SPDX-License-Identifier: BSD-3-Clause */
/* stop.c - stopping the world: one goroutine runs, nobody else touches a processor.
 *
 * Owns: sched_stop_world and _start_world, turns between callers, how long it took.
 * Not here: what is done meanwhile (procs.c, floors above).
 *
 * Idle Ps leave the idle list, so that nobody finds one; Ps of blocked threads are taken;
 * busy ones are given up by their threads, which look up at the next point, park or search
 * (ATT_WORLD).  A P that would become idle meanwhile is stopped instead.  Threads that come
 * back from the system find no P and queue up.
 *
 *      P_IDLE, P_BLOCKED ---stop---> P_STOPPED ---start---> P_IDLE
 *      P_BUSY ------next point-------^
 *
 *   I1  The world has stopped when nbusy is 1, the caller's P: no P becomes busy while
 *       stop_wanted holds, since none is idle.
 *   I2  stopper is the goroutine that stopped the world; it does not leave its P.
 *   I3  stop.is_taken is handed from one caller to the next: turns are first come, first
 *       served.
 */
#include "sched/proc.h"

#define FIRST_NS 20000 /* who polls has seen the wish by then */
#define RETRY_NS 25000 /* who did not is in a bracket, frozen soon, or asked again */
#define LOOKS 4        /* so often without sleeping: to be woken may take longer than all */
#define RETRIES 20
#define SLOW_RETRY_NS 100000 /* whoever is not to be had for so long is no longer hurried */

static struct {
    struct mutex lock;
    bool is_taken;                 /* guarded by lock (I3) */
    struct g *first, *last;        /* guarded by lock: waiting callers, by g->link */
    struct note all;               /* nbusy has become 1 */
    int64_t begun_ns, reached_ns;  /* owner: the stopper */
    bool is_alone;                 /* the same: all other Ps were idle before */
    atomic_u64 count;              /* atomic; as the rest written by the stopper */
    atomic_u64 wait_max, held_max; /* ns */
    atomic_u64 waits[GR_STOP_BUCKETS];
} stop = {.lock = MUTEX_INIT(RANK_procs)};

/* ---- turns --------------------------------------------------------------------------- */

static bool turn_commit(struct g *g, void *unused)
{
    (void)unused;
    g->link = NULL;
    if (stop.last != NULL)
        stop.last->link = g;
    else
        stop.first = g;
    stop.last = g;
    mutex_unlock(&stop.lock);
    return true;
}

static void turn_take(void)
{
    mutex_lock(&stop.lock);
    if (stop.is_taken) {
        sched_park(turn_commit, NULL, PARK_STOP);
        return;
    }
    stop.is_taken = true;
    mutex_unlock(&stop.lock);
}

/* Gives: who has the next turn, to be made ready. */
static struct g *turn_give(void)
{
    mutex_lock(&stop.lock);
    struct g *g = stop.first;
    if (g == NULL) {
        stop.is_taken = false;
    } else {
        stop.first = g->link;
        stop.last = stop.first != NULL ? stop.last : NULL;
        g->link = NULL;
    }
    mutex_unlock(&stop.lock);
    return g;
}

/* ---- stopping ------------------------------------------------------------------------ */

/* The barrier is passed with the lock held: what sysmon wants and has not yet passed its
 * own barrier for is nobody's to take (block.c I4). */
static void blocked_stop_locked(void)
{
    uint32_t n = load_relaxed(&sched.nprocs);
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        any |= block_want_locked(p, load_relaxed(&p->state));
    }
    if (any)
        block_barrier();
    for (uint32_t i = 0; i < n; i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        if (block_take_locked(p, load_relaxed(&p->state)))
            busy_end_locked(p);
    }
}

static void idle_stop_locked(void)
{
    struct p *p;
    while ((p = sched.idle_ps) != NULL) {
        idle_p_remove_locked(p);
        store_relaxed(&p->state, P_STOPPED);
    }
}

void stop_reached_locked(void)
{
    if (sched.nbusy == 1)
        note_wake(&stop.all);
}

static int cpus; /* const after boot */

void stop_init(void)
{
    cpus = os_cpu_count();
}

/* False: patience_ns have passed.  Looking is of use where all can run at once. */
static bool all_wait(bool may_look, int64_t patience_ns)
{
    if (may_look && load_relaxed(&sched.nprocs) <= (uint32_t)cpus)
        return note_look_ns(&stop.all, patience_ns);
    return note_sleep_ns(&stop.all, patience_ns);
}

/* Waits until all have stopped. */
static void stop_wait(void)
{
    struct p *mine = m_self()->p;
    int64_t patience = FIRST_NS;
    for (int tries = 0; !all_wait(tries < LOOKS, patience); tries++) {
        patience = tries < RETRIES ? RETRY_NS : SLOW_RETRY_NS;
        mutex_lock(&sched.lock);
        blocked_stop_locked();
        mutex_unlock(&sched.lock);
        for (uint32_t i = 0; i < load_relaxed(&sched.nprocs); i++)
            if (load_relaxed(&sched.ps[i]) != mine)
                freeze_ask(load_relaxed(&sched.ps[i]));
    }
}

void sched_stop_world(const char *reason)
{
    struct m *m = m_self();
    ASSERT(m != NULL && m->cur != NULL && reason != NULL);
    if (m->control != NULL)
        return;
    turn_take();
    stop.begun_ns = os_now_ns();
    note_clear(&stop.all);
    mutex_lock(&sched.lock);
    store_relaxed(&sched.stopper, g_self());
    atomic_fetch_or_explicit(&sched_attention, ATT_WORLD, memory_order_relaxed);
    idle_stop_locked();
    bool is_reached = sched.nbusy == 1;
    sched.stop_wanted = true;
    if (!is_reached)
        blocked_stop_locked();
    mutex_unlock(&sched.lock);
    stop.is_alone = is_reached;
    if (!is_reached)
        stop_wait();
    stop.reached_ns = os_now_ns();
}

bool stop_is_mine(void)
{
    struct g *g = load_relaxed(&sched.stopper);
    return g != NULL && g == g_self();
}

/* ---- starting ------------------------------------------------------------------------ */

static void max_raise(atomic_u64 *max, uint64_t n)
{
    if (n > load_relaxed(max))
        store_relaxed(max, n);
}

static void stop_count(void)
{
    uint64_t wait = (uint64_t)(stop.reached_ns - stop.begun_ns);
    uint32_t bucket = 0;
    while (bucket + 1 < GR_STOP_BUCKETS && wait >= (uint64_t)1000 << bucket)
        bucket++;
    store_relaxed(&stop.waits[bucket], load_relaxed(&stop.waits[bucket]) + 1);
    store_relaxed(&stop.count, load_relaxed(&stop.count) + 1);
    max_raise(&stop.wait_max, wait);
    max_raise(&stop.held_max, (uint64_t)(os_now_ns() - stop.reached_ns));
}

void sched_start_world(void)
{
    if (m_self()->control != NULL)
        return;
    ASSERT(stop_is_mine() && sched.nbusy == 1);
    stop_count();
    mutex_lock(&sched.lock);
    bool was_alone = stop.is_alone;
    sched.stop_wanted = false;
    store_relaxed(&sched.stopper, NULL);
    atomic_fetch_and_explicit(&sched_attention, ~(uint32_t)ATT_WORLD, memory_order_relaxed);
    for (uint32_t i = load_relaxed(&sched.nprocs); i-- > 0;) {
        struct p *p = load_relaxed(&sched.ps[i]);
        if (p_state(p) != P_STOPPED)
            continue;
        store_relaxed(&p->state, P_IDLE);
        idle_p_push_locked(p);
    }
    mutex_unlock(&sched.lock);
    struct g *next = turn_give();
    if (next != NULL)
        sched_ready(next);
    idle_look_after_stop(was_alone);
}

void stop_stats(struct gr_stats *s)
{
    s->stops = load_relaxed(&stop.count);
    s->stop_wait_max_ns = load_relaxed(&stop.wait_max);
    s->stop_held_max_ns = load_relaxed(&stop.held_max);
    for (uint32_t i = 0; i < GR_STOP_BUCKETS; i++)
        s->stop_waits[i] = load_relaxed(&stop.waits[i]);
}
