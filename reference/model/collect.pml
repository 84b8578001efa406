/* SPDX-License-Identifier: BSD-3-Clause */
/* collect.pml - marking beside goroutines that move pointers, floor gc with sched/scan.c:
 * nothing that can be reached is swept.
 *
 * Claim: when a cycle ends, every object that a goroutine or a record can reach is marked.
 *
 * What is modelled: a few objects with one field each, goroutines with two variables, a
 * record of the runtime (a channel's buffer, a timer's argument), a weak pointer.  While
 * they run, goroutines load, store, drop, allocate, put into the record and take out of it,
 * read the weak pointer, and hand a value to one that waits or take it from there.  A store
 * is three steps: which phase is it, what was there, the new value; it can not be
 * interrupted by a stop of the world, but by the marker and by other goroutines.  Scanning
 * goes variable by variable.  What goroutines shade lies in a buffer of their processor
 * until somebody takes it.
 * Not here: where objects lie, ends of objects, generations (minor.pml).
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_NO_SHADE      what a store overwrites is not shaded
 *   BROKEN_TAKE          what is taken out of a record is not shaded
 *   BROKEN_RUNS_FIRST    a goroutine runs again before it was scanned
 *   BROKEN_TORN_STORE    the world may stop between a store's look at the phase and its end
 *   BROKEN_NEW_WHITE     what is allocated while marking is not marked
 *   BROKEN_BUFFER_LEFT   a cycle ends without a look into the buffers
 *   BROKEN_WEAK          what a weak pointer gave is not shaded
 */
#define OBJECTS 3
#define NIL 3
#define GS 2
#ifndef OPS
#define OPS 2 /* of both goroutines together; with 3 it is 5 million states */
#endif

byte field[OBJECTS];    /* NIL or an object */
bool is_used[OBJECTS];  /* it was allocated */
bool marks[OBJECTS];
bool grey[OBJECTS];     /* in the queue of the marker */
bool buffer[OBJECTS];   /* shaded, in the buffer of a processor */
byte var[5];            /* those of goroutine g: 2g, 2g + 1; the last is NIL always */
byte budget = OPS;
byte record = NIL;
byte weak = NIL;
bool gc_is_marking;
bool is_scanned[GS], is_claimed[GS], is_running[GS], is_storing[GS];
bool is_waiting[GS]; /* for a value, or to be rid of one; once */
bool is_cycle_over;

/* gc_hooks.shade */
inline shade(o)
{
    if
    :: o != NIL && !marks[o] -> marks[o] = true; buffer[o] = true
    :: else
    fi
}

/* Two variables, one step each, by who has claimed it. */
inline scan(g)
{
    atomic { shade(var[2 * g]) };
    atomic { shade(var[2 * g + 1]); is_scanned[g] = true; is_claimed[g] = false }
}

inline resume(g)
{
#ifdef BROKEN_RUNS_FIRST
    is_running[g] = true
#else
    if
    :: atomic { !gc_is_marking || is_scanned[g] -> is_running[g] = true }
    :: atomic { gc_is_marking && !is_scanned[g] && !is_claimed[g] -> is_claimed[g] = true };
        scan(g);
        is_running[g] = true
    fi
#endif
}

proctype goroutine(byte g)
{
    byte a, b, old;
    bool is_marking;

    do
    :: atomic { budget > 0 && is_running[g] ->
            budget--;
            if
            :: a = 2 * g; b = 2 * g + 1
            :: a = 2 * g + 1; b = 2 * g
            fi;
            if
            :: var[a] != NIL -> var[b] = field[var[a]] /* load */
            :: var[a] != NIL -> is_storing[g] = true; is_marking = gc_is_marking; goto store
            :: var[a] != NIL -> b = 4; is_storing[g] = true; is_marking = gc_is_marking;
                goto store
            :: var[a] = NIL /* drop it */
            :: !is_used[2] -> is_used[2] = true;
                field[2] = NIL;
                var[a] = 2;
#ifndef BROKEN_NEW_WHITE
                marks[2] = gc_is_marking
#endif
            :: record == NIL -> record = var[a]
            :: record != NIL ->
#ifndef BROKEN_TAKE
                if
                :: gc_is_marking -> shade(record)
                :: else
                fi;
#endif
                var[a] = record;
                record = NIL
            :: weak != NIL -> var[a] = weak;
#ifndef BROKEN_WEAK
                if
                :: gc_is_marking -> shade(weak)
                :: else
                fi
#endif
            :: is_waiting[1 - g] -> is_waiting[1 - g] = false;
                var[2 * (1 - g)] = var[a] /* hand it to one that waits */
            :: is_waiting[1 - g] -> is_waiting[1 - g] = false;
                var[a] = var[2 * (1 - g)] /* take it from one that waits */
            :: is_running[g] = false; is_waiting[g] = true; goto wait
            fi;
            goto done
        }
store:
        atomic {
            old = field[var[a]];
#ifndef BROKEN_NO_SHADE
            if
            :: is_marking -> shade(old)
            :: else
            fi
#endif
        };
        atomic {
            field[var[a]] = var[b];
            is_storing[g] = false;
            old = 0;
            is_marking = false;
            goto done
        }
wait:
        atomic { is_waiting[g] = false }; /* or a deadline ended it */
        resume(g);
done:
        atomic { a = 0; b = 0 }
    :: atomic { budget == 0 -> is_running[g] = false; break }
    :: budget > 0 && !is_running[g] -> resume(g) /* after a stop */
    od
}

#ifdef BROKEN_TORN_STORE
#define stopped true
#else
#define stopped (!is_storing[0] && !is_storing[1])
#endif

bool live[OBJECTS];

inline reach(o)
{
    if
    :: o != NIL -> live[o] = true
    :: else
    fi
}

inline propagate()
{
    if
    :: live[0] -> reach(field[0])
    :: else
    fi;
    if
    :: live[1] -> reach(field[1])
    :: else
    fi;
    if
    :: live[2] -> reach(field[2])
    :: else
    fi
}

inline check()
{
    d_step {
        reach(var[0]); reach(var[1]); reach(var[2]); reach(var[3]); reach(record);
        propagate(); propagate();
        assert((!live[0] || marks[0]) && (!live[1] || marks[1]) && (!live[2] || marks[2]))
    }
}

inline drain(o)
{
    if
    :: buffer[o] -> buffer[o] = false; grey[o] = true
    :: else
    fi
}

inline object_scan()
{
    atomic { shade(field[o]); o = 0 }
}

proctype marker()
{
    byte o;

    atomic { /* stop 1: goroutines do not run when it is over */
        stopped ->
        gc_is_marking = true;
        is_running[0] = false;
        is_running[1] = false
    };
    atomic { shade(record) };
    do
    :: atomic { !is_scanned[0] && !is_claimed[0] && !is_running[0] ->
            is_claimed[0] = true };
        scan(0)
    :: atomic { !is_scanned[1] && !is_claimed[1] && !is_running[1] ->
            is_claimed[1] = true };
        scan(1)
    :: atomic { buffer[0] || buffer[1] || buffer[2] -> drain(0); drain(1); drain(2) }
    :: atomic { grey[0] -> grey[0] = false; o = 0 };
        object_scan()
    :: atomic { !grey[0] && grey[1] -> grey[1] = false; o = 1 };
        object_scan()
    :: atomic { !grey[0] && !grey[1] && grey[2] -> grey[2] = false; o = 2 };
        object_scan()
    :: atomic { /* stop 2 */
            !grey[0] && !grey[1] && !grey[2] && stopped &&
#ifndef BROKEN_BUFFER_LEFT
            !buffer[0] && !buffer[1] && !buffer[2] &&
#endif
            ((is_scanned[0] && is_scanned[1])
#ifdef BROKEN_RUNS_FIRST
             || true
#endif
            ) -> break }
    od;
    check()
}

init {
    atomic {
        field[0] = 1; field[1] = NIL; field[2] = NIL;
        is_used[0] = true; is_used[1] = true;
        var[0] = 0; var[1] = NIL; var[2] = 0; var[3] = NIL; var[4] = NIL;
        /* the record, or the weak pointer alone, has the other object as well */
        if
        :: record = 1; field[0] = NIL
        :: record = 0; var[0] = NIL
        :: weak = 1; field[0] = NIL
        :: skip
        fi;
        is_running[0] = true; is_running[1] = true;
        run goroutine(0); run goroutine(1); run marker()
    }
}
