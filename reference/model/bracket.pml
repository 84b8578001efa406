/* SPDX-License-Identifier: BSD-3-Clause */
/* bracket.pml - brackets around calls that block the thread, sched/block.c: a processor has
 * one owner, a goroutine that comes back always goes on.
 *
 * Claims: no two threads have the same processor; sysmon takes it from the bracket that it
 * saw, not from a later one; every goroutine comes to its end, though calls of others may
 * never return; while one has not, "nobody can run" is never true.
 *
 * What is modelled: processors with the word of their state, threads that run goroutines
 * and enter and leave brackets, sysmon that takes a blocked processor and hands it on, the
 * global queue.  What is done under the lock is one step.  Not here: how a sleeper is found
 * for work (wakeup.pml), and when sysmon looks: here it may at any time.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_NUMBER         the word of a blocked processor has no number
 *   BROKEN_END_STORE      the end of a bracket takes the processor without asking
 *   BROKEN_TAKE_STORE     sysmon looks, then takes without asking again
 *   BROKEN_NO_COUNT       a thread that lost its processor is not counted
 *   BROKEN_COUNT_EARLY    it is counted out before its goroutine is in the queue
 *   BROKEN_NO_LOOK        it rests without looking at the queue again
 *   BROKEN_HAND_OFF       a processor that is taken is put away, though work is queued
 */
#define PROCS 2
#define GOROUTINES 3
#define THREADS 5 /* a blocked one for each goroutine, a busy one for each processor */
#ifndef BRACKETS
#define BRACKETS 1 /* that each goroutine enters */
#endif
#define NONE 9

mtype = { IDLE, BUSY, BLOCKED };
mtype state[PROCS];
byte number[PROCS];  /* the other part of that word */
byte nblocks[PROCS]; /* owner: who has the processor */
byte holders[PROCS]; /* threads that believe they have it */

bool is_queued[GOROUTINES];
byte to_enter[GOROUTINES] = BRACKETS;
byte nqueued, nbusy, nblocked, ndone, ngone;
bool is_resting[THREADS];
byte next_p[THREADS];

#define has_resting (is_resting[0] || is_resting[1] || is_resting[2] || is_resting[3] || is_resting[4])

inline hold(p)
{
    assert(holders[p] == 0);
    holders[p] = 1
}

/* The rest is under the lock, one step. */
inline idle_p_pop(p)
{
    if
    :: state[0] == IDLE -> p = 0
    :: state[0] != IDLE && state[1] == IDLE -> p = 1
    :: else -> p = NONE
    fi;
    if
    :: p != NONE -> state[p] = BUSY; nbusy++; hold(p)
    :: else
    fi
}

inline enqueue(g)
{
    is_queued[g] = true;
    nqueued++
}

inline dequeue(g)
{
    if
    :: is_queued[0] -> g = 0
    :: !is_queued[0] && is_queued[1] -> g = 1
    :: !is_queued[0] && !is_queued[1] && is_queued[2] -> g = 2
    :: else -> g = NONE
    fi;
    if
    :: g != NONE -> is_queued[g] = false; nqueued--
    :: else
    fi
}

inline sleeper_wake(p)
{
    if
    :: is_resting[0] -> is_resting[0] = false; next_p[0] = p
    :: !is_resting[0] && is_resting[1] -> is_resting[1] = false; next_p[1] = p
    :: !is_resting[0] && !is_resting[1] && is_resting[2] -> is_resting[2] = false; next_p[2] = p
    :: !is_resting[0] && !is_resting[1] && !is_resting[2] && is_resting[3] ->
        is_resting[3] = false;
        next_p[3] = p
    :: !is_resting[0] && !is_resting[1] && !is_resting[2] && !is_resting[3] ->
        is_resting[4] = false;
        next_p[4] = p
    fi
}

proctype thread(byte me)
{
    byte p, g, word;

    do
    ::
        d_step { next_p[me] != NONE -> p = next_p[me]; next_p[me] = NONE; hold(p) }
find:
        atomic {
            dequeue(g);
            if
            :: g != NONE
            :: else -> holders[p] = 0; state[p] = IDLE; nbusy--; p = NONE
            fi
        }
        if
        :: p != NONE -> goto running
        :: else
        fi;
without_p:
        atomic {
            if
#ifndef BROKEN_NO_LOOK
            :: nqueued > 0 && (state[0] == IDLE || state[1] == IDLE) -> idle_p_pop(p); goto find
#endif
            :: else -> is_resting[me] = true; p = 0; g = 0; word = 0; goto rest
            fi
        }
running:
        if
        :: to_enter[g] == 0 -> ndone++; goto find
        :: else -> to_enter[g]--
        fi;
        /* sched_block_begin; the store is one step */
        d_step {
            nblocks[p]++;
            word = nblocks[p];
            holders[p] = 0;
            number[p] = word;
            state[p] = BLOCKED
        }
        if
        :: skip
        :: ngone++; false /* the call never returns */
        fi;
        /* sched_block_end */
        atomic {
            if
#ifdef BROKEN_END_STORE
            :: true -> state[p] = BUSY; hold(p); goto running
#else
            :: state[p] == BLOCKED && number[p] == word -> state[p] = BUSY; hold(p); goto running
            :: else
#endif
            fi
        }
        atomic {
            idle_p_pop(p);
            if
            :: p != NONE ->
#ifndef BROKEN_NO_COUNT
                nblocked--;
#endif
                goto running
            :: else
            fi
        }
#ifdef BROKEN_COUNT_EARLY
        nblocked--;
        d_step { enqueue(g); g = 0 }
#else
        d_step {
            enqueue(g);
            g = 0;
#ifndef BROKEN_NO_COUNT
            nblocked--
#endif
        }
#endif
        goto without_p;
rest:
        skip
    od
}

proctype sysmon()
{
    byte p, word;

    do
    ::
        atomic {
            if
            :: state[0] == BLOCKED -> p = 0
            :: state[1] == BLOCKED -> p = 1
            fi;
            word = number[p]
        }
        atomic {
            /* idle_hand_off; it may wait for a thread where the runtime starts one */
            has_resting;
            if
#ifdef BROKEN_TAKE_STORE
            :: true ->
#else
#ifdef BROKEN_NUMBER
            :: state[p] == BLOCKED ->
#else
            :: state[p] == BLOCKED && number[p] == word ->
#endif
                assert(number[p] == word);
#endif
                state[p] = BUSY;
#ifndef BROKEN_NO_COUNT
                nblocked++;
#endif
                if
#ifndef BROKEN_HAND_OFF
                :: nqueued > 0 || nbusy == 1 -> sleeper_wake(p)
#endif
                :: else -> state[p] = IDLE; nbusy--
                fi
            :: else
            fi;
            p = 0;
            word = 0
        }
    od
}

/* Whoever has the lock may ask whether anybody can ever run. */
proctype judge()
{
    if
    :: d_step { nbusy + nblocked + nqueued == 0 -> assert(ndone == GOROUTINES) }
    :: timeout -> assert(ndone + ngone == GOROUTINES)
    fi
}

init
{
    byte i;

    d_step {
        for (i : 0 .. GOROUTINES - 1) {
            enqueue(i)
        }
        for (i : 0 .. THREADS - 1) {
            next_p[i] = NONE;
            is_resting[i] = true
        }
        for (i : 0 .. PROCS - 1) {
            state[i] = BUSY;
            nbusy++;
            is_resting[i] = false;
            next_p[i] = i
        }
        i = 0
    }
    atomic {
        run thread(0);
        run thread(1);
        run thread(2);
        run thread(3);
        run thread(4);
        run sysmon();
        run judge()
    }
}
