/* SPDX-License-Identifier: BSD-3-Clause */
/* cond.c - gr_cond: sleep until somebody says that things have changed.
 *
 * Owns: gr_cond.
 *
 * A waiter is in the list before it lets go of the lock, so a signal by whoever takes the
 * lock next cannot miss it (sync.cond.wait-atomic); sleeper.state settles a pick that comes
 * before the sleep.  Nobody is picked without a signal, so there is no spurious return.  A
 * signal with an empty list leaves nothing behind.
 */
#include "sync.h"

void gr_cond_init(gr_cond *c, gr_mutex *l)
{
    *c = (gr_cond){.l = l};
}

void gr_cond_wait(gr_cond *c)
{
    struct sleeper *s;
    sched_point();
    if (MUTANT(cond_lost_wakeup)) {
        mutex_release(c->l);
        sched_point();
        waitlist_lock(&c->waiters);
        s = waitlist_add_locked(&c->waiters, false);
        waitlist_unlock(&c->waiters);
    } else {
        waitlist_lock(&c->waiters);
        s = waitlist_add_locked(&c->waiters, false);
        waitlist_unlock(&c->waiters);
        mutex_release(c->l);
    }
    sleeper_sleep(s, PARK_COND_WAIT);
    mutex_acquire(c->l, PARK_MUTEX_LOCK);
}

void gr_cond_signal(gr_cond *c)
{
    struct sleeper *s;
    sched_point();
    waitlist_lock(&c->waiters);
    s = waitlist_take_locked(&c->waiters);
    waitlist_unlock(&c->waiters);
    if (s != NULL)
        sleeper_wake(s);
}

void gr_cond_broadcast(gr_cond *c)
{
    struct sleeper *s, *next;
    sched_point();
    waitlist_lock(&c->waiters);
    s = c->waiters.head;
    if (MUTANT(cond_broadcast_wakes_one) && s != NULL) {
        c->waiters.head = s->next;
        if (--c->waiters.waiting == 0)
            c->waiters.tail = NULL;
        s->next = NULL;
    } else {
        c->waiters.head = c->waiters.tail = NULL;
        c->waiters.waiting = 0;
    }
    waitlist_unlock(&c->waiters);
    for (; s != NULL; s = next) {
        next = s->next;
        sleeper_wake(s);
    }
}
