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
 * global queue; or one goroutine less, and somebody who takes a processor with the lock held
 * all the time, as who stops the world does.  Of memory: the stores of the end of a bracket
 * stay with their thread until memory, the barrier, its next step under the lock or its next
 * bracket flushes them.  What is done under the lock is one step.  Not here: how a sleeper
 * is found for work (wakeup.pml), and when sysmon looks: here it may at any time.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_NUMBER         the word of a blocked processor has no number
 *   BROKEN_END_STORE      the end of a bracket takes the processor without asking
 *   BROKEN_NO_BARRIER     sysmon passes no barrier after it said what it wants
 *   BROKEN_WANT_LATE      it passes the barrier first
 *   BROKEN_WANT_SAME      the end of a bracket goes by its own word only, not by later ones
 *   BROKEN_STOP_BARE      who stops the world passes no barrier if sysmon wants the same
 *   BROKEN_TAKE_STORE     sysmon looks, then takes without asking again
 *   BROKEN_NO_COUNT       a thread that lost its processor is not counted
 *   BROKEN_COUNT_EARLY    it is counted out before its goroutine is in the queue
 *   BROKEN_NO_LOOK        it rests without looking at the queue again
 *   BROKEN_HAND_OFF       a processor that is taken is put away, though work is queued
 */
#define PROCS 2
#define GOROUTINES 3 /* at most */
#define THREADS 5 /* a blocked one for each goroutine, a busy one for each processor */
#ifndef BRACKETS
#define BRACKETS 1 /* that each goroutine enters */
#endif
#define NONE 9

mtype = { IDLE, BUSY, BLOCKED };
mtype state[PROCS];
byte number[PROCS];  /* the other part of that word */
byte nblocks[PROCS]; /* owner: who has the processor */
byte wanted[PROCS];
byte last[PROCS]; /* p->m */
byte block_word[THREADS];
bool late[THREADS];   /* a store of 0 to it is on its way */
byte late_p[THREADS]; /* and one of BUSY to the state of that processor */
byte holders[PROCS];  /* threads that believe they have it */
byte ngoroutines;

bool is_queued[GOROUTINES];
byte to_enter[GOROUTINES] = BRACKETS;
byte nqueued, nbusy, nblocked, ndone, ngone;
bool is_resting[THREADS];
byte next_p[THREADS];

inline flush_own(i)
{
    if
    :: late[i] ->
        block_word[i] = 0;
        late[i] = false;
        if
        :: late_p[i] != NONE -> state[late_p[i]] = BUSY; late_p[i] = NONE
        :: else
        fi
    :: else
    fi
}

inline barrier()
{
    flush_own(0);
    flush_own(1);
    flush_own(2);
    flush_own(3);
    flush_own(4)
}

#define has_resting (is_resting[0] || is_resting[1] || is_resting[2] || is_resting[3] || is_resting[4])

inline hold(p)
{
    assert(holders[p] == 0);
    holders[p] = 1;
    last[p] = me
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
            flush_own(me);
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
            flush_own(me);
            nblocks[p]++;
            word = PROCS * nblocks[p] + p;
            block_word[me] = word;
            holders[p] = 0;
            number[p] = word;
            state[p] = BLOCKED
        }
        if
        :: skip
        :: ngone++; false /* the call never returns */
        fi;
        /* sched_block_end: the store is late, what comes after it is not */
        late[me] = true;
        atomic {
            if
#ifdef BROKEN_END_STORE
            :: true -> state[p] = BUSY; hold(p); goto running
#else
#ifdef BROKEN_WANT_SAME
            :: wanted[p] != word -> late[me] = true; late_p[me] = p; hold(p); goto running
#else
            :: wanted[p] < word -> late[me] = true; late_p[me] = p; hold(p); goto running
#endif
            :: else
#endif
            fi
        }
        /* block_end_slow */
        atomic {
            flush_own(me);
            if
            :: state[p] == BLOCKED && number[p] == word -> state[p] = BUSY; hold(p); goto running
            :: else
            fi;
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

/* Stores are seen some time. */
proctype memory()
{
    do
    :: d_step { late[0] -> flush_own(0) }
    :: d_step { late[1] -> flush_own(1) }
    :: d_step { late[2] -> flush_own(2) }
    :: d_step { late[3] -> flush_own(3) }
    :: d_step { late[4] -> flush_own(4) }
    od
}

/* block_take_locked has been passed; the rest of it, and give_locked. */
inline hand_off(p)
{
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
            word = number[p];
#ifdef BROKEN_WANT_LATE
            barrier();
#else
            wanted[p] = word
#endif
        }
#ifdef BROKEN_WANT_LATE
        d_step {
            if
            :: state[p] == BLOCKED && number[p] == word -> wanted[p] = word
            :: else
            fi
        }
#else
#ifndef BROKEN_NO_BARRIER
        d_step { barrier() }
#endif
#endif
        atomic {
            /* idle_hand_off; it may wait for a thread where the runtime starts one */
            has_resting;
            if
#ifdef BROKEN_TAKE_STORE
            :: true ->
#else
#ifdef BROKEN_NUMBER
            :: state[p] == BLOCKED && block_word[last[p]] != 0 ->
#else
            :: state[p] == BLOCKED && number[p] == word && block_word[last[p]] == word ->
#endif
                assert(number[p] == word);
#endif
                hand_off(p)
            :: else
            fi;
            p = 0;
            word = 0
        }
    od
}

/* blocked_stop_locked, once; and the world goes on. */
proctype stop()
{
    byte p;

    atomic {
        has_resting;
        if
        :: state[0] == BLOCKED -> p = 0
        :: state[1] == BLOCKED -> p = 1
        fi;
#ifdef BROKEN_STOP_BARE
        if
        :: wanted[p] == number[p]
        :: else -> wanted[p] = number[p]; barrier()
        fi;
#else
        wanted[p] = number[p];
        barrier();
#endif
        if
        :: state[p] == BLOCKED && block_word[last[p]] == number[p] -> hand_off(p)
        :: else
        fi;
        p = 0
    }
}

/* Whoever has the lock may ask whether anybody can ever run. */
proctype judge()
{
    if
    :: d_step { nbusy + nblocked + nqueued == 0 -> assert(ndone == ngoroutines) }
    :: timeout -> assert(ndone + ngone == ngoroutines)
    fi
}

init
{
    byte i;

    d_step {
        for (i : 0 .. THREADS - 1) {
            next_p[i] = NONE;
            late_p[i] = NONE;
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
        if
        :: ngoroutines = GOROUTINES - 1; run stop()
        :: ngoroutines = GOROUTINES
        fi;
        for (i : 0 .. ngoroutines - 1) {
            enqueue(i)
        }
        i = 0;
        run thread(0);
        run thread(1);
        run thread(2);
        run thread(3);
        run thread(4);
        run sysmon();
        run memory();
        run judge()
    }
}
