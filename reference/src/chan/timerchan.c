/* SPDX-License-Identifier: BSD-3-Clause */
/* timerchan.c - gr_timer: one-shots and tickers with a channel, and functions at a time; Go
 * 1.23's meaning.
 *
 * Owns: struct gr_timer, gr_timer_*, gr_ticker_new.
 * Not here: heaps and clocks (timer, sched), sleeping (sched).
 *
 * Functions.  The cell says all: armed is pending.  Stop and reset are one exchange on its
 * ticket each, and expiry hands over fn and arg as they were when it took the ticket; so
 * no lock is needed, and a cell may be given back while its callback is on its way.
 *
 * Channels.  Each timer embeds a channel with one hidden slot; the channel's lock is the
 * timer's lock.  A timer with a channel sits in a heap only while somebody waits on that
 * channel; at other times nobody can tell when it fires, so it is enough to compare its
 * deadline with the clock whenever somebody looks (timer_poll_locked).  Hence a timer
 * nobody waits for holds off no deadlock verdict and costs nothing.
 *
 * Stop and reset take the lock, drain the slot and change seq: a value of the former
 * setting cannot be received afterwards, since a callback that is on its way finds another
 * seq (timer.stop.then-no-stale).
 *
 * GR_DEBUG=asynctimerchan=1 is the meaning before 1.23: the channel is an ordinary one with
 * room for a value, the cell is in a heap as long as it is pending, and nothing is drained.
 *
 *   I1  is_pending: the present setting has not fired for the last time.  when is its next
 *       deadline.
 *   I2  is_armed: the cell is in a heap, or its callback with this seq is on its way.
 *   I3  is_armed implies is_pending and waiting > 0; asynctimerchan counts as one waiter.
 *   I4  Cells are type-stable and seq never goes back, so a late callback finds a timer, if
 *       not its own.
 *
 * Locks: c.lock -> timer heap.
 */
#include "chan.h"

#include <stdlib.h>

#include "fix/fix.h"
#include "gr/time.h"

struct gr_timer {
    struct timer cell; /* its fire tells which kind it is */
};

struct chan_timer {
    struct gr_timer base;
    struct gr_chan c; /* its lock guards everything below */
    int64_t slot;     /* the hidden slot: c.buf */
    int64_t when;
    int64_t period; /* 0: fires once */
    uint64_t seq;
    uint32_t waiting; /* goroutines that wait on c, one count per case */
    bool is_pending;
    bool is_armed;
};

static struct fixpool func_pool = FIXPOOL_INIT(sizeof(struct gr_timer));
static struct fixpool chan_pool = FIXPOOL_INIT(sizeof(struct chan_timer));

static struct chan_timer *timer_of(gr_chan *c)
{
    return CONTAINER_OF(c->timer, struct chan_timer, base);
}

static struct chan_timer *with_chan(gr_timer *t)
{
    return CONTAINER_OF(t, struct chan_timer, base);
}

/* d_ns from now; times beyond the end of the clock are that end. */
static int64_t deadline_of(int64_t d_ns)
{
    int64_t now = sched_now_ns(), when;
    if (d_ns <= 0)
        return now;
    return __builtin_add_overflow(now, d_ns, &when) ? INT64_MAX : when;
}

/* ---- functions ----------------------------------------------------------------------- */

#if GR_RACECHECK

/* gr_timer_func comes before fn: the new goroutine was made by a thread that knows nothing
 * of that. */
struct timer_call {
    gr_fn fn;
    void *arg;
    struct timer *t;
};

static void timer_call_run(void *arg)
{
    struct timer_call call = *(struct timer_call *)arg;
    free(arg);
    RACE_ACQUIRE(call.t);
    call.fn(call.arg);
}

static void func_fired(const struct timer_shot *shot, int64_t now)
{
    struct timer_call *call = malloc(sizeof *call);
    (void)now;
    *call = (struct timer_call){shot->fn, shot->arg, shot->t};
    sched_spawn(timer_call_run, call);
}

#else

static void func_fired(const struct timer_shot *shot, int64_t now)
{
    (void)now;
    sched_spawn(shot->fn, shot->arg);
}

#endif

static bool is_func(const struct gr_timer *t)
{
    return t->cell.fire == func_fired;
}

/* Gives: it was pending before. */
static bool func_set(struct gr_timer *t, int64_t d_ns)
{
    RACE_RELEASE(&t->cell);
    return sched_timer_arm(&t->cell, deadline_of(d_ns), 0);
}

/* What armed functions will be called with is kept, and so is what those that have been
 * stopped or have run may be armed with again, until they are given back. */
struct shown {
    void (*see)(const void *word);
};

static void show_arg(void *timer, void *arg)
{
    const struct shown *to = arg;
    to->see(load_relaxed(&((struct gr_timer *)timer)->cell.arg));
}

static void show_args(void (*see)(const void *word))
{
    struct shown to = {see};
    if (!MUTANT(gc_root_timers))
        fixpool_each(&func_pool, show_arg, &to);
}

__attribute__((constructor)) static void timerchan_boot(void)
{
    gc_on_roots(show_args);
}

/* Disarmed: an expiry that is on its way has read arg already (timer.h I4). */
static void func_forget(struct gr_timer *t)
{
    gc_shade(load_relaxed(&t->cell.arg));
    store_relaxed(&t->cell.arg, NULL);
}

gr_timer *gr_timer_func(int64_t d_ns, gr_fn fn, void *arg)
{
    struct gr_timer *t;
    sched_point();
    t = sched_cache_acquire(CACHE_FUNC_TIMER, &func_pool);
    if (t->cell.fire == NULL) /* fresh memory: nobody has ever seen it */
        timer_init(&t->cell, func_fired);
    store_relaxed(&t->cell.fn, fn);
    store_relaxed(&t->cell.arg, arg);
    func_set(t, d_ns);
    return t;
}

/* ---- settings of timers with a channel ----------------------------------------------- */

/* The present setting's deadline has come: fires once, or moves on to the first tick after
 * now. */
static void setting_advance(struct chan_timer *t, int64_t now)
{
    if (t->period == 0)
        t->is_pending = false;
    else
        t->when += t->period * (1 + (now - t->when) / t->period);
}

/* A tick is dropped when the last one is still in the slot. */
static struct waiter *setting_fire(struct chan_timer *t, int64_t now)
{
    struct waiter *wake = NULL;
    setting_advance(t, now);
    chan_send_locked(&t->c, &now, &wake);
    return wake;
}

static void cell_arm(struct chan_timer *t)
{
    t->is_armed = true;
    sched_timer_arm(&t->base.cell, t->when, ++t->seq);
}

static void cell_disarm(struct chan_timer *t)
{
    if (!t->is_armed)
        return;
    t->is_armed = false;
    t->seq++;
    sched_timer_disarm(&t->base.cell);
}

/* The callback of the cell.  Off goroutine stacks; must not park. */
static void cell_fired(const struct timer_shot *shot, int64_t now)
{
    struct gr_timer *base = CONTAINER_OF(shot->t, struct gr_timer, cell);
    struct chan_timer *t = with_chan(base);
    struct waiter *wake = NULL;
    mutex_lock_p(&t->c.lock);
    if (shot->seq == t->seq && t->is_armed) {
        t->is_armed = false;
        wake = setting_fire(t, now);
        if (t->is_pending)
            cell_arm(t);
    }
    mutex_unlock_p(&t->c.lock);
    waiter_ready(wake);
}

/* Gives: there was a value that nobody had received. */
static bool slot_drain(struct chan_timer *t)
{
    int64_t value;
    struct waiter *wake; /* no sender ever waits: stays NULL */
    return chan_recv_locked(&t->c, &value, &wake) == EXCHANGE_DONE;
}

/* Ends the present setting.  Gives: it had not fired, or its value had not been
 * received. */
static bool setting_end(struct chan_timer *t)
{
    if (MUTANT(timer_stop_keeps_value)) /* as if it had fired without being looked at */
        timer_poll_locked(&t->c);
    bool was_pending = t->is_pending;
    cell_disarm(t);
    t->is_pending = false;
    if (env_knobs.asynctimerchan || MUTANT(timer_stop_keeps_value))
        return was_pending;
    return slot_drain(t) || was_pending;
}

static void setting_begin(struct chan_timer *t, int64_t d_ns)
{
    t->when = deadline_of(d_ns);
    t->is_pending = true;
    RACE_RELEASE(t);
    if (t->waiting > 0)
        cell_arm(t);
}

static struct gr_timer *timer_make(int64_t d_ns, int64_t period_ns)
{
    struct chan_timer *t = sched_cache_acquire(CACHE_TIMER, &chan_pool);
    if (t->base.cell.fire == NULL) { /* fresh memory: nobody has ever seen it */
        timer_init(&t->base.cell, cell_fired);
        chan_init(&t->c, sizeof t->slot, 1, (char *)&t->slot);
        t->c.timer = env_knobs.asynctimerchan ? NULL : &t->base;
    }
    chan_lock(&t->c);
    t->period = period_ns;
    t->waiting = (uint32_t)env_knobs.asynctimerchan; /* I3 */
    setting_begin(t, d_ns);
    chan_unlock(&t->c);
    return &t->base;
}

/* ---- for the channel ----------------------------------------------------------------- */

void timer_poll_locked(gr_chan *c)
{
    struct chan_timer *t = timer_of(c);
    if (!t->is_pending || t->is_armed)
        return;
    if (sched_is_due(t->when)) /* nobody waits: a waiter would have armed the cell */
        setting_fire(t, sched_now_ns());
}

void timer_block_locked(gr_chan *c)
{
    struct chan_timer *t = timer_of(c);
    t->waiting++;
    if (t->is_pending && !t->is_armed)
        cell_arm(t);
}

void timer_unblock_locked(gr_chan *c)
{
    struct chan_timer *t = timer_of(c);
    if (--t->waiting == 0)
        cell_disarm(t);
}

/* ---- public -------------------------------------------------------------------------- */

gr_timer *gr_timer_new(int64_t d_ns)
{
    sched_point();
    return timer_make(d_ns, 0);
}

gr_timer *gr_ticker_new(int64_t period_ns)
{
    sched_point();
    if (period_ns <= 0)
        gr_panic_error(GR_ERR_TICKER_PERIOD);
    return timer_make(period_ns, period_ns);
}

gr_chan *gr_timer_chan(gr_timer *t)
{
    return is_func(t) ? NULL : &with_chan(t)->c;
}

static bool chan_timer_stop(struct chan_timer *t)
{
    chan_lock(&t->c);
    bool was_pending = setting_end(t);
    chan_unlock(&t->c);
    return was_pending;
}

bool gr_timer_stop(gr_timer *t)
{
    sched_point();
    return is_func(t) ? sched_timer_disarm(&t->cell) : chan_timer_stop(with_chan(t));
}

static bool chan_timer_reset(struct chan_timer *t, int64_t d_ns)
{
    chan_lock(&t->c);
    bool was_pending = setting_end(t);
    if (t->period != 0)
        t->period = d_ns;
    setting_begin(t, d_ns);
    chan_unlock(&t->c);
    return was_pending;
}

bool gr_timer_reset(gr_timer *t, int64_t d_ns)
{
    int64_t wait_ns = MUTANT(timer_reset_early) ? 0 : d_ns;
    sched_point();
    if (is_func(t))
        return func_set(t, wait_ns);
    if (with_chan(t)->period != 0 && d_ns <= 0)
        gr_panic_error(GR_ERR_TICKER_PERIOD);
    return chan_timer_reset(with_chan(t), wait_ns);
}

void gr_timer_free(gr_timer *t)
{
    if (is_func(t)) {
        sched_timer_disarm(&t->cell);
        func_forget(t);
        sched_cache_release(CACHE_FUNC_TIMER, &func_pool, t);
        return;
    }
    struct chan_timer *ct = with_chan(t);
    mutex_lock_p(&ct->c.lock);
    setting_end(ct);
    slot_drain(ct);
    ct->c.recvq = (struct waitq){.last = NULL}; /* a dropped run's goroutines waited here */
    mutex_unlock_p(&ct->c.lock);
    sched_cache_release(CACHE_TIMER, &chan_pool, ct);
}
