/* SPDX-License-Identifier: BSD-3-Clause */
/* mutant.h - mistakes that a build may switch on, to prove that the tests see them.
 *
 * Owns: the numbers.  A build with -DMODEL_MUTANT=N makes mistake N; without it IS_MUTANT
 * is constant 0 and the compiler drops the code.  conformance/test_model.py builds each and
 * demands that some test fails.
 */
#ifndef MODEL_MUTANT_H
#define MODEL_MUTANT_H

#ifndef MODEL_MUTANT
#define MODEL_MUTANT 0
#endif

enum model_mutant {
    MUTANT_STORES_AT_ONCE = 1,   /* results appear in shown registers with the operation */
    MUTANT_CLOSE_SAYS_OK,        /* a receiver woken by close gets ok true */
    MUTANT_SEND_INTO_CLOSED,     /* a closed channel takes values */
    MUTANT_DEFAULT_FIRST,        /* default is taken although a case is ready */
    MUTANT_RECOVER_IN_HELPER,    /* recover works below the deferred function */
    MUTANT_RECOVERY_ENDS_GOEXIT, /* a recovered panic cancels the Goexit under it */
    MUTANT_UNLOCK_ANYTHING,      /* unlock of an unlocked mutex is fine */
    MUTANT_READERS_PASS_WRITER,  /* a waiting writer does not keep readers out */
    MUTANT_WAIT_WAKES_ONE,       /* a wait group at zero wakes one wait */
    MUTANT_SIGNAL_WAKES_ALL,     /* signal is broadcast */
    MUTANT_STOP_FORGETS_VALUE,   /* stop of a fired timer reports false */
    MUTANT_MAIN_END_LOCAL,       /* reduction: main's return does not wait for others */
    MUTANT_SET_LOCAL,            /* reduction: stores to shown registers are local */
    MUTANT_NO_SLOT_EDGE,         /* races: receives do not come before later sends */
    MUTANT_ANY_DEADLINE,         /* timers fire in any order */
    MUTANT_ONCE_NOT_ON_PANIC,    /* a once whose function panics may run again */
    MUTANT_LIFO_BUFFER,          /* the newest value leaves the buffer first */
    MUTANT_FIFO_IGNORED,         /* fifo-waiters serves any waiter */
    MUTANT_NO_ROOTS_BUT_STACKS,  /* variables and buffers keep nothing */
    MUTANT_FINALIZER_KEEPS_NONE, /* what it would still use dies with its object */
    MUTANT_WEAK_OUTLIVES,        /* a weak pointer gives an object that was found dead */
    MUTANT_GC_IS_NOTHING,        /* an explicit collection need not find anything */
    MUTANT_FINALIZER_TWICE,      /* what is due for its finalizer runs it twice */
    MUTANT_CLEANUP_EARLY,        /* cleanups are due with the finalizer */
    MUTANT_DROP_LOCAL,           /* reduction: nobody sees when a pointer is gone */
    MUTANT_LOCK_IS_NO_WAIT,      /* a finalizer at a lock that is held keeps nobody */
    MUTANT_DUE_KEEPS_NONE,       /* what waits for its finalizer is kept by nothing */
    MUTANT_END
};

#define IS_MUTANT(name) (MODEL_MUTANT == MUTANT_##name)

#endif
