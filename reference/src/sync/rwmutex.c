/* SPDX-License-Identifier: BSD-3-Clause */
/* rwmutex.c - gr_rwmutex: many readers or one writer; a waiting writer stops new readers.
 *
 * Owns: the two counters and the two lists of gr_rwmutex.
 * Not here: writers against writers, which is the inner mutex.
 *
 * Idea.  readers counts those who read or want to.  A writer, once it has the inner mutex,
 * announces itself by subtracting ANNOUNCED: readers that come later see a negative number
 * and sleep; those that came before are counted in departing, and the last of them to leave
 * wakes the writer.  When it leaves, the writer adds ANNOUNCED back and wakes as many
 * readers as came meanwhile, before it lets the next writer in: neither side starves.
 *
 *   I1  readers >= 0: no writer is announced.  readers < 0: readers + ANNOUNCED read or
 *       sleep.
 *   I2  departing is the number of readers that the announced writer still waits for, once
 *       it is known; it may be negative for a moment, when readers leave before the writer
 *       has added their number.
 *   I3  Only the holder of the inner mutex announces or withdraws.
 */
#include "sync.h"

#define ANNOUNCED (1 << 30)

static void reader_enter(gr_rwmutex *m)
{
    /* Sequentially consistent, as all counters here: pairs with the writer's announcement
     * and withdrawal; either the reader sees the writer or the writer counts the reader. */
    int32_t r = add_seq(&m->readers, 1) + 1;
    if (r < 0 && !MUTANT(rwmutex_reader_ignores_writer))
        waitlist_wait(&m->read_waiters, PARK_RWMUTEX_RLOCK);
    RACE_ACQUIRE(&m->readers);
}

void gr_rwmutex_rlock(gr_rwmutex *m)
{
    sched_point();
    reader_enter(m);
}

bool gr_rwmutex_tryrlock(gr_rwmutex *m)
{
    int32_t r;
    sched_point();
    r = load_relaxed(&m->readers);
    do {
        if (r < 0)
            return false;
    } while (!cas_seq(&m->readers, &r, r + 1));
    RACE_ACQUIRE(&m->readers);
    return true;
}

void gr_rwmutex_runlock(gr_rwmutex *m)
{
    int32_t r;
    sched_point();
    RACE_RELEASE_MERGE(&m->departing);
    r = sub_seq(&m->readers, 1);
    if (LIKELY(r > 0))
        return;
    if (r == 0 || r == -ANNOUNCED)
        fatal(GR_FATAL_RW_RUNLOCK);
    if (sub_seq(&m->departing, 1) == 1)
        waitlist_post(&m->write_waiter, 1);
}

/* Needs: the inner mutex held. */
static void writer_announce(gr_rwmutex *m)
{
    int32_t r = sub_seq(&m->readers, ANNOUNCED);
    if (r != 0 && add_seq(&m->departing, r) + r != 0)
        waitlist_wait(&m->write_waiter, PARK_RWMUTEX_LOCK);
    RACE_ACQUIRE(&m->readers);
    RACE_ACQUIRE(&m->departing);
}

void gr_rwmutex_lock(gr_rwmutex *m)
{
    sched_point();
    mutex_acquire(&m->writer, PARK_RWMUTEX_LOCK);
    writer_announce(m);
}

bool gr_rwmutex_trylock(gr_rwmutex *m)
{
    int32_t r = 0;
    sched_point();
    if (!mutex_acquire_try(&m->writer))
        return false;
    if (!cas_seq(&m->readers, &r, -ANNOUNCED)) {
        mutex_release(&m->writer);
        return false;
    }
    RACE_ACQUIRE(&m->readers);
    RACE_ACQUIRE(&m->departing);
    return true;
}

void gr_rwmutex_unlock(gr_rwmutex *m)
{
    int32_t r;
    sched_point();
    RACE_RELEASE(&m->readers);
    r = add_seq(&m->readers, ANNOUNCED) + ANNOUNCED;
    if (r >= ANNOUNCED)
        fatal(GR_FATAL_RW_UNLOCK);
    if (MUTANT(rwmutex_one_reader_released) && r > 1)
        r = 1;
    if (r > 0)
        waitlist_post(&m->read_waiters, (uint32_t)r);
    mutex_release(&m->writer);
}
