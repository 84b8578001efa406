/* SPDX-License-Identifier: BSD-3-Clause */
/* block.c - brackets around calls that may block the thread in the system.
 *
 * Owns: entering and leaving a bracket, taking the P of a blocked thread away, and
 * gr_block_*.
 * Not here: when it is taken (sysmon.c), whom it is given to (idle.c).
 *
 * Most such calls end at once, so the thread keeps its P in the state P_BLOCKED, which
 * costs one store; who comes back takes it again by one CAS.  Sysmon takes a P that stays
 * blocked while others could use it, by a CAS as well.  A thread that finds its P gone
 * takes an idle one, best its old one, else its goroutine goes to the global queue and the
 * thread to sleep.
 *
 *      M:  state = (n, P_BLOCKED) ... call ... CAS (n, P_BLOCKED) -> P_BUSY
 *      sysmon:                                 CAS (n, P_BLOCKED) -> P_BUSY, hands it on
 *
 * reference/model/bracket.pml is this for the model checker.
 *
 *   I1  The word of a blocked P holds the number of the bracket, p->nblocks: nobody who was
 *       late takes the P of the next one that blocks with it.
 *   I2  sched.nblocked counts threads in brackets whose P was taken, until they have a P or
 *       their goroutine is in the global queue; it holds off the deadlock verdict, as a P
 *       in P_BLOCKED does by being counted in nbusy.
 *   I3  In a bracket m->p is NULL: whoever calls the runtime there has no P to touch.
 */
#include "gr/thread.h"

#include <errno.h>

#include "sched/proc.h"

void sched_block_begin(void)
{
    struct m *m = m_self();
    if (m == NULL || m->cur == NULL || m->control != NULL)
        return;
    struct p *p = m->p;
    if (UNLIKELY(p == NULL))
        die("gr_block_begin: called between gr_block_begin and gr_block_end");
    uint64_t word = ++p->nblocks << P_STATE_BITS | P_BLOCKED;
    store_relaxed(&m->cur->state, G_BLOCKED);
    m->block_p = p;
    m->block_word = word;
    m->p = NULL;
    store_release(&p->state, word); /* pairs with the CAS in block_take_locked */
}

/* Never inlined: they run on the thread of the moment (the TLS rule). */
static NOINLINE int errno_get(void)
{
    __asm__ volatile("" ::: "memory");
    return errno;
}

static NOINLINE void errno_set(int value)
{
    __asm__ volatile("" ::: "memory");
    errno = value;
}

/* An idle P for m, best the one that it had. */
static struct p *idle_p_for_locked(struct m *m)
{
    struct p *old = m->block_p;
    if (p_state(old) != P_IDLE)
        return idle_p_pop_locked();
    idle_p_remove_locked(old);
    busy_start_locked(old);
    return old;
}

static COLD void block_end_slow(struct m *m)
{
    int saved = errno_get();
    mutex_lock(&sched.lock);
    struct p *p = idle_p_for_locked(m);
    if (p != NULL)
        sched.nblocked--;
    mutex_unlock(&sched.lock);
    m_take(m, p);
    if (p != NULL)
        store_relaxed(&m->cur->state, G_RUNNING);
    else
        sched_leave_to(m, AFTER_BLOCK, NULL); /* goes on with a P, perhaps elsewhere */
    errno_set(saved);
}

void arrive_after_block(struct g *prev)
{
    prev->link = NULL;
    mutex_lock(&sched.lock);
    global_append_locked(prev);
    sched.nblocked--;
    mutex_unlock(&sched.lock);
    /* An idle P that came meanwhile is found by idle_without_p, which we are bound for; but
     * an M that is apart waits for its own goroutine alone, or ends. */
    if (m_self()->is_apart)
        idle_wake_foreign();
}

void sched_block_end(void)
{
    struct m *m = m_self();
    if (m == NULL || m->cur == NULL || m->control != NULL)
        return;
    struct p *p = m->block_p;
    if (UNLIKELY(p == NULL || m->p != NULL))
        die("gr_block_end: called without gr_block_begin");
    uint64_t word = m->block_word;
    /* Pairs with whoever had this P last: nobody, if it is still ours. */
    if (UNLIKELY(!cas_acquire(&p->state, &word, P_BUSY))) {
        block_end_slow(m);
        return;
    }
    m->p = p;
    store_relaxed(&m->cur->state, G_RUNNING);
}

bool block_take_locked(struct p *p, uint64_t word)
{
    enum p_state state = word % (1u << P_STATE_BITS);
    if (state != P_BLOCKED && state != P_FROZEN)
        return false;
    /* Pairs with the releases in sched_block_begin and freeze_insig. */
    if (!cas_acquire(&p->state, &word, P_BUSY))
        return false;
    sched.nblocked += state == P_BLOCKED;
    return true;
}

void gr_block_begin(void)
{
    sched_point();
    sched_block_begin();
}

void gr_block_end(void)
{
    sched_block_end();
}
