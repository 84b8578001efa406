/* SPDX-License-Identifier: BSD-3-Clause */
/* idle.c - going to sleep without missing work, and waking up whoever sleeps when there is
 * some.
 *
 * Owns: the lists of idle Ps and Ms, the wake-up protocol, the count of spinning threads,
 * the keeper.  Not here: looking for work (find.c), the verdict when nobody can ever run
 * again (dead.c).
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
 * Deadlines and descriptors: one sleeper without a P, the keeper, sleeps until the earliest
 * deadline of all heaps, in the poller when there is one.  The others sleep until they are
 * woken.  Arming an earlier deadline wakes the keeper by the same two-sided rule.  When
 * every other thread runs, the keeper is woken for work like any sleeper; then some P is
 * idle no more, or the spinning thread that finds work wakes the next keeper.
 *
 *   I1  Who takes an M out of idle_ms, or out of the place of the keeper, sets its next_p
 *       and wakes its note, once.  It sleeps until then, whatever else happens.
 *   I2  keeper != NULL exactly while some M sleeps until keeper_until.
 *   I3  An M that sleeps has no P, and is not spinning but by its waker's word.
 *   I4  While a P is idle the earliest deadline is somebody's: a keeper's, or that of a
 *       thread that spins or is about to look here again.
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
    p->state = P_BUSY;
    if (sched.nbusy++ == 0)
        sysmon_poke();
}

void busy_end_locked(struct p *p, enum p_state to)
{
    p->state = to;
    sched.nbusy--;
    if (to == P_IDLE)
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

/* ---- waking -------------------------------------------------------------------------- */

/* Ends the sleep of the keeper, who is out of its place already, or of another M. */
struct rouse {
    struct m *m;
    bool is_in_poll;
};

static struct rouse keeper_take_locked(void)
{
    struct rouse r = {sched.keeper, load_relaxed(&sched.is_polled)};
    sched.keeper = NULL;
    sched.keeper_until = TIMER_NEVER;
    store_seq(&sched.keeper_ns, TIMER_NEVER);
    return r;
}

/* A sleeping M, I1; m == NULL: none sleeps. */
static struct rouse sleeper_take_locked(void)
{
    struct list_link *l = list_pop_front(&sched.idle_ms);
    if (l != NULL)
        return (struct rouse){LIST_ENTRY(l, struct m, idle), false};
    return keeper_take_locked();
}

/* p == NULL: it shall only look again. */
static void rouse(struct rouse r, struct p *p, bool is_spinning)
{
    r.m->next_p = p;
    r.m->is_spinning = is_spinning;
    note_wake(&r.m->wake);
    if (r.is_in_poll)
        load_acquire(&sched.poller)->wake(); /* pairs with sched_set_poller */
}

/* No thread for p. */
static void start_failed(struct p *p)
{
    mutex_lock(&sched.lock);
    busy_end_locked(p, P_IDLE);
    mutex_unlock(&sched.lock);
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
    if (load_relaxed(&sched.nps) > 1) /* else the only P is the caller's */
        idle_wake_foreign();
}

void idle_wake_keeper(int64_t when)
{
    if (load_relaxed(&sched.nps) == 1)
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

bool spin_begin(struct m *m)
{
    if (m->is_spinning)
        return true;
    uint32_t busy = load_relaxed(&sched.nprocs) - load_relaxed(&sched.nidle);
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

/* ---- looking once more --------------------------------------------------------------- */

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

/* Nobody can ever run: no P is busy, and nothing outside can change that. */
static bool is_dead_locked(int64_t next)
{
    return sched.nbusy == 0 && load_relaxed(&sched.is_up) && next == TIMER_NEVER &&
           sched.external == 0 && poll_waiting() == 0 && !work_exists();
}

/* Time stands still while a P is busy; when none is, it jumps. */
static void fake_clock_jump_locked(int64_t next)
{
    if (sched.is_fake_clock && sched.nbusy == 0 && next != TIMER_NEVER &&
        next > load_relaxed(&sched.fake_ns))
        store_relaxed(&sched.fake_ns, next);
}

/* ---- sleeping ------------------------------------------------------------------------ */

/* What was seen must be looked for, whoever else does. */
static void spin_on(struct m *m)
{
    m->is_spinning = true;
    add_seq(&sched.nspinning, 1);
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
        is_woken = left != 0 && note_sleep_ns(&m->wake, left);
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
        m->p = m->next_p;
    }
}

/* Sleeps until woken.  Needs: sched.lock; gives it back. */
static void rest_locked(struct m *m)
{
    list_push_front(&sched.idle_ms, &m->idle);
    mutex_unlock(&sched.lock);
    note_sleep(&m->wake);
    mutex_lock(&sched.lock);
    m->p = m->next_p;
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
        m->p = idle_p_pop_locked();
        spin_on(m);
        return true;
    }
    fake_clock_jump_locked(next);
    if (next == TIMER_NEVER || next > sched_now_ns())
        return false;
    m->p = idle_p_pop_due_locked(next);
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

static void look_again(struct m *m)
{
    mutex_lock(&sched.lock);
    m->p = idle_p_pop_locked();
    mutex_unlock(&sched.lock);
    if (m->p != NULL)
        spin_on(m);
}

void idle_sleep(struct m *m)
{
    struct p *p = m->p;
    timers_settle(); /* the last one that goes idle has seen every stop: none holds us up */
    mutex_lock(&sched.lock);
    if (sched.global.len > 0 || p->id >= load_relaxed(&sched.nprocs)) {
        mutex_unlock(&sched.lock);
        return;
    }
    m->p = NULL;
    busy_end_locked(p, P_IDLE);
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
