/* SPDX-License-Identifier: BSD-3-Clause */
/* keeper.c - a thread without a P waits until it has one: for work, for a deadline, for
 * descriptors.
 *
 * Owns: the wait itself, the keeper, the virtual clock's jumps, when it is time for the
 * deadlock verdict.
 * Not here: how a waker finds the thread (idle.c), the verdict (dead.c).
 *
 * One sleeper, the keeper, sleeps until the earliest deadline of all heaps, in the poller
 * when somebody waits for a descriptor.  The others sleep until they are woken.  When every
 * other thread runs, the keeper is woken for work like any sleeper; then no P is idle, or
 * the spinning thread that finds work wakes the next keeper.  reference/model/keeper.pml is
 * this for the model checker.
 *
 *   I1  keeper != NULL exactly while some M sleeps until keeper_until.
 *   I2  One thread at a time waits in the poller (is_polled), keeper or not any more.
 *   I3  While a P is idle the earliest deadline is somebody's: a keeper's, or that of a
 *       thread that spins or is about to look here again.
 */
#include "sched/proc.h"

int64_t earliest_ns(void)
{
    int64_t next = TIMER_NEVER;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        int64_t t = timer_next_ns(&load_relaxed(&sched.ps[i])->timers);
        next = t < next ? t : next;
    }
    return next;
}

/* The same, but whose deadline has come, if there is one. */
static struct p *idle_p_pop_due_locked(int64_t now)
{
    struct p *p = sched.idle_ps;
    while (p != NULL && timer_next_ns(&p->timers) > now)
        p = p->idle_next;
    if (p == NULL)
        return idle_p_pop_locked();
    idle_p_remove_locked(p);
    busy_start_locked(p);
    return p;
}

struct rouse keeper_take_locked(void)
{
    struct rouse r = {sched.keeper, load_relaxed(&sched.is_polled)};
    sched.keeper = NULL;
    sched.keeper_until = TIMER_NEVER;
    store_seq(&sched.keeper_ns, TIMER_NEVER);
    return r;
}

/* Nobody can ever run: no P is busy, and nothing outside can change that. */
static bool is_dead_locked(int64_t next)
{
    bool has_calls = sched.nblocked != 0 && !MUTANT(dead_ignores_calls);
    return sched.nbusy == 0 && !has_calls && load_relaxed(&sched.is_up) &&
           next == TIMER_NEVER && sched.external == 0 && poll_waiting() == 0 &&
           !work_exists();
}

/* Time stands still while a P is busy or a thread blocked; else it jumps. */
static void fake_clock_jump_locked(int64_t next)
{
    if (sched.is_fake_clock && sched.nbusy == 0 && sched.nblocked == 0 &&
        next != TIMER_NEVER && next > load_relaxed(&sched.fake_ns)) {
        store_relaxed(&sched.fake_ns, next);
        coarse_update();
    }
}

/* Waits in the poller.  Needs: sched.lock; gives it back. */
static void poll_locked(int64_t left)
{
    const struct sched_poller *pl = load_acquire(&sched.poller); /* sched_set_poller */
    store_relaxed(&sched.is_polled, true);
    sched.nharvest++;
    mutex_unlock(&sched.lock);
    struct g *list = pl->poll(left);
    store_relaxed(&sched.polled_ns, os_now_ns());
    mutex_lock(&sched.lock);
    global_append_locked(list);
    sched.nharvest--;
    store_relaxed(&sched.is_polled, false);
}

/* Sleeps in the keeper's place until `until`, or woken.  Needs: sched.lock; gives it
 * back. */
static void keep_locked(struct m *m, int64_t until)
{
    bool is_woken = false, is_polling = !load_relaxed(&sched.is_polled) && poll_waiting();
    sched.keeper = m;
    sched.keeper_until = until;
    store_seq(&sched.keeper_ns, until);
    /* A deadline armed before keeper_ns was stored is seen here; a later one sees it. */
    int64_t next = sched.is_fake_clock ? TIMER_NEVER : earliest_ns();
    next = next < until ? next : until;
    int64_t left = next == TIMER_NEVER ? -1 : next - os_now_ns();
    left = next != TIMER_NEVER && left < 0 ? 0 : left;
    if (is_polling) {
        poll_locked(left);
    } else {
        mutex_unlock(&sched.lock);
        is_woken =
            left != 0 && !MUTANT(keeper_never_sleeps) && note_sleep_ns(&m->wake, left);
        mutex_lock(&sched.lock);
    }
    if (sched.keeper == m) {
        keeper_take_locked();
    } else if (list_is_linked(&m->idle)) {
        list_remove(&m->idle); /* another keeper took the place */
    } else {
        mutex_unlock(&sched.lock);
        if (!is_woken)
            note_sleep(&m->wake); /* I1: certain */
        mutex_lock(&sched.lock);
        m_take(m, m->next_p);
    }
}

/* Sleeps until woken.  Needs: sched.lock; gives it back. */
static void rest_locked(struct m *m)
{
    list_push_front(&sched.idle_ms, &m->idle);
    mutex_unlock(&sched.lock);
    note_sleep(&m->wake);
    mutex_lock(&sched.lock);
    m_take(m, m->next_p);
}

/* Whether the caller shall be the keeper.  The former one goes on sleeping, as anybody; but
 * out of the poller it is called, and looks again instead of the caller: nobody else may
 * wait there before it has left. */
static bool is_keeper_due_locked(int64_t next)
{
    bool is_poll_due = poll_is_due();
    if (next >= sched.keeper_until && !is_poll_due)
        return false;
    struct m *former = sched.keeper;
    if (former == NULL)
        return next != TIMER_NEVER || is_poll_due;
    if (load_relaxed(&sched.is_polled)) {
        rouse(keeper_take_locked(), NULL, false);
        return false;
    }
    keeper_take_locked();
    list_push_back(&sched.idle_ms, &former->idle);
    return true;
}

/* Takes an idle P for work or a deadline that is there.  Needs: sched.lock. */
static bool take_idle_locked(struct m *m, int64_t next)
{
    if (sched.idle_ps == NULL)
        return false;
    if (sched.global.len > 0) {
        m_take(m, idle_p_pop_locked());
        spin_on(m);
        return true;
    }
    fake_clock_jump_locked(next);
    if (next == TIMER_NEVER || next > sched_now_ns())
        return false;
    m_take(m, idle_p_pop_due_locked(next));
    if (timer_next_ns(&m->p->timers) > next)
        spin_on(m); /* another's deadline, to be looked for */
    return true;
}

/* One turn of the wait for a P.  Needs: sched.lock; gives it back. */
static void wait_locked(struct m *m)
{
    int64_t next = sched.idle_ps != NULL ? earliest_ns() : TIMER_NEVER;
    if (take_idle_locked(m, next))
        return;
    if (is_dead_locked(next)) {
        if (sched.nharvest == 0) {
            mutex_unlock(&sched.lock);
            dead_verdict();
        }
        if (sched.keeper != NULL && load_relaxed(&sched.is_polled))
            rouse(keeper_take_locked(), NULL, false); /* it looks again, and finds out */
    }
    note_clear(&m->wake);
    int64_t until = sched.is_fake_clock ? TIMER_NEVER : next;
    if (is_keeper_due_locked(until))
        keep_locked(m, until);
    else
        rest_locked(m);
}

/* Who leaves the poller with a P leaves nobody behind there: a sleeper takes the place. */
static struct rouse heir_locked(void)
{
    struct rouse none = {NULL, false};
    if (sched.keeper != NULL || !poll_is_due() || sched.idle_ps == NULL)
        return none;
    struct list_link *l = list_pop_front(&sched.idle_ms);
    return l != NULL ? (struct rouse){LIST_ENTRY(l, struct m, idle), false} : none;
}

void idle_without_p(struct m *m)
{
    mutex_lock(&sched.lock);
    while (m->p == NULL)
        wait_locked(m);
    struct rouse heir = heir_locked();
    mutex_unlock(&sched.lock);
    if (heir.m != NULL)
        rouse(heir, NULL, false);
}

/* ---- goroutines in the hands of a thread without a P --------------------------------- */

void harvest_begin(void)
{
    mutex_lock(&sched.lock);
    sched.nharvest++;
    mutex_unlock(&sched.lock);
}

void harvest_end(struct g *list)
{
    mutex_lock(&sched.lock);
    sched.nharvest--;
    global_append_locked(list);
    bool is_quiet = list == NULL && sched.nbusy == 0;
    mutex_unlock(&sched.lock);
    if (list != NULL)
        idle_wake_foreign();
    else if (is_quiet)
        idle_reconsider();
}
