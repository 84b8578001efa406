/* SPDX-License-Identifier: BSD-3-Clause */
/* wakeup.pml - the wake-up protocol of sched/idle.c: no goroutine waits while a processor
 * has nothing to do.
 *
 * Claim: when nothing can happen any more (all that run compute for ever), then no
 * goroutine is queued, or no processor is idle.  A lost wake-up, a burst of work that wakes
 * one thread only, a count of spinning threads that is wrong: each breaks it.
 *
 * What is modelled: processors with a queue each, the global queue, threads that take, run,
 * submit, steal, spin, sleep and are started; the counts of idle processors and of spinning
 * threads; a submitter from outside.  A goroutine may submit others, end, or compute for
 * ever.  What is done under the lock is one step, for it changes one thing that is read
 * without the lock.  Of memory: a goroutine on its way to a queue, and a count of spinning
 * that is taken back, stay with their thread until they are flushed, which a fence forces.
 * Not here: deadlines, the poller, changes of the number of processors.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_SUBMIT_FENCE   publish, look at the counts: without the fence between them
 *   BROKEN_SLEEP_FENCE    stop spinning, look at the queues: without the fence
 *   BROKEN_NO_LOOK        sleep without looking at the queues again
 *   BROKEN_LOOK_FIRST     look at the queues before "I am idle" is said
 *   BROKEN_SPIN_LATE      count as spinning until after that look
 *   BROKEN_LAST_SILENT    the last spinning thread finds work and wakes nobody
 *   BROKEN_WAKER_SILENT   a waker that finds no idle processor looks at nothing again
 *   BROKEN_WAKER_COUNTS   such a waker goes on counting as spinning
 */
#define PROCS 2
#define THREADS 3 /* where the runtime would start another one, the model waits for one */
#ifndef WORK
#define WORK 2 /* goroutines that are submitted by others; one more comes from outside */
#endif
#define NONE 9

byte queue[PROCS]; /* what thieves see */
byte global;
bool is_idle[PROCS];
byte nidle, nspinning;
bool is_free[THREADS]; /* sleeps, or was never started */
byte next_p[THREADS];  /* a thread wakes when this is not NONE */
byte left = WORK;

/* Stores on their way; the last thread is the one outside. */
byte late_push[THREADS + 1];
bool late_unspin[THREADS + 1];

#define has_free (is_free[0] || is_free[1] || is_free[2])

/* One step. */
inline flush(i)
{
    if
    :: late_push[i] != NONE -> queue[late_push[i]]++; late_push[i] = NONE
    :: else
    fi;
    if
    :: late_unspin[i] -> nspinning--; late_unspin[i] = false
    :: else
    fi
}

/* Under the lock. */
inline idle_p_pop(to)
{
    if
    :: is_idle[0] -> to = 0; is_idle[0] = false; nidle--
    :: !is_idle[0] && is_idle[1] -> to = 1; is_idle[1] = false; nidle--
    :: else -> to = NONE
    fi
}

/* Gives processor w to a thread that spins.  Needs: nspinning was raised for it. */
inline thread_start(w)
{
    if
    :: is_free[0] -> is_free[0] = false; next_p[0] = w
    :: !is_free[0] && is_free[1] -> is_free[1] = false; next_p[1] = w
    :: !is_free[0] && !is_free[1] -> is_free[2] = false; next_p[2] = w
    fi
}

/* Thread i has made something runnable. */
inline idle_wake(i, w)
{
    do
    ::
#ifndef BROKEN_SUBMIT_FENCE
        d_step { flush(i) }
#endif
        if
        :: nidle == 0 -> break
        :: else
        fi;
        d_step {
            if
            :: nspinning == 0 -> nspinning = 1; w = 0 /* won: the only one that wakes */
            :: else -> w = NONE
            fi
        }
        if
        :: w == NONE -> w = 0; break
        :: else
        fi;
        d_step {
            has_free; /* it may wait here, see THREADS */
            idle_p_pop(w);
            if
            :: w != NONE -> thread_start(w)
            :: else
            fi
        }
        if
        :: w != NONE -> w = 0; break
        :: else -> w = 0
        fi;
#ifdef BROKEN_WAKER_COUNTS
        break
#else
        nspinning--;
#ifdef BROKEN_WAKER_SILENT
        break
#endif
#endif
    od
}

/* Is there work anywhere?  One look at a time. */
inline look(found)
{
    found = (global > 0);
    if
    :: !found -> found = (queue[0] > 0)
    :: else
    fi;
    if
    :: !found -> found = (queue[1] > 0)
    :: else
    fi
}

inline take(from, found)
{
    d_step {
        if
        :: from > 0 -> from--; found = true
        :: else
        fi
    }
}

proctype thread(byte me)
{
    byte p, w;
    bool spins, found;

    do
    ::
        d_step { next_p[me] != NONE -> p = next_p[me]; next_p[me] = NONE; spins = true }
find:
        atomic { found = false; flush(me) } /* it sees its own stores */
        take(queue[p], found);
        if
        :: !found -> take(global, found)
        :: else
        fi;
        if
        :: found
        :: !found && !spins -> skip /* enough others spin */
        :: !found ->
            if
            :: !spins -> d_step { spins = true; nspinning++ }
            :: else
            fi;
            take(queue[1 - p], found)
        fi;
        if
        :: found -> found = false; goto running
        :: else
        fi;

        /* idle_sleep */
#ifdef BROKEN_LOOK_FIRST
        look(found);
        if
        :: found -> goto find
        :: else
        fi;
#endif
        d_step {
            if
            :: global > 0
            :: else -> is_idle[p] = true; nidle++; p = NONE
            fi
        }
        if
        :: p != NONE -> goto find
        :: else
        fi;
#ifndef BROKEN_SPIN_LATE
        d_step {
            late_unspin[me] = spins;
            spins = false;
#ifndef BROKEN_SLEEP_FENCE
            flush(me)
#endif
        }
#endif
#if !defined(BROKEN_NO_LOOK) && !defined(BROKEN_LOOK_FIRST)
        look(found);
#endif
#ifdef BROKEN_SPIN_LATE
        d_step { late_unspin[me] = spins; spins = false; flush(me) }
#endif
        if
        :: found ->
            d_step { found = false; idle_p_pop(p) }
            if
            :: p != NONE -> atomic { spins = true; nspinning++; goto find }
            :: else
            fi
        :: else
        fi;
        d_step {
            if
            :: global > 0 && nidle > 0 -> idle_p_pop(p)
            :: else -> is_free[me] = true; p = 0; found = true
            fi
        }
        if
        :: !found -> atomic { spins = true; nspinning++; goto find }
        :: else -> found = false; goto rest
        fi;

running: /* spin_end, then the goroutine */
        if
        :: spins ->
            d_step { spins = false; nspinning--; found = (nspinning == 0) }
#ifndef BROKEN_LAST_SILENT
            if
            :: found -> found = false; idle_wake(me, w)
            :: else
            fi;
#endif
            found = false
        :: else
        fi;
        do
        :: d_step { left > 0 -> left--; flush(me); late_push[me] = p }
            idle_wake(me, w)
        :: goto find
        :: break
        od;
        p = 0;
        false; /* computes for ever */
rest:
        skip
    od
}

proctype outside()
{
    byte w;

    global++;
    idle_wake(THREADS, w)
}

/* Stores arrive some time. */
proctype memory()
{
    do
    :: d_step { late_push[0] != NONE || late_unspin[0] -> flush(0) }
    :: d_step { late_push[1] != NONE || late_unspin[1] -> flush(1) }
    :: d_step { late_push[2] != NONE || late_unspin[2] -> flush(2) }
    od
}

proctype judge()
{
    timeout -> assert(queue[0] + queue[1] + global == 0 || nidle == 0)
}

init
{
    byte i;

    d_step {
        for (i : 0 .. THREADS - 1) {
            late_push[i] = NONE;
            next_p[i] = NONE;
            is_free[i] = true
        }
        late_push[THREADS] = NONE;
        is_free[0] = false;
        next_p[0] = 0; /* the first thread counts as spinning, as one that was started */
        nspinning = 1;
        queue[0] = 1;
        is_idle[1] = true;
        nidle = 1;
        i = 0
    }
    atomic {
        run thread(0);
        run thread(1);
        run thread(2);
        run outside();
        run memory();
        run judge()
    }
}
