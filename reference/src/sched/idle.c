/* SPDX-License-Identifier: BSD-3-Clause */
/* idle.c - going to sleep without missing work, and waking up whoever sleeps when there is
 * some.
 *
 * Owns: the wake-up protocol, the count of spinning threads, the global queue, the
 * timekeeper. Not here: looking for work (find.c), the verdict when nobody can ever run
 * again (dead.c).
 *
 * Wake-ups cost microseconds, work arrives each few nanoseconds; so a submitter wakes
 * somebody only when nobody looks for work already.  Two-sided rule (each side writes,
 * fences, then reads what the other wrote):
 *
 *   submitter                          thread about to sleep
 *     publish work                       say "I am idle", stop counting as spinning
 *     full fence                         full fence
 *     is anybody idle, nobody spinning?  look at every queue and every deadline again
 *       -> wake one                        -> work: take the "idle" back
 *
 * One of the two sees the other.  A spinning thread that finds work wakes another one
 * before it runs it, if it was the last that looked: so a burst of work wakes threads one
 * by one, and each further one only if needed.
 *
 * Deadlines: one sleeper, the timekeeper, sleeps until the earliest deadline of all heaps.
 * The others sleep until they are woken.  Arming an earlier deadline wakes the timekeeper
 * by the same two-sided rule.
 *
 *   I1  A P leaves P_IDLE by busy_start_locked only; whoever calls it for another thread
 *       then wakes its note, once; a thread that finds its own P busy must consume that
 *       wake-up.
 *   I2  keeper != NULL exactly while some idle thread sleeps until keeper_until.
 */
#include "sched/proc.h"

void global_push(struct g *first, struct g *last, uint32_t n)
{
    last->link = NULL;
    mutex_lock(&sched.lock);
    gq_append(&sched.global, first, last, n);
    store_seq(&sched.nglobal, sched.global.len);
    mutex_unlock(&sched.lock);
}

struct g *global_pop(struct p *p, uint32_t max)
{
    if (load_relaxed(&sched.nglobal) == 0)
        return NULL;
    mutex_lock(&sched.lock);
    uint32_t n = sched.global.len / load_relaxed(&sched.nprocs) + 1;
    if (n > max)
        n = max;
    struct g *first = gq_pop(&sched.global);
    struct gq more = {0};
    for (uint32_t i = 1; i < n && sched.global.first != NULL; i++)
        gq_push_back(&more, gq_pop(&sched.global));
    store_seq(&sched.nglobal, sched.global.len);
    mutex_unlock(&sched.lock);
    struct g *g;
    while ((g = gq_pop(&more)) != NULL)
        push_back(p, g);
    return first;
}

void busy_start_locked(struct p *p)
{
    if (p->state == P_IDLE || p->state == P_NONE)
        sub_seq(&sched.nwakeable, p->id < load_relaxed(&sched.nprocs));
    p->state = P_BUSY;
    if (sched.keeper == p) {
        sched.keeper = NULL;
        sched.keeper_until = TIMER_NEVER;
        store_seq(&sched.keeper_ns, TIMER_NEVER);
    }
    if (sched.nbusy++ == 0)
        sysmon_poke();
}

static void busy_end_locked(struct p *p, enum p_state to)
{
    p->state = to;
    sched.nbusy--;
    add_seq(&sched.nwakeable, to == P_IDLE && p->id < load_relaxed(&sched.nprocs));
}

static void thread_start_failed(struct p *p)
{
    if (p->id == 0)
        die("cannot start a thread; look at ulimit -u and the memory limit");
    mutex_lock(&sched.lock);
    busy_end_locked(p, P_IDLE);
    p->state = P_NONE;
    mutex_unlock(&sched.lock);
    if (p->m.is_spinning) {
        p->m.is_spinning = false;
        sub_seq(&sched.nspinning, 1);
    }
}

void idle_kick(struct p *p, enum p_state was)
{
    if (was != P_NONE)
        note_wake(&p->m.wake);
    else if (!os_thread_start(&p->m.thread, m_loop, p, 0))
        thread_start_failed(p);
    else
        os_thread_detach(&p->m.thread);
}

static struct p *wakeable_locked(void)
{
    uint32_t n = load_relaxed(&sched.nprocs);
    struct p *none = NULL;
    for (uint32_t i = 0; i < n; i++) {
        struct p *p = load_relaxed(&sched.ps[i]);
        if (p->state == P_IDLE)
            return p;
        if (p->state == P_NONE && none == NULL)
            none = p;
    }
    return none;
}

/* Wakes p, or anybody when p is NULL, as a spinning thread.  Needs: nspinning was raised
 * for it. */
static void wake_spinning(struct p *p)
{
    mutex_lock(&sched.lock);
    if (p == NULL || p->state != P_IDLE)
        p = wakeable_locked();
    if (p == NULL) {
        mutex_unlock(&sched.lock);
        sub_seq(&sched.nspinning, 1);
        return;
    }
    enum p_state was = p->state;
    busy_start_locked(p);
    p->m.is_spinning = true;
    mutex_unlock(&sched.lock);
    idle_kick(p, was);
}

void idle_wake(void)
{
    if (load_relaxed(&sched.nps) == 1) /* not nprocs: a P on its way out submits as well */
        return;
    /* Pairs with the sequentially consistent stores and loads of idle_sleep (head of this
     * file). */
    atomic_thread_fence(memory_order_seq_cst);
    if (load_seq(&sched.nwakeable) == 0 || load_seq(&sched.nspinning) != 0)
        return;
    uint32_t zero = 0;
    if (cas_seq(&sched.nspinning, &zero, 1))
        wake_spinning(NULL);
}

void idle_wake_keeper(int64_t when)
{
    if (load_relaxed(&sched.nps) == 1)
        return;
    atomic_thread_fence(memory_order_seq_cst); /* as above: the deadline is published */
    if (load_seq(&sched.nwakeable) == 0 || when >= load_seq(&sched.keeper_ns))
        return;
    mutex_lock(&sched.lock);
    struct p *keeper = sched.keeper;
    mutex_unlock(&sched.lock);
    if (keeper == NULL) {
        idle_wake();
        return;
    }
    add_seq(&sched.nspinning, 1);
    wake_spinning(keeper);
}

bool spin_begin(struct m *m)
{
    if (m->is_spinning)
        return true;
    uint32_t busy = load_relaxed(&sched.nprocs) - load_relaxed(&sched.nwakeable);
    if (2 * load_relaxed(&sched.nspinning) >= busy)
        return false;
    m->is_spinning = true;
    add_seq(&sched.nspinning, 1);
    return true;
}

void spin_end(struct m *m)
{
    m->is_spinning = false;
    if (sub_seq(&sched.nspinning, 1) == 1)
        idle_wake(); /* was the last that looked, and found something: there may be more */
}

static int64_t earliest_ns(void)
{
    int64_t next = TIMER_NEVER;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        int64_t t = timer_next_ns(&load_relaxed(&sched.ps[i])->timers);
        next = t < next ? t : next;
    }
    return next;
}

static bool work_exists(void)
{
    if (load_seq(&sched.nglobal) > 0)
        return true;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) /* pairs with procs_init */
        if (!runq_is_empty(&load_relaxed(&sched.ps[i])->q))
            return true;
    return false;
}

/* Takes "I am idle" back, unless somebody has woken this thread meanwhile: then waits for
 * the wake-up, which is certain. */
static void idle_cancel(struct m *m)
{
    mutex_lock(&sched.lock);
    bool is_mine = m->p->state == P_IDLE;
    if (is_mine)
        busy_start_locked(m->p);
    mutex_unlock(&sched.lock);
    if (!is_mine)
        note_sleep(&m->wake);
}

/* Nobody runs and there is no work: the end, or the moment for a virtual clock to move.
 * Needs: sched.lock, nbusy == 0.  Gives: false when there is nothing to do but to sleep;
 * else the lock is free. */
static bool all_idle_locked(struct m *m, int64_t next)
{
    if (sched.nbusy != 0 || !load_relaxed(&sched.is_up))
        return false;
    if (next == TIMER_NEVER) {
        mutex_unlock(&sched.lock);
        dead_verdict();
        return true;
    }
    if (!sched.is_fake_clock)
        return false;
    if (next > load_relaxed(&sched.fake_ns))
        store_relaxed(&sched.fake_ns, next);
    busy_start_locked(m->p);
    mutex_unlock(&sched.lock);
    return true;
}

/* Sleeps, as the timekeeper when this deadline is the earliest.  Needs: sched.lock; frees
 * it. */
static void sleep_locked(struct m *m, int64_t next)
{
    int64_t limit = -1;
    bool is_keeper = next < sched.keeper_until && !sched.is_fake_clock;
    if (is_keeper) {
        sched.keeper = m->p;
        sched.keeper_until = next;
        store_seq(&sched.keeper_ns, next);
        limit = next - os_now_ns();
    }
    mutex_unlock(&sched.lock);
    /* A deadline armed before keeper_ns was stored is seen here; a later one sees
     * keeper_ns. */
    if (earliest_ns() < next || (is_keeper && limit <= 0)) {
        idle_cancel(m);
        return;
    }
    if (!note_sleep_ns(&m->wake, limit))
        idle_cancel(m);
}

void idle_sleep(struct m *m)
{
    struct p *p = m->p;
    note_clear(&m->wake);
    mutex_lock(&sched.lock);
    if (sched.global.len > 0 || p->id >= load_relaxed(&sched.nprocs)) {
        mutex_unlock(&sched.lock);
        return;
    }
    busy_end_locked(p, P_IDLE);
    bool was_spinning = m->is_spinning;
    m->is_spinning = false; /* before the lock is free: a waker may set it again */
    mutex_unlock(&sched.lock);
    if (was_spinning)
        sub_seq(&sched.nspinning, 1);
    /* From here on a submitter sees that we are idle, or we see its work. */
    atomic_thread_fence(memory_order_seq_cst);
    if (work_exists()) {
        idle_cancel(m);
        return;
    }
    mutex_lock(&sched.lock);
    if (p->state != P_IDLE) {
        mutex_unlock(&sched.lock);
        note_sleep(&m->wake);
        return;
    }
    if (sched.global.len > 0) { /* from a P that retired since work_exists: not the end */
        busy_start_locked(p);
        mutex_unlock(&sched.lock);
        return;
    }
    /* Under the lock: when nbusy is 0 nobody can arm anything any more. */
    int64_t next = earliest_ns();
    if (!all_idle_locked(m, next))
        sleep_locked(m, next);
}

void idle_retire(struct m *m)
{
    note_clear(&m->wake);
    if (m->is_spinning) {
        m->is_spinning = false;
        sub_seq(&sched.nspinning, 1);
    }
    mutex_lock(&sched.lock);
    bool is_out = m->p->id >= load_relaxed(&sched.nprocs);
    if (is_out)
        busy_end_locked(m->p, P_RETIRED);
    mutex_unlock(&sched.lock);
    if (!is_out)
        return;
    /* What this P left behind needs somebody; so does the verdict, if it was the last. */
    idle_wake();
    note_sleep(&m->wake);
}
