/* SPDX-License-Identifier: BSD-3-Clause */
/* wake.c - whether work that a processor has made for itself is worth waking another one.
 *
 * Owns: that decision, in one place.  Not here: the wake-up itself (idle.c), seats that a
 * thief may take (find.c).
 *
 * A wake-up costs the waker as much as a thousand switches, and a goroutine that another
 * processor takes away drags its data across.  Two goroutines that talk to each other are
 * best left together: each finds the other in the seat, and the P is never without work.
 * So a P counts how many times in a row it has run its seat's goroutine itself (or a birth
 * that was alone), and when
 * that is CALM_AFTER times it is calm: goroutines that it seats wake nobody, as long as
 * nobody sits in the ring.  When one does not get up soon, it was wrong: whoever sees this,
 * a thief or sysmon, ends the calm and wakes (or is) somebody who takes the goroutine.
 *
 * reference/model/wakeup.pml has both sides for the model checker.
 *
 *   I1  Work whose P does not go on to switch is taken by others: while a P is idle, sysmon
 *       looks at least each millisecond.  Without sysmon nobody is ever calm.
 *   I2  The looks at nidle and nspinning here may come too early: only the P's own queue is
 *       at stake, which the P will come to itself, but for I1.  Work that nobody else comes
 *       to must go by idle_wake.
 */
#include "sched/proc.h"

static atomic_u32 calm_after = UINT32_MAX;

void calm_allow(void)
{
    store_relaxed(&calm_after, CALM_AFTER);
}

void wake_for_ring(void)
{
    if (load_relaxed(&sched.nidle) > 0 && load_relaxed(&sched.nspinning) == 0)
        idle_wake();
}

void wake_for_seat(struct p *p)
{
    if (load_relaxed(&p->calm) < load_relaxed(&calm_after))
        wake_for_ring();
}

void calm_grow(struct p *p)
{
    uint32_t calm = load_relaxed(&p->calm);
    if (calm < CALM_AFTER)
        store_relaxed(&p->calm, calm + 1);
}

void calm_end(struct p *p)
{
    store_relaxed(&p->calm, 0);
}

bool wake_for_stuck(struct p *p)
{
    if (load_relaxed(&sched.nidle) == 0 || runq_is_empty(&p->q) ||
        MUTANT(sysmon_wakes_none))
        return false;
    calm_end(p);
    idle_wake_foreign();
    return true;
}
