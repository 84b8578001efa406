/* SPDX-License-Identifier: BSD-3-Clause */
/* poller.c - turns events of the system into goroutines that can go on.
 *
 * Owns: the one epoll descriptor, its bell, the scheduler's poller (sched.h).
 * Not here: what a change of readiness means for who waits (wait.c).
 *
 *   I1  The poller is published after all of it works, so whoever sees it can use it.
 *   I2  The cookie of an event is the handle; one of a former life of the cell is dropped.
 *       A cell that gets a new life between that look and the change gets a readiness too
 *       many, which costs a try.
 *   I3  While rung is set the bell rings or somebody who waits has just heard it, so a
 *       second ring would add nothing.
 */
#include "desc.h"

#define BELL 0 /* its cookie: no handle is 0 */

static struct {
    struct mutex lock;     /* held while the poller is made, once */
    _Atomic bool is_up;    /* atomic (I1) */
    int poll, bell;        /* const once is_up */
    _Atomic uint32_t rung; /* atomic (I3) */
} poller = {.lock = MUTEX_INIT(RANK_net)};

static void append(struct g ***last, struct g *g)
{
    if (g == NULL)
        return;
    g->link = NULL;
    **last = g;
    *last = &g->link;
}

static void take_event(const struct os_event *event, struct g ***last)
{
    struct desc *d = desc_find(event->cookie);
    if (d == NULL)
        return;
    if ((event->ready & OS_READY_ODD) != 0) /* seq: before the word; pairs with who reads */
        atomic_fetch_or_explicit(&d->flags, FLAG_ODD, memory_order_seq_cst);
    if ((event->ready & OS_READY_READ) != 0)
        append(last, desc_take(d, HALF_READ, true));
    if ((event->ready & OS_READY_WRITE) != 0)
        append(last, desc_take(d, HALF_WRITE, true));
}

/* Looks without waiting leave the bell for the thread that waits. */
static struct g *poller_poll(int64_t timeout_ns)
{
    struct os_event events[OS_EVENTS];
    struct g *all = NULL, **last = &all;
    RACE_ACQUIRE(&poller);
    int n = os_poll_wait(poller.poll, events, timeout_ns);
    for (int i = 0; i < n; i++) {
        if (events[i].cookie != BELL) {
            take_event(&events[i], &last);
        } else if (timeout_ns != 0) {
            os_bell_silence(poller.bell);
            store_seq(&poller.rung, 0); /* pairs with the swap in poller_wake */
        }
    }
    return all;
}

static void poller_wake(void)
{
    if (atomic_exchange_explicit(&poller.rung, 1, memory_order_seq_cst) != 0)
        return;
    RACE_ACQUIRE(&poller);
    os_bell_ring(poller.bell);
}

static int boot_locked(void)
{
    static const struct sched_poller face = {poller_poll, poller_wake, desc_waiting};
    if (load_relaxed(&poller.is_up))
        return 0;
    int poll = os_poll_open();
    if (poll < 0)
        return poll;
    int bell = os_bell_open(poll, BELL);
    if (bell < 0) {
        os_close(poll);
        return bell;
    }
    os_fd_limit_raise();
    poller.poll = poll;
    poller.bell = bell;
    RACE_RELEASE(&poller);
    sched_set_poller(&face);
    store_release(&poller.is_up, true); /* pairs with the acquire in poller_boot */
    return 0;
}

int poller_boot(void)
{
    if (LIKELY(load_acquire(&poller.is_up))) /* pairs with the release in boot_locked */
        return 0;
    mutex_lock(&poller.lock);
    int error = boot_locked();
    mutex_unlock(&poller.lock);
    return error;
}

int poller_add(struct desc *d, gr_fd handle)
{
    int error = poller_boot();
    RACE_ACQUIRE(&poller);
    return error != 0 ? error : os_poll_add(poller.poll, d->fd, (uint64_t)handle);
}

void poller_remove(struct desc *d)
{
    os_poll_remove(poller.poll, d->fd);
}

int net_check(void)
{
    return sched_controlled() || env_knobs.faketime != 0 ? GR_IO_UNAVAILABLE : 0;
}
