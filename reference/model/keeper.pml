/* SPDX-License-Identifier: BSD-3-Clause */
/* keeper.pml - deadlines while processors are idle, sched/keeper.c and idle_wake_keeper:
 * somebody sleeps no longer than until the earliest.
 *
 * Claim: when nothing can happen any more but that time goes by, then no processor is idle,
 * or there is no deadline, or one thread sleeps until the earliest or less.  (A processor
 * that computes for ever attends to nobody's deadlines, not even its own.)
 *
 * What is modelled: processors with the earliest deadline of their heap, threads that arm
 * deadlines, compute for ever, or give their processor back and wait; the keeper's place.
 * What is done under the lock is one step.  Of memory: an armed deadline stays with its
 * thread until it is flushed, which a fence forces.  The time that passes is not: a sleep
 * that ends early only looks again.
 * Not here: queues of goroutines (wakeup.pml), the poller.  The keeper's second look at the
 * deadlines is modelled, but the claim holds without it: who arms and sees an old
 * keeper_ns asks again under the lock.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_ARM_FENCE     arm, look at the keeper: without the fence between them
 *   BROKEN_FIRST_STAYS   who has an earlier deadline than the keeper's rests all the same
 *   BROKEN_NO_KEEPER     an armed deadline wakes nobody where there is no keeper
 *   BROKEN_UNTOLD        the keeper leaves its place and does not say so
 */
#define PROCS 2
#define THREADS 3
#ifndef ARMS
#define ARMS 2 /* deadlines that are armed, by whichever threads */
#endif
#define NEVER 9
#define NONE 9

byte next_ns[PROCS]; /* earliest of each heap, as others see it */
byte late_ns[THREADS], late_p[THREADS]; /* armed, on its way to this heap */
bool is_idle[PROCS];
byte nidle, nspinning;
byte keeper = NONE, keeper_until = NEVER, keeper_ns = NEVER;
byte sleeps_until[THREADS]; /* what the keeper's sleep is for, or NEVER */
bool is_resting[THREADS];   /* in idle_ms */
bool note[THREADS];
byte next_p[THREADS];
byte left = ARMS;
bool lock; /* of more than one step: the keeper's only */

inline flush(i)
{
    if
    :: late_ns[i] < next_ns[late_p[i]] -> next_ns[late_p[i]] = late_ns[i]
    :: else
    fi;
    late_ns[i] = NEVER
}

inline earliest(to)
{
    to = next_ns[0];
    if
    :: next_ns[1] < to -> to = next_ns[1]
    :: else
    fi
}

/* Under the lock. */
inline idle_p_pop(to)
{
    if
    :: is_idle[0] -> to = 0
    :: !is_idle[0] && is_idle[1] -> to = 1
    :: else -> to = NONE
    fi;
    if
    :: to != NONE -> is_idle[to] = false; nidle--
    :: else
    fi
}

inline keeper_take(t)
{
    t = keeper;
    keeper = NONE;
#ifndef BROKEN_UNTOLD
    keeper_ns = NEVER;
#endif
    keeper_until = NEVER
}

inline sleeper_take(t)
{
    if
    :: is_resting[0] -> t = 0; is_resting[0] = false
    :: !is_resting[0] && is_resting[1] -> t = 1; is_resting[1] = false
    :: !is_resting[0] && !is_resting[1] && is_resting[2] -> t = 2; is_resting[2] = false
    :: else -> keeper_take(t)
    fi
}

inline rouse(t, q)
{
    next_p[t] = q;
    note[t] = true
}

/* Wakes a thread that spins; it may wait for one where the runtime would start another. */
inline idle_wake()
{
    if
    :: nidle == 0 || nspinning != 0
    :: else ->
        atomic {
            !lock && (nspinning != 0 || keeper != NONE || is_resting[0] || is_resting[1] || is_resting[2]);
            if
            :: nspinning == 0 ->
                idle_p_pop(q);
                if
                :: q != NONE -> nspinning = 1; sleeper_take(t); rouse(t, q)
                :: else
                fi
            :: else
            fi;
            q = 0;
            t = 0
        }
    fi
}

/* Thread i has armed d on its own processor. */
inline idle_wake_keeper(i, d)
{
#ifndef BROKEN_ARM_FENCE
    d_step { flush(i) }
#endif
    if
    :: nidle == 0 || d >= keeper_ns
    :: else ->
        atomic {
            !lock;
            t = NONE;
            if
            :: d < keeper_until -> keeper_take(t)
            :: else
            fi;
            if
            :: t != NONE -> rouse(t, NONE); t = NONE
            :: else -> t = 0
            fi
        }
        if
        :: t == NONE -> t = 0
        :: else ->
#ifndef BROKEN_NO_KEEPER
            idle_wake()
#else
            skip
#endif
        fi
    fi
}

proctype thread(byte me)
{
    byte p, q, t, d, until;
    bool spins, was_last;

    p = me;
    if
    :: me >= PROCS -> p = NONE; goto without_p
    :: else
    fi;
    do
    ::
        /* with a processor: nothing is found, or a goroutine */
        if
        :: spins -> goto idle
        :: spins ->
            d_step { spins = false; nspinning--; was_last = (nspinning == 0) }
            if
            :: was_last -> idle_wake()
            :: else
            fi;
            was_last = false
        :: !spins
        fi;
        do
        :: atomic { left > 0 ->
                left--;
                flush(me);
                if
                :: d = 1
                :: d = 2
                fi;
                late_ns[me] = d;
                late_p[me] = p
            }
            idle_wake_keeper(me, d);
            d = 0
        :: idle_wake() /* made something runnable */
        :: d_step { next_ns[p] != NEVER -> next_ns[p] = NEVER } /* fired, or stopped */
        :: break
        :: p = 0; false /* computes for ever */
        od;
idle:
        atomic { !lock; flush(me); is_idle[p] = true; nidle++; p = NONE }
        if
        :: spins -> atomic { spins = false; nspinning-- }
        :: else
        fi;
without_p:
        do
        :: p == NONE ->
            atomic {
                !lock;
                earliest(until);
                if
#ifndef BROKEN_FIRST_STAYS
                :: until < keeper_until -> /* also: until != NEVER */
#else
                :: until < keeper_until && keeper == NONE ->
#endif
                    if
                    :: keeper != NONE -> is_resting[keeper] = true; sleeps_until[keeper] = NEVER
                    :: else
                    fi;
                    keeper = me;
                    keeper_until = until;
                    lock = true
                :: else -> is_resting[me] = true; sleeps_until[me] = NEVER
                fi
            }
            if
            :: lock && keeper == me ->
                keeper_ns = until;
                earliest(q);
                if
                :: q < until -> until = q
                :: else
                fi;
                atomic { sleeps_until[me] = until; lock = false }
            :: else
            fi;
            atomic {
                q = 0;
                until = 0;
                note[me];
                note[me] = false;
                p = next_p[me];
                sleeps_until[me] = NEVER;
                spins = (p != NONE)
            }
        :: else -> break
        od
    od
}

/* Stores arrive some time. */
proctype memory()
{
    do
    :: d_step { late_ns[0] != NEVER -> flush(0) }
    :: d_step { late_ns[1] != NEVER -> flush(1) }
    :: d_step { late_ns[2] != NEVER -> flush(2) }
    od
}

proctype judge()
{
    byte first;

    timeout ->
        earliest(first);
        assert(nidle == 0 || first == NEVER || sleeps_until[0] <= first || sleeps_until[1] <= first ||
               sleeps_until[2] <= first)
}

init
{
    byte i;

    d_step {
        for (i : 0 .. PROCS - 1) {
            next_ns[i] = NEVER
        }
        for (i : 0 .. THREADS - 1) {
            late_ns[i] = NEVER;
            sleeps_until[i] = NEVER;
            next_p[i] = NONE
        }
        i = 0
    }
    atomic {
        run thread(0);
        run thread(1);
        run thread(2);
        run memory();
        run judge()
    }
}
