/* SPDX-License-Identifier: BSD-3-Clause */
/* readiness.pml - the word of a half of a descriptor, net/wait.c: who waits for data, a
 * deadline or the close of a descriptor is woken, and once only.
 *
 * Claims: when nothing can happen any more, the reader does not wait although there are
 * data, or the deadline has passed; it is made runnable once for each time that it parks.
 *
 * What is modelled: a reader that tries, parks, and reads on; the system, which has data
 * and tells each change once (an edge), some time later; whoever sets a flag (a deadline
 * that passes, a close) and looks who waits.  Of memory: the flag stays with who sets it
 * until it is flushed.  A read takes all there is, and remembers that nothing is left
 * (is_drained), so that the next one may park without a try.
 * Not here: who may read (one at a time, desc.c), stale events (generations).
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_NO_LOOK      the reader parks without looking at the flags again
 *   BROKEN_FLAG_LATE    the flag is set after the look who waits
 *   BROKEN_FLAG_WEAK    the flag may be seen late: no order between it and the word
 *   BROKEN_TRY_FIRST    changes are forgotten after the try, not before it
 *   BROKEN_EDGE_LOST    a change that finds nobody is not remembered
 *   BROKEN_DRAINED      "nothing is left" is believed more than once
 *   BROKEN_BACK_OUT     the reader that sees a flag goes on, whoever took it out meanwhile
 */
#ifndef DATA
#define DATA 3
#endif

mtype = { NIL, READY, WAITING };
mtype word = NIL;
byte in_system, arrived, events;
bool is_expired, late_expired, is_runnable, is_over;
byte got;

/* Makes the reader runnable, if it is it that was taken out of the word. */
inline ready(was)
{
    if
    :: was == WAITING -> assert(!is_runnable); is_runnable = true
    :: else
    fi
}

/* desc_take, a CAS: one step. */
inline take(is_edge)
{
    atomic {
        if
        :: word == WAITING -> word = NIL; ready(WAITING)
#ifndef BROKEN_EDGE_LOST
        :: word == NIL && is_edge -> word = READY
#endif
        :: else
        fi
    }
}

proctype reader()
{
    byte n;
    bool is_drained, is_empty;

    do
    ::
        if
        :: is_expired -> is_over = true; break /* with an error */
        :: else
        fi;
        /* a try, unless nothing can be there */
        is_empty = is_drained && word == NIL;
#ifndef BROKEN_DRAINED
        is_drained = false;
#endif
        if
        :: is_empty -> is_empty = false
        :: else ->
#ifndef BROKEN_TRY_FIRST
            if
            :: word == READY -> word = NIL
            :: else
            fi;
#endif
            d_step { n = in_system; in_system = 0 }
#ifdef BROKEN_TRY_FIRST
            if
            :: word == READY -> word = NIL
            :: else
            fi;
#endif
            if
            :: n > 0 -> got = got + n; n = 0; is_drained = true; goto again
            :: else
            fi
        fi;
        /* wait_commit */
        atomic {
            if
            :: word == NIL -> word = WAITING
            :: else -> word = NIL; goto again
            fi
        }
#ifndef BROKEN_NO_LOOK
        if
        :: is_expired ->
            atomic {
                if
                :: word == WAITING -> word = NIL; goto again
                :: else
                fi
            }
#ifdef BROKEN_BACK_OUT
            goto again
#endif
        :: else
        fi;
#endif
        d_step { is_runnable -> is_runnable = false }
again:
        assert(!is_runnable) /* it runs */
    od
}

proctype system()
{
    do
    :: atomic { arrived < DATA -> arrived++; in_system++; events++ }
    :: atomic { arrived == DATA -> break }
    od
}

proctype poller()
{
    do
    :: atomic { events > 0 -> events = 0 } /* several changes may be one event */
        take(true)
    od
}

proctype deadline()
{
#ifdef BROKEN_FLAG_LATE
    take(false);
    is_expired = true
#else
#ifdef BROKEN_FLAG_WEAK
    late_expired = true;
#else
    is_expired = true;
#endif
    take(false)
#endif
}

proctype memory()
{
    atomic { late_expired -> is_expired = true }
}

proctype judge()
{
    timeout -> assert(is_over || (in_system == 0 && got == DATA && !is_expired))
}

init
{
    atomic {
        run reader();
        run system();
        run poller();
        run memory();
        run judge();
        if
        :: run deadline()
        :: skip
        fi
    }
}
