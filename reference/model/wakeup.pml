/* SPDX-License-Identifier: BSD-3-Clause */
/* wakeup.pml - the wake-up protocol of sched/idle.c, and what sched/wake.c leaves to others:
 * no goroutine waits while a processor has nothing to do.
 *
 * Claim: when nothing can happen any more (all that run compute for ever), then no
 * goroutine is queued, or no processor is idle; but for those that wake.c held back for the
 * processor that made them.  Those sysmon finds, and after that the claim holds without
 * exception.  A lost wake-up, a burst of work that wakes one thread only, a count of
 * spinning threads that is wrong: each breaks it.
 *
 * What is modelled, by the functions of the code:
 *
 *   idle_wake             idle_wake_foreign, wake_spinning          idle.c
 *   wake_policy           wake_for_ring, wake_for_seat              wake.c
 *   take, take_global     local_pop, runq_steal, fresh_steal, global_pop
 *   look                  work_exists, runq_is_empty                idle.c, runq.c
 *   thread, find          find_runnable, idle_sleep, look_again, take_idle_locked
 *   thread, running       spin_end; then what goroutines do:
 *       go                spawn: a birth (fresh_push), and the policy
 *       poll              poll_now: a place in the ring, and idle_wake without the policy
 *       yield             push_behind: births move to the ring one by one; then the yielder,
 *                         to the ring or to the global queue; then the policy
 *   outside               sched_ready_foreign: the global queue
 *   sysmon                look, wake_for_stuck                      sysmon.c, wake.c
 *
 * A goroutine may also end, or compute for ever; one that is made ready (push_next) is like
 * a birth.  What is done under a lock is one step, for it changes one thing that is read
 * without the lock.  Of memory: a goroutine on its way to a queue, and a count of spinning
 * that is taken back, stay with their thread until they are flushed, which a fence forces;
 * of the global queue only the mirror of its length does, and who takes the lock sees the
 * queue as it is.  That is why a yield to the global queue needs no fence: the last look of
 * a thread that rests is under the lock.
 *
 * Calm is any moment: a seat or a lone birth may wake nobody whenever it likes, so how calm
 * grows and ends is no matter here.  A goroutine between births and ring is in no queue that
 * others see, so a look may miss it; the policy comes after it.  sysmon looks when nothing
 * else can happen, which is when a tick has not moved; that it is awake while a processor is
 * busy is settled under the lock (sleep_if_idle, busy_start_locked).
 * A thread that finds nothing may mark for the collector (mark_meanwhile): that is as good
 * as a goroutine that it found, which ends; then it looks again.  While it marks its P is
 * busy, and whoever makes work need not wake it: it gives way soon (sched_is_wanted).
 * Marking itself needs no wake-up, for workers of its own see to it.
 * Not here: seats that are stale or not (a thief that leaves one looks again), deadlines and
 * the poller (keeper.pml), brackets (bracket.pml), changes of the number of processors.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_SUBMIT_FENCE   publish, look at the counts: without the fence between them
 *   BROKEN_SLEEP_FENCE    stop spinning, look at the queues: without the fence
 *   BROKEN_NO_LOOK        sleep without looking at the queues again
 *   BROKEN_LOOK_FIRST     look at the queues before "I am idle" is said
 *   BROKEN_LOOK_BIRTHS    look again, but not at births
 *   BROKEN_REST_BLIND     rest without a look at the global queue under the lock
 *   BROKEN_SPIN_LATE      count as spinning until after that look
 *   BROKEN_LAST_SILENT    the last spinning thread finds work and wakes nobody
 *   BROKEN_WAKER_SILENT   a waker that finds no idle processor looks at nothing again
 *   BROKEN_WAKER_COUNTS   such a waker goes on counting as spinning
 *   BROKEN_MOVE_SILENT    births move to the ring, and nobody hears of it
 *   BROKEN_CALM_FOREIGN   work from outside is held back as if a processor would come to it
 *   BROKEN_SYSMON_BLIND   sysmon leaves alone what was held back
 */
#define PROCS 2
#define THREADS 3 /* where the runtime would start another one, the model waits for one */
#ifndef WORK
#define WORK 1 /* goroutines that are submitted by others; one more comes from outside */
#endif
#ifndef YIELDS
#define YIELDS 1
#endif
#define NONE 9

byte births[PROCS], ring[PROCS]; /* what thieves see; ring: with the seat */
byte global;
byte unseen = NONE; /* whose push to the global queue is not in its mirror yet */
bool is_idle[PROCS];
byte nidle, nspinning;
bool is_free[THREADS]; /* sleeps, or was never started */
byte next_p[THREADS];  /* a thread wakes when this is not NONE */
byte left = WORK;
byte yields = YIELDS;

bool is_held[PROCS]; /* its work is left to itself and to sysmon: wake.c said so */

/* Stores on their way. */
byte late_birth[THREADS], late_ring[THREADS];
bool late_unspin[THREADS];

#define OUTSIDE THREADS
#define SYSMON (THREADS + 1)
#define has_free (is_free[0] || is_free[1] || is_free[2])
#define work(p) (births[p] + ring[p])

/* One step. */
inline flush(i)
{
    if
    :: i < THREADS ->
        if
        :: late_birth[i] != NONE -> births[late_birth[i]]++; late_birth[i] = NONE
        :: else
        fi;
        if
        :: late_ring[i] != NONE -> ring[late_ring[i]]++; late_ring[i] = NONE
        :: else
        fi;
        if
        :: late_unspin[i] -> nspinning--; late_unspin[i] = false
        :: else
        fi
    :: else
    fi;
    if
    :: unseen == i -> unseen = NONE
    :: else
    fi
}

/* Under the lock. */
inline idle_p_pop(to)
{
    unseen = NONE;
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

/* The same for work in the queues of its own processor p, if that seems worth it. */
inline wake_policy(i, p, w, may_calm)
{
    if
    :: nidle > 0 && nspinning == 0 -> idle_wake(i, w)
    :: nidle == 0 || nspinning > 0 || may_calm -> is_held[p] = true
    fi
}

/* Is there work anywhere?  One processor at a time. */
#ifdef BROKEN_LOOK_BIRTHS
#define seen(p) (ring[p] > 0)
#else
#define seen(p) (work(p) > 0)
#endif
inline look(found)
{
    found = (global > 0 && unseen == NONE);
    if
    :: !found -> found = seen(0)
    :: else
    fi;
    if
    :: !found -> found = seen(1)
    :: else
    fi
}

inline take(from, found)
{
    d_step {
        if
        :: births[from] > 0 -> births[from]--; found = true
        :: births[from] == 0 && ring[from] > 0 -> ring[from]--; found = true
        :: else
        fi
    }
}

inline take_global(found)
{
    d_step {
        if
        :: global > 0 -> global--; unseen = NONE; found = true
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
        take(p, found);
        is_held[p] = is_held[p] && work(p) > 0;
        if
        :: !found -> take_global(found)
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
            take(1 - p, found)
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
            unseen = NONE;
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
#ifndef BROKEN_REST_BLIND
            :: global > 0 && nidle > 0 -> idle_p_pop(p)
#endif
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
        :: atomic { left > 0 -> left--; flush(me); late_birth[me] = p } /* go */
            wake_policy(me, p, w, true)
        :: atomic { left > 0 -> left--; flush(me); late_ring[me] = p } /* poll */
            idle_wake(me, w)
        :: atomic { yields > 0 -> yields--; goto yield }
        :: goto find
        :: break
        od;
        p = 0;
        false; /* computes for ever */

yield:
        atomic { flush(me); found = (births[p] > 0) }
        do
        :: found ->
            d_step {
                if
                :: births[p] > 0 -> births[p]--
                :: else -> found = false
                fi
            }
            if
            :: found -> d_step { flush(me); late_ring[me] = p; found = (births[p] > 0) }
            :: else
            fi
        :: else -> break
        od;
        atomic {
            flush(me);
            if
            :: global > 0 && ring[p] == 0 -> global++; unseen = me
            :: else -> late_ring[me] = p
            fi
        }
#ifndef BROKEN_MOVE_SILENT
        wake_policy(me, p, w, false);
#endif
        goto find;
rest:
        skip
    od
}

proctype outside()
{
    byte w;

    d_step { global++; unseen = OUTSIDE }
#ifdef BROKEN_CALM_FOREIGN
    wake_policy(OUTSIDE, 0, w, true)
#else
    idle_wake(OUTSIDE, w)
#endif
    unseen = (unseen == OUTSIDE -> NONE : unseen)
}

#define is_late(i) \
    (late_birth[i] != NONE || late_ring[i] != NONE || late_unspin[i] || unseen == i)

/* Stores arrive some time. */
proctype memory()
{
    do
    :: d_step { is_late(0) -> flush(0) }
    :: d_step { is_late(1) -> flush(1) }
    :: d_step { is_late(2) -> flush(2) }
    od
}

#define is_left(p) (work(p) > 0 && !is_idle[p])

/* Nothing else can happen: all that run are stuck.  Wakes for what is held back. */
proctype sysmon()
{
    byte w;

    do
    :: timeout ->
        if
        :: nidle == 0 -> break
        :: else
        fi;
        assert(nspinning == 0 && global == 0);
        assert((work(0) == 0 || is_held[0]) && (work(1) == 0 || is_held[1]));
        if
#ifndef BROKEN_SYSMON_BLIND
        :: is_left(0) || is_left(1) -> idle_wake(SYSMON, w)
#endif
        :: else -> assert(work(0) + work(1) == 0); break
        fi
    od
}

init
{
    byte i;

    d_step {
        for (i : 0 .. THREADS - 1) {
            late_birth[i] = NONE;
            late_ring[i] = NONE;
            next_p[i] = NONE;
            is_free[i] = true
        }
        is_free[0] = false;
        next_p[0] = 0; /* the first thread counts as spinning, as one that was started */
        nspinning = 1;
        ring[0] = 1;
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
        run sysmon()
    }
}
