/* SPDX-License-Identifier: BSD-3-Clause */
/* lock.pml - letting go of a runtime lock by a plain store, lock/mutex.c: nobody sleeps on a
 * lock that is free.
 *
 * Claims: one thread at a time holds the lock; when nothing can happen any more, every
 * thread has had its turns.
 *
 * What is modelled: one lock, its word, the count of its lot, the sleepers that the system
 * knows, threads that spin or do not before they sleep.  Of memory: the store that lets go
 * stays with its thread until it is flushed, by memory in its own time, by a read-modify-
 * write of that thread, or by the barrier that a sleeper passes on all threads.
 * Not here: locks that share a lot, which only wake each other for nothing.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_NO_BARRIER     who is going to sleep passes no barrier on all threads
 *   BROKEN_COUNT_LATE     it counts itself after the barrier
 *   BROKEN_LOOK_FIRST     the holder looks for sleepers before it lets go
 *   BROKEN_WAKE_EARLY     the holder wakes one before its store is sure to be seen
 *   BROKEN_COUNT_ONCE     who was woken is not counted any more, though it may sleep again
 */
#define THREADS 3
#ifndef TURNS
#define TURNS 2 /* of each thread */
#endif

byte state;          /* the word, as others see it */
bool late[THREADS];  /* a store of 0 to it is on its way */
byte sleepers;       /* the count of the lot */
bool asleep[THREADS];
byte nholders, ndone;

#define flush(i) late[i] -> state = 0; late[i] = false

inline flush_own(i)
{
    if
    :: flush(i)
    :: else
    fi
}

inline barrier()
{
    d_step {
        flush_own(0);
        flush_own(1);
        flush_own(2)
    }
}

inline take(i, got)
{
    d_step {
        flush_own(i); /* a read-modify-write */
        got = (state == 0);
        state = 1
    }
}

/* The system looks at the word and puts the thread to sleep in one step. */
inline futex_wait(i)
{
    atomic {
        if
        :: state == 1 -> asleep[i] = true
        :: else
        fi
    }
    !asleep[i]
}

/* mutex_wake_slow */
inline futex_wake(i)
{
    atomic {
#ifndef BROKEN_WAKE_EARLY
        flush_own(i);
#endif
        if
        :: asleep[0] -> asleep[0] = false
        :: asleep[1] -> asleep[1] = false
        :: asleep[2] -> asleep[2] = false
        :: !asleep[0] && !asleep[1] && !asleep[2]
        fi
    }
}

inline count(i)
{
    d_step { flush_own(i); sleepers++ }
}

proctype thread(byte me)
{
    byte turns = TURNS, n;
    bool got;
    do
    :: turns == 0 -> break
    :: turns > 0 ->
        /* spinning, for as long as may be */
        if
        :: take(me, got)
        :: got = false
        fi;
        if
        :: got
        :: !got ->
            /* mutex_lock_slow */
#ifndef BROKEN_COUNT_LATE
            count(me);
#endif
#ifndef BROKEN_NO_BARRIER
            barrier();
#endif
#ifdef BROKEN_COUNT_LATE
            count(me);
#endif
            do
            :: got -> break
            :: !got ->
                take(me, got);
                if
                :: got
                :: !got ->
                    futex_wait(me);
#ifdef BROKEN_COUNT_ONCE
                    if
                    :: sleepers > 0 -> sleepers--
                    :: else
                    fi
#endif
                fi
            od;
#ifndef BROKEN_COUNT_ONCE
            atomic { sleepers--; flush_own(me) }
#endif
        fi;
        atomic { nholders++; assert(nholders == 1) }
        nholders--;
        /* mutex_let_go */
#ifdef BROKEN_LOOK_FIRST
        n = sleepers;
#endif
        late[me] = true;
#ifndef BROKEN_LOOK_FIRST
        n = sleepers;
#endif
        if
        :: n > 0 -> futex_wake(me)
        :: n == 0
        fi;
        turns--
    od;
    ndone++
}

/* Stores are seen some time. */
proctype memory()
{
    do
    :: atomic { flush(0) }
    :: atomic { flush(1) }
    :: atomic { flush(2) }
    od
}

init
{
    atomic {
        run thread(0);
        run thread(1);
        run thread(2);
        run memory()
    }
    timeout -> assert(ndone == THREADS)
}
