/* SPDX-License-Identifier: BSD-3-Clause */
/* group.c - gr_wg: a counter that goroutines wait for to be zero.
 *
 * Owns: the state word of gr_wg: the counter in the high half (signed), the number of
 * waiters in the low one.
 *
 * Idea.  Both halves change together, so the Add that brings the counter to zero knows
 * exactly how many permits to give, and may then clear the word: nobody else has a reason
 * to touch it.  Whoever does anyway (Add together with the first Wait, reuse before the old
 * waiters have left) breaks the contract and is told so where it shows.
 *
 *   I1  counter > 0 whenever waiters > 0, but between the last Done and its clearing of the
 *       word.
 *   I2  Each waiter counted gets one permit.
 */
#include "sync.h"

static int32_t counter_of(uint64_t s)
{
    return (int32_t)(uint32_t)(s >> 32);
}
static uint32_t waiters_of(uint64_t s)
{
    return (uint32_t)s;
}

static void group_add(gr_wg *w, int64_t delta)
{
    uint64_t add = (uint64_t)delta << 32, s;
    uint32_t n;
    if (delta < 0)
        RACE_RELEASE_MERGE(w);
    /* Acquire and release: pair with the CAS of gr_wg_wait and with other calls of
     * group_add, so that what preceded any Done is seen by whoever is released. */
    s = add_acq_rel_p(&w->state, add) + add;
    n = waiters_of(s);
    if (counter_of(s) < 0)
        gr_panic_error(GR_ERR_WG_NEGATIVE);
    if (n != 0 && delta > 0 && counter_of(s) == (int32_t)delta)
        gr_panic_error(GR_ERR_WG_MISUSE);
    if (counter_of(s) > 0 || n == 0)
        return;
    /* Nobody changes the word now but by misuse, which is told where it shows.  Release:
     * pairs with the acquires in gr_wg_wait, as the sum of all calls so far. */
    if (load_relaxed(&w->state) != s)
        gr_panic_error(GR_ERR_WG_MISUSE);
    store_release(&w->state, 0);
    if (MUTANT(wg_wakes_one))
        n = 1;
    waitlist_post(&w->waiters, n);
}

void gr_wg_add(gr_wg *w, int64_t delta)
{
    sched_point();
    group_add(w, delta);
}

void gr_wg_done(gr_wg *w)
{
    sched_point();
    group_add(w, -1);
}

void gr_wg_wait(gr_wg *w)
{
    uint64_t s;
    sched_point();
    s = load_acquire(&w->state); /* pairs with the release in group_add */
    do {
        if (counter_of(s) == 0) {
            RACE_ACQUIRE(w);
            return;
        }
    } while (!cas_acq_rel_p(&w->state, &s, s + 1));
    waitlist_wait(&w->waiters, PARK_WG_WAIT);
    RACE_ACQUIRE(w);
    if (load_acquire(&w->state) != 0) /* pairs with the release in group_add */
        gr_panic_error(GR_ERR_WG_MISUSE);
}
