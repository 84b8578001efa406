/* SPDX-License-Identifier: BSD-3-Clause */
/* idle.c - going to sleep without missing work, and waking up whoever sleeps when there is
 * some.
 *
 * Owns: the lists of idle Ps and Ms, the wake-up protocol, the count of spinning threads,
 * handing on a P whose thread blocks.
 * Not here: looking for work (find.c), the sleep itself and deadlines (keeper.c).
 *
 * Wake-ups cost microseconds, work arrives each few nanoseconds; so a submitter wakes
 * somebody only when nobody looks for work already.  Two-sided rule (each side writes,
 * fences, then reads what the other wrote):
 *
 *   submitter                          thread about to sleep
 *     publish work                       give the P to the idle ones, stop spinning
 *     full fence                         full fence
 *     any idle P, nobody spinning?       look at every queue again
 *       -> wake one with that P            -> work: take an idle P, look on
 *
 * One of the two sees the other.  A spinning thread that finds work wakes another one
 * before it runs it, if it was the last that looked: so a burst of work wakes threads one
 * by one, and each further one only if needed.  reference/model/wakeup.pml is this
 * protocol for the model checker, with what goes wrong where a rule is left out.
 *
 * Arming a deadline earlier than all others wakes the keeper by the same two-sided rule.
 *
 *   I1  Who takes an M out of idle_ms, or out of the place of the keeper, sets its next_p
 *       and wakes its note, once.  It sleeps until then, whatever else happens.
 *   I2  An M that sleeps has no P, and is not spinning but by its waker's word.
 */
#include "sched/proc.h"

/* ---- idle processors ----------------------------------------------------------------- */

void idle_p_push_locked(struct p *p)
{
    p->idle_next = sched.idle_ps;
    sched.idle_ps = p;
    add_seq(&sched.nidle, 1); /* pairs with the load in idle_wake */
}

void idle_p_remove_locked(struct p *p)
{
    struct p **at = &sched.idle_ps;
    while (*at != p)
        at = &(*at)->idle_next;
    *at = p->idle_next;
    sub_seq(&sched.nidle, 1);
}

void busy_start_locked(struct p *p)
{
    store_relaxed(&p->state, P_BUSY);
    if (sched.nbusy++ == 0)
        sysmon_poke();
}

void busy_end_locked(struct p *p)
{
    store_relaxed(&p->state, sched.stop_wanted ? P_STOPPED : P_IDLE);
    sched.nbusy--;
    if (sched.stop_wanted)
        stop_reached_locked();
    else
        idle_p_push_locked(p);
}

/* The last one that became idle, now busy; NULL: none. */
struct p *idle_p_pop_locked(void)
{
    struct p *p = sched.idle_ps;
    if (p != NULL) {
        idle_p_remove_locked(p);
        busy_start_locked(p);
    }
    return p;
}

/* ---- waking -------------------------------------------------------------------------- */

/* A sleeping M, I1; m == NULL: none sleeps. */
struct rouse sleeper_take_locked(void)
{
    struct list_link *l = NULL;
    if (!MUTANT(sched_forgets_sleepers))
        l = list_pop_front(&sched.idle_ms);
    if (l != NULL)
        return (struct rouse){LIST_ENTRY(l, struct m, idle), false};
    return keeper_take_locked();
}

/* p == NULL: it shall only look again. */
void rouse(struct rouse r, struct p *p, bool is_spinning)
{
    r.m->next_p = p;
    r.m->is_spinning = is_spinning;
    note_wake(&r.m->wake);
    if (r.is_in_poll)
        load_acquire(&sched.poller)->wake(); /* pairs with sched_set_poller */
}

/* No thread for p: sysmon will try again. */
static void start_failed(struct p *p)
{
    mutex_lock(&sched.lock);
    busy_end_locked(p);
    sched.is_short = true;
    sysmon_poke();
    mutex_unlock(&sched.lock);
}

void idle_retry(void)
{
    mutex_lock(&sched.lock);
    bool was_short = sched.is_short;
    sched.is_short = false;
    mutex_unlock(&sched.lock);
    if (was_short)
        idle_wake_foreign();
}

/* Gives an idle P to a thread that spins; false when no P was idle any more.  Needs:
 * nspinning was raised for it. */
static bool wake_spinning(void)
{
    mutex_lock(&sched.lock);
    struct p *p = idle_p_pop_locked();
    struct rouse r = {NULL, false};
    if (p != NULL)
        r = sleeper_take_locked();
    mutex_unlock(&sched.lock);
    if (r.m != NULL) {
        rouse(r, p, true);
        return true;
    }
    if (p != NULL) {
        if (machine_start(p, true))
            return true;
        start_failed(p);
    }
    sub_seq(&sched.nspinning, 1);
    return p != NULL;
}

void idle_wake_foreign(void)
{
    uint32_t zero;
    do {
        /* Pairs with the sequentially consistent stores and loads of idle_sleep (head of
         * this file). */
        atomic_thread_fence(memory_order_seq_cst);
        if (load_seq(&sched.nidle) == 0 || load_seq(&sched.nspinning) != 0)
            return;
        zero = 0;
        /* Who counted as spinning in vain looks again: others may have relied on it. */
    } while (cas_seq(&sched.nspinning, &zero, 1) && !wake_spinning());
}

void idle_wake(void)
{
    if (load_relaxed(&sched.nprocs) > 1) /* else the only P is the caller's */
        idle_wake_foreign();
}

void idle_wake_keeper(int64_t when)
{
    if (load_relaxed(&sched.nprocs) == 1)
        return;
    atomic_thread_fence(memory_order_seq_cst); /* as above: the deadline is published */
    if (load_seq(&sched.nidle) == 0 || when >= load_seq(&sched.keeper_ns))
        return;
    mutex_lock(&sched.lock);
    struct rouse r = {NULL, false};
    if (when < sched.keeper_until)
        r = keeper_take_locked();
    mutex_unlock(&sched.lock);
    if (r.m != NULL)
        rouse(r, NULL, false);
    else
        idle_wake();
}

void idle_reconsider(void)
{
    mutex_lock(&sched.lock);
    struct rouse r = {NULL, false};
    if (sched.nbusy == 0)
        r = sleeper_take_locked();
    mutex_unlock(&sched.lock);
    if (r.m != NULL)
        rouse(r, NULL, false);
}

void spin_on(struct m *m)
{
    m->is_spinning = true;
    add_seq(&sched.nspinning, 1);
}

bool sched_may_spin(void)
{
    struct m *m = m_self();
    uint32_t nprocs = load_relaxed(&sched.nprocs);
    return m->control == NULL && nprocs - load_relaxed(&sched.nidle) > 1 &&
           runq_is_empty(&m->p->q);
}

bool spin_begin(struct m *m)
{
    if (m->is_spinning)
        return true;
    uint32_t busy = load_relaxed(&sched.nprocs) - load_relaxed(&sched.nidle);
    if (2 * load_relaxed(&sched.nspinning) >= busy)
        return false;
    spin_on(m);
    return true;
}

void spin_end(struct m *m)
{
    m->is_spinning = false;
    if (sub_seq(&sched.nspinning, 1) == 1)
        idle_wake(); /* was the last that looked, and found something: there may be more */
}

/* ---- looking once more --------------------------------------------------------------- */

bool work_exists(void)
{
    if (load_seq(&sched.nglobal) > 0)
        return true;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) /* pairs with procs_init */
        if (!runq_is_empty(&load_relaxed(&sched.ps[i])->q))
            return true;
    return false;
}

/* ---- sleeping ------------------------------------------------------------------------ */

/* Work that was published before the idle P was. */
static void idle_look(void)
{
    atomic_thread_fence(memory_order_seq_cst); /* the sleeper's half (head of this file) */
    if (work_exists())
        idle_wake_foreign();
}

/* A deadline or a descriptor that nobody attends to: armed, or due, while no P was idle
 * (keeper.c I3).  Nothing hangs without this, for who goes idle last attends to both, and
 * while a P is busy sysmon looks for what is overdue; but that may be each 2.5 ms only, and
 * each 10 ms for descriptors.  The price is the lock and a word of each P, in stops beside
 * which all others were idle. */
static bool is_forsaken(void)
{
    mutex_lock(&sched.lock);
    bool is = poll_is_due() || earliest_ns() < sched.keeper_until;
    mutex_unlock(&sched.lock);
    return is;
}

void idle_look_after_stop(bool were_idle)
{
    if (load_relaxed(&sched.nprocs) == 1)
        return;
    /* As in idle_look: while no P was idle, whoever published something woke nobody. */
    atomic_thread_fence(memory_order_seq_cst);
    if (!were_idle || work_exists() || is_forsaken())
        idle_wake_foreign(); /* it looks at all that was left; more are woken as needed */
}

/* Whether a P that nobody has must not just be put away: it has work or a deadline, or
 * nobody would look for either. */
static bool is_needed_locked(struct p *p)
{
    return !runq_is_empty(&p->q) || sched.global.len > 0 || sched.nbusy == 1 ||
           timer_next_ns(&p->timers) != TIMER_NEVER || poll_is_due();
}

/* Needs: sched.lock; frees it. */
static void give_locked(struct p *p)
{
    struct rouse r = {NULL, false};
    bool is_needed = !sched.stop_wanted && is_needed_locked(p);
    if (is_needed)
        r = sleeper_take_locked();
    else
        busy_end_locked(p);
    mutex_unlock(&sched.lock);
    if (r.m != NULL)
        rouse(r, p, false);
    else if (is_needed && !machine_start(p, false))
        start_failed(p);
    else if (!is_needed)
        idle_look(); /* as any thread whose P went idle */
}

void idle_give(struct p *p)
{
    mutex_lock(&sched.lock);
    give_locked(p);
}

bool idle_hand_off(struct p *p, uint64_t word)
{
    mutex_lock(&sched.lock);
    if (sched.stop_wanted || !block_take_locked(p, word)) {
        mutex_unlock(&sched.lock);
        return false;
    }
    give_locked(p);
    return true;
}

static void look_again(struct m *m)
{
    mutex_lock(&sched.lock);
    m_take(m, idle_p_pop_locked());
    mutex_unlock(&sched.lock);
    if (m->p != NULL)
        spin_on(m);
}

void idle_sleep(struct m *m)
{
    struct p *p = m->p;
    timers_settle(); /* the last one that goes idle has seen every stop: none holds us up */
    mutex_lock(&sched.lock);
    if (sched.global.len > 0 && !sched.stop_wanted) {
        mutex_unlock(&sched.lock);
        return;
    }
    m->p = NULL;
    busy_end_locked(p);
    mutex_unlock(&sched.lock);
    if (m->is_spinning) {
        m->is_spinning = false;
        sub_seq(&sched.nspinning, 1);
    }
    /* From here on a submitter sees that a P is idle, or we see its work. */
    atomic_thread_fence(memory_order_seq_cst);
    if (work_exists())
        look_again(m);
    if (m->p == NULL)
        idle_without_p(m);
}
