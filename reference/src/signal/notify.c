/* SPDX-License-Identifier: BSD-3-Clause */
/* notify.c - from the system's signals to values in channels.
 *
 * Owns: the thread that takes signals, what each does by default, subscriptions, delivery.
 * Not here: masks and dying (os/sigwait_linux.c), the machine's faults (os/signal_linux.c).
 *
 * Idea.  Two steps, since the thread that takes a signal is no goroutine and cannot send.
 * It decides, under table.lock: wanted by some channel -> into pending, a bit per kind, and
 * the forwarder is made runnable; else the default.  Whoever holds `delivery` empties
 * pending and sends: the forwarder, or one who is about to take a subscription away.  So
 * the latter leaves nothing behind: what was decided for its channel has been sent before
 * the subscription goes, and what comes later finds it gone (signal.stop).
 *
 *   I1  subscriptions change under delivery and table.lock both; wanted is the union of
 *       their masks.
 *   I2  pending has no bit that is not in wanted.
 *   I3  While the forwarder is parked, table.forwarder is it and pending == 0; whoever sets
 *       a bit takes it out and makes it runnable.
 *
 * Locks: delivery (of goroutines) -> channels; delivery -> table.lock.
 */
#include <signal.h>
#include <stdlib.h>

#include "chan/chan.h"
#include "gc/gc.h"
#include "gr/panic.h"
#include "gr/sync.h"
#include "os/os.h"
#include "signal.h"

struct subscription {
    gr_chan *c;
    uint64_t mask;
    struct subscription *next;
};

static struct {
    struct mutex lock;
    uint64_t wanted;     /* guarded by lock */
    uint64_t pending;    /* guarded by lock */
    uint64_t ignored;    /* guarded by lock */
    uint64_t at_start;   /* const after boot: ignored whenever nobody asks for them */
    struct g *forwarder; /* guarded by lock (I3) */
    bool is_up;          /* const after boot: somebody takes signals */
} table = {.lock = MUTEX_INIT(RANK_signal)};

static gr_mutex delivery;
static struct subscription *subscriptions; /* I1 */
static bool has_forwarder;                 /* guarded by delivery */

static uint64_t bit_of(int sig)
{
    return sig >= 1 && sig <= OS_SIGNAL_MAX ? 1ull << (sig - 1) : 0;
}

/* What can be asked for of these. */
static uint64_t mask_of(const int *sigs, size_t n)
{
    uint64_t mask = n == 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        mask |= bit_of(sigs[i]);
    return mask & os_signals_mask();
}

/* ---- taking -------------------------------------------------------------------------- */

static void do_default(int sig)
{
    switch (sig) {
    case SIGHUP:
    case SIGINT:
    case SIGTERM:
        os_signal_die(sig);
    case SIGTSTP:
        os_signal_stop_self();
        return;
    default:
        if (os_signal_text(sig) != NULL)
            fatal_signal(os_signal_text(sig));
    }
}

static void take(int sig)
{
    struct g *g = NULL;
    mutex_lock(&table.lock);
    bool is_wanted = (table.wanted & bit_of(sig)) != 0;
    bool is_ignored = (table.ignored & bit_of(sig)) != 0;
    if (is_wanted) {
        table.pending |= bit_of(sig);
        g = table.forwarder;
        table.forwarder = NULL;
    }
    mutex_unlock(&table.lock);
    if (g != NULL)
        sched_ready_foreign(g);
    if (!is_wanted && !is_ignored)
        do_default(sig);
}

static void taker(void *unused)
{
    (void)unused;
    for (;;)
        take(os_signal_wait());
}

/* A program under nohup, or in the background of a simple shell, starts with the first two
 * ignored, and they stay so; what else its parent ignored is none of its business. */
static void inherit(void)
{
    const int lasting[] = {SIGHUP, SIGINT};
    for (size_t i = 0; i < ARRAY_LEN(lasting); i++)
        if (os_signal_is_ignored(lasting[i]))
            table.at_start |= bit_of(lasting[i]);
    table.ignored = table.at_start;
    uint64_t others = os_signals_mask() & ~table.at_start;
    for (int sig = 1; sig <= OS_SIGNAL_MAX; sig++)
        if ((others & bit_of(sig)) != 0 && os_signal_is_ignored(sig))
            os_signal_ignore(sig, false);
}

/* Channels that were asked for signals are kept. */
static void show_channels(void (*see)(const void *word))
{
    mutex_lock(&table.lock);
    for (const struct subscription *s = subscriptions; s != NULL; s = s->next)
        see(s->c);
    mutex_unlock(&table.lock);
}

__attribute__((constructor)) static void notify_boot(void)
{
    gc_on_roots(show_channels);
}

void signal_boot(void)
{
    struct os_thread thread;
    inherit();
    os_signals_block();
    table.is_up = os_thread_start(&thread, taker, NULL, 0);
    if (!table.is_up) {
        os_signals_unblock();
        return;
    }
    os_thread_detach(&thread);
    os_signal_defuse(SIGPROF);
}

/* ---- delivering ---------------------------------------------------------------------- */

static uint64_t take_pending(void)
{
    mutex_lock(&table.lock);
    uint64_t pending = table.pending;
    table.pending = 0;
    mutex_unlock(&table.lock);
    return pending;
}

static void send(gr_chan *c, int sig)
{
    gr_chan_try_send(c, &sig);
    if (MUTANT(signal_sent_twice))
        gr_chan_try_send(c, &sig);
}

/* Needs: delivery. */
static void deliver(void)
{
    uint64_t pending;
    while ((pending = take_pending()) != 0) {
        for (int sig = 1; sig <= OS_SIGNAL_MAX; sig++)
            for (struct subscription *s = subscriptions; s != NULL; s = s->next)
                if ((pending & s->mask & bit_of(sig)) != 0)
                    send(s->c, sig);
    }
}

static bool forwarder_commit(struct g *g, void *unused)
{
    (void)unused;
    bool is_idle = table.pending == 0;
    if (is_idle)
        table.forwarder = g;
    mutex_unlock(&table.lock);
    return is_idle;
}

static void forwarder(void *unused)
{
    (void)unused;
    for (;;) {
        gr_mutex_lock(&delivery);
        deliver();
        gr_mutex_unlock(&delivery);
        mutex_lock(&table.lock);
        sched_park(forwarder_commit, NULL, PARK_NONE);
    }
}

/* ---- subscriptions ------------------------------------------------------------------- */

static struct subscription **find(gr_chan *c)
{
    struct subscription **at = &subscriptions;
    while (*at != NULL && (*at)->c != c)
        at = &(*at)->next;
    return at;
}

/* Nothing is pending for a channel that is about to lose some of mask; gives with
 * table.lock.  Needs: delivery. */
static void settle_and_lock(uint64_t mask)
{
    for (;;) {
        if (!MUTANT(signal_stop_loses))
            deliver();
        mutex_lock(&table.lock);
        if ((table.pending & mask) == 0 || MUTANT(signal_stop_loses))
            return;
        mutex_unlock(&table.lock);
    }
}

/* Dispositions follow: signals ignored by the system are lost to children and to us. */
static void ignore_locked(uint64_t mask, bool is_on)
{
    uint64_t changed = is_on ? mask & ~table.ignored : mask & table.ignored;
    table.ignored ^= changed;
    for (int sig = 1; sig <= OS_SIGNAL_MAX; sig++)
        if ((changed & bit_of(sig)) != 0)
            os_signal_ignore(sig, is_on);
}

/* Takes mask away from c, or from all when c is NULL; what they leave empty is freed.
 * Needs: delivery, settle_and_lock. */
static struct subscription *remove_locked(gr_chan *c, uint64_t mask)
{
    struct subscription *dead = NULL, **at = &subscriptions;
    uint64_t former = table.wanted;
    table.wanted = 0;
    while (*at != NULL) {
        struct subscription *s = *at;
        if (c == NULL || s->c == c)
            s->mask &= ~mask;
        table.wanted |= s->mask;
        if (s->mask != 0) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        s->next = dead;
        dead = s;
    }
    table.pending &= table.wanted;
    ignore_locked(former & ~table.wanted & table.at_start, true);
    return dead;
}

static void bury(struct subscription *dead)
{
    while (dead != NULL) {
        struct subscription *next = dead->next;
        gc_shade(dead->c);
        free(dead);
        dead = next;
        sched_external(-1);
    }
}

static void add(gr_chan *c, uint64_t mask)
{
    struct subscription **at = find(c);
    if (*at == NULL) {
        struct subscription *s = malloc(sizeof *s);
        if (s == NULL)
            fatal(GR_FATAL_NO_MEMORY);
        *s = (struct subscription){.c = c};
        sched_external(1);
        mutex_lock(&table.lock);
        *at = s;
        mutex_unlock(&table.lock);
    }
    mutex_lock(&table.lock);
    (*at)->mask |= mask;
    table.wanted |= mask;
    ignore_locked(mask, false);
    mutex_unlock(&table.lock);
}

bool gr_signal_notify(gr_chan *c, const int *sigs, size_t n)
{
    uint64_t mask = mask_of(sigs, n);
    sched_point();
    if (c == NULL)
        gr_panic(gr_str("signal: notify using a nil channel"));
    if (c->elem_size != sizeof(int))
        gr_panic(gr_str("signal: notify using a channel of something else than int"));
    if (!table.is_up || sched_controlled() || env_knobs.faketime != 0)
        return false;
    gr_mutex_lock(&delivery);
    if (mask != 0)
        add(c, mask);
    bool is_first = !has_forwarder;
    has_forwarder = true;
    gr_mutex_unlock(&delivery);
    if (is_first)
        sched_spawn_system(forwarder, NULL);
    return true;
}

void gr_signal_stop(gr_chan *c)
{
    sched_point();
    gr_mutex_lock(&delivery);
    struct subscription *s = *find(c);
    if (s != NULL) {
        settle_and_lock(s->mask);
        struct subscription *dead = remove_locked(c, UINT64_MAX);
        mutex_unlock(&table.lock);
        bury(dead);
    }
    gr_mutex_unlock(&delivery);
}

static void reset(uint64_t mask, bool to_ignored)
{
    sched_point();
    if (!table.is_up || sched_controlled())
        return;
    gr_mutex_lock(&delivery);
    settle_and_lock(mask);
    struct subscription *dead = remove_locked(NULL, mask);
    ignore_locked(to_ignored ? mask : mask & ~table.at_start, to_ignored);
    mutex_unlock(&table.lock);
    bury(dead);
    gr_mutex_unlock(&delivery);
}

void gr_signal_reset(const int *sigs, size_t n)
{
    reset(mask_of(sigs, n), false);
}

void gr_signal_ignore(const int *sigs, size_t n)
{
    reset(mask_of(sigs, n), true);
}

bool gr_signal_ignored(int sig)
{
    mutex_lock(&table.lock);
    bool is_ignored = (table.ignored & bit_of(sig)) != 0;
    mutex_unlock(&table.lock);
    return is_ignored;
}
