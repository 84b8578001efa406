/* SPDX-License-Identifier: BSD-3-Clause */
/* minor.pml - generational mode, gc/card.c with sched/scan.c and heap/span.c: a minor cycle
 * sweeps nothing that can be reached, nor does the cycle after it.
 *
 * Claims: when a cycle ends, every object that a goroutine can reach is marked.  The state
 * that it leaves is the one that cycles begin with, and what happens then keeps it so: all
 * that is left counts as old, an old object that refers to a young one has a dirty card, a
 * goroutine that would be passed over has nothing young.  So it holds for all in sequence.
 *
 * What is modelled: three slots, each with a field and a card; one has an old object, one
 * is free, and one is free, or old, or young and known to the old one.  Two goroutines
 * load, store, drop, allocate, initialise what they have allocated just now, wait, hand a
 * value to one that waits, take it from there, or write to the stack of one that waits, if
 * that was not started with GR_NOESCAPE: before, in and after a cycle, which is minor or
 * major.  A store is three steps: what was there is shaded, the new value, the card; the
 * marker may come between, a stop of the world may not.  The marker cleans a card and looks
 * at it, in either order.  A word that is no pointer may mark a slot that is free.
 * Not here: what collect.pml has: scanning word by word, records, buffers, weak pointers.
 * Goroutines are scanned in one step, before they run at the latest.
 *
 * The names are those of the code.  Each variant leaves one rule out, and the search finds
 * the error of each (conformance/test_promela.py).
 *
 *   BROKEN_NO_CARD       a store leaves the card as it is
 *   BROKEN_CARD_UNSEEN   a card is cleaned and not looked at
 *   BROKEN_CARD_AFTER    a card is cleaned when the world goes on after the cycle
 *   BROKEN_NO_SHADE      what a store overwrites is not shaded
 *   BROKEN_NEW_WHITE     what is allocated while marking is not marked
 *   BROKEN_NEW_YOUNG     it is, but cards do not count it among the old ones after that
 *   BROKEN_MARKS_LOST    what survives does not stay marked
 *   BROKEN_FREE_MARKED   a slot that is free stays marked
 *   BROKEN_INIT_LATE     gr_init of an object that is not new, by a value that may be newer
 *   BROKEN_FORM          who has run since the last cycle looks like one that has not
 *   BROKEN_FOREIGN       who waits is passed over though others may write to its stack
 *   BROKEN_HAND          who is handed a value still waits for a while
 *   BROKEN_PASS_MAJOR    a major cycle passes over goroutines as well
 */
#define OBJECTS 3
#define NIL 3
#ifndef OPS
#define OPS 2 /* of both goroutines together; with 3 it is 1.6 million states */
#endif

byte field[OBJECTS] = NIL; /* NIL or an object */
bool is_used[OBJECTS];     /* alloc, marks, olds: bits of a span */
bool marks[OBJECTS];
bool olds[OBJECTS];
bool grey[OBJECTS]; /* marked, and not scanned */
bool cards[OBJECTS];
byte var[4] = NIL; /* two of goroutine 0, one of goroutine 1; the last stays NIL */
bool has_junk;     /* goroutine 0 has a word that looks like a pointer to the last slot */
byte budget = OPS;
bool gc_is_marking, is_minor, is_over;
bool is_scanned[2], is_waiting[2], is_storing[2];
bool has_run[2]; /* since the last cycle: the form of g->stack_at */
bool no_escape;  /* of goroutine 1 */
#ifdef BROKEN_NEW_YOUNG
bool is_black[OBJECTS];
#endif

/* Sets the mark; what is new is queued. */
inline shade(o)
{
    if
    :: o != NIL && !marks[o] -> marks[o] = true; grey[o] = true
    :: else
    fi
}

inline scan(g)
{
    shade(var[2 * g]);
    if
    :: g == 0 -> shade(var[1])
    :: else
    fi;
    if
    :: g == 0 && has_junk -> shade(1)
    :: else
    fi;
    is_scanned[g] = true
}

/* ---- goroutines ---------------------------------------------------------------------- */

/* It runs, if need be after it was scanned. */
inline run_begin(g)
{
    if
    :: gc_is_marking && !is_scanned[g] -> scan(g)
    :: else
    fi;
    has_run[g] = true
}

inline allocate(o, v)
{
    is_used[o] = true;
    field[o] = NIL;
#ifndef BROKEN_NEW_WHITE
    if
    :: gc_is_marking -> marks[o] = true
    :: else
    fi;
#endif
#ifdef BROKEN_NEW_YOUNG
    is_black[o] = gc_is_marking;
#endif
    var[v] = o
}

/* Goroutine 0 has two variables, goroutine 1 one, with which it does little. */
proctype goroutine(byte g)
{
    byte a, b;

again:
    if
    :: atomic { !is_waiting[g] && budget > 0 ->
            budget--;
            run_begin(g);
            a = 2 * g;
            b = a + (g == 0);
            if
            :: g == 0 -> a = 1; b = 0
            :: skip
            fi;
            if
            :: g == 0 && var[a] != NIL -> var[b] = field[var[a]]
            :: g == 0 && var[a] != NIL -> is_storing[g] = true; goto store
            :: g == 0 && var[a] != NIL -> b = 3; is_storing[g] = true; goto store
#ifdef BROKEN_INIT_LATE
            :: g == 0 && var[a] != NIL -> goto fill
#endif
            :: var[a] = NIL
            :: !is_used[1] -> allocate(1, a); goto fill_or_not
            :: is_used[1] && !is_used[2] -> allocate(2, a); goto fill_or_not
            :: g == 0 && is_waiting[1] -> var[2] = var[a]; /* hands it over */
#ifndef BROKEN_HAND
                is_waiting[1] = false
#endif
            :: g == 0 && is_waiting[1] -> var[a] = var[2]; is_waiting[1] = false
            :: g == 0 && is_waiting[1] && !no_escape -> var[2] = var[a]
            :: g == 1 -> is_waiting[1] = true
            fi;
            goto done
        }
    :: atomic { is_waiting[g] && budget > 0 -> is_waiting[g] = false; goto again }
    fi;
fill_or_not:
    if
    :: g == 0
    :: goto done
    fi;
fill: /* gr_init: the world may stop before it */
    atomic { run_begin(g); field[var[a]] = var[b]; goto done };
store:
#ifndef BROKEN_NO_SHADE
    atomic {
        if
        :: gc_is_marking -> shade(field[var[a]])
        :: else
        fi
    };
#endif
    field[var[a]] = var[b];
    atomic {
#ifndef BROKEN_NO_CARD
        cards[var[a]] = true;
#endif
        is_storing[g] = false
    };
done:
    atomic { a = 0; b = 0; goto again }
}

/* ---- the collector ------------------------------------------------------------------- */

#ifdef BROKEN_FOREIGN
#define IS_OWN true
#else
#define IS_OWN no_escape
#endif
#ifdef BROKEN_PASS_MAJOR
#define MAY_PASS true
#else
#define MAY_PASS is_minor
#endif
#ifdef BROKEN_FORM
#define HAS_RUN false
#else
#define HAS_RUN has_run[1]
#endif
#define IS_PASSED (is_waiting[1] && !HAS_RUN && IS_OWN) /* in a minor cycle */

bool live[OBJECTS];

inline reach(v)
{
    if
    :: v != NIL -> live[v] = true
    :: else
    fi
}

inline follow(o)
{
    if
    :: live[o] -> reach(field[o])
    :: else
    fi
}

inline check()
{
    reach(var[0]); reach(var[1]); reach(var[2]);
    follow(0); follow(1); follow(2);
    follow(0); follow(1); follow(2);
    assert((!live[0] || marks[0]) && (!live[1] || marks[1]) && (!live[2] || marks[2]));
    live[0] = false; live[1] = false; live[2] = false
}

/* span_sweep: what is left is old, and stays marked. */
inline sweep(o)
{
    is_used[o] = is_used[o] && marks[o];
    olds[o] = is_used[o];
#ifdef BROKEN_NEW_YOUNG
    olds[o] = is_used[o] && !is_black[o];
#endif
#ifndef BROKEN_FREE_MARKED
    marks[o] = is_used[o];
#endif
#ifdef BROKEN_MARKS_LOST
    marks[o] = false;
#endif
    if
    :: !is_used[o] -> field[o] = NIL
    :: else
    fi
}

inline look(o)
{
    if
#ifndef BROKEN_CARD_UNSEEN
    :: is_minor && olds[o] -> shade(field[o])
#endif
    :: else
    fi
}

/* page_see for a card. */
inline card_see(o)
{
    if
    :: cards[o] -> look(o);
#ifndef BROKEN_CARD_AFTER
        cards[o] = false
#endif
    :: else
    fi
}

/* The first one in two steps, in either order. */
inline cards_see()
{
    atomic { card_see(1); card_see(2) };
    if
    :: atomic { !cards[0] -> skip }
#ifdef BROKEN_CARD_AFTER
    :: atomic { cards[0] -> look(0) }
#else
    :: atomic { cards[0] -> cards[0] = false }; atomic { look(0) }
    :: atomic { cards[0] -> look(0) }; cards[0] = false
#endif
    fi
}

/* Those that have not run: the others have scanned themselves. */
inline stacks_see()
{
    atomic {
        if
        :: !is_scanned[0] -> scan(0)
        :: else
        fi;
        if
        :: !is_scanned[1] && MAY_PASS && IS_PASSED -> is_scanned[1] = true
        :: !is_scanned[1] && !(MAY_PASS && IS_PASSED) -> scan(1)
        :: else
        fi
    }
}

inline object_scan(o)
{
    grey[o] = false;
    if
    :: is_used[o] -> shade(field[o])
    :: else
    fi
}

/* What the next cycle relies on. */
#define IS_YOUNG(o) (o != NIL && !olds[o])
#define IS_TOLD(o) (!olds[o] || field[o] == NIL || olds[field[o]] || cards[o])
#define IS_SETTLED(o) (olds[o] == is_used[o] && marks[o] == is_used[o])

#define IS_STORING (is_storing[0] || is_storing[1])

inline cycle()
{
    atomic { /* stop 1 */
        !IS_STORING -> gc_is_marking = true;
        is_scanned[0] = false;
        is_scanned[1] = false
    };
    if
    :: true -> stacks_see(); cards_see()
    :: true -> cards_see(); stacks_see()
    fi;
    do
    :: atomic { grey[0] -> object_scan(0) }
    :: atomic { !grey[0] && grey[1] -> object_scan(1) }
    :: atomic { !grey[0] && !grey[1] && grey[2] -> object_scan(2) }
    :: atomic { /* stop 2 */
            !grey[0] && !grey[1] && !grey[2] && !IS_STORING -> gc_is_marking = false;
            has_run[0] = false;
            has_run[1] = false;
            check();
            sweep(0);
            sweep(1);
            sweep(2);
            assert(IS_SETTLED(0) && IS_SETTLED(1) && IS_SETTLED(2));
            break
        }
    od;
#ifdef BROKEN_CARD_AFTER
    atomic { cards[0] = false; cards[1] = false; cards[2] = false }
#endif
}

proctype collector()
{
    if
    :: is_minor = true
    :: atomic { /* heap_marks_clear, beside goroutines */
            marks[0] = false;
            marks[1] = false;
            marks[2] = false
        }
    fi;
    cycle();
    atomic {
        budget == 0 && !IS_STORING ->
        assert(IS_TOLD(0) && IS_TOLD(1) && IS_TOLD(2));
        assert(!IS_PASSED || !IS_YOUNG(var[2]))
    }
}

init {
    atomic {
        is_used[0] = true; marks[0] = true; olds[0] = true;
        var[0] = 0; var[2] = 0;
        is_waiting[1] = true;
        if
        :: skip
        :: is_used[1] = true; field[0] = 1; marks[1] = true; olds[1] = true
        :: is_used[1] = true; field[0] = 1; cards[0] = true
        fi;
        if
        :: has_junk = !is_used[1]
        :: no_escape = true
        fi;
        run goroutine(0);
        run goroutine(1);
        run collector()
    }
}
