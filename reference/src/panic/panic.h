/* SPDX-License-Identifier: BSD-3-Clause */
/* panic.h - the door of floor panic: deferred calls, panics in progress, the report of a
 * death.
 *
 * Owns: gr_func frames (frame.c), raising, recovering and Goexit (panic.c), what an
 * uncaught panic prints (report.c), faults of the machine that become panics (fault.c).
 * Not here: fatal errors, which nothing recovers (base/fatal.h).
 *
 * Idea: a panic runs the deferred calls on top of the stack that panicked, so that a report
 * shows where it began.  Only when a deferred call has recovered is the stack cut back, by
 * one jump to the frame whose function deferred that call; the function then returns, which
 * runs the rest of its defers in the ordinary way.
 *
 *   I1  g->frames lists the open frames, newest first; a frame lives in its function's
 *       stack frame, so the list is sorted by address, and so are the panics in progress:
 *       "started above frame f" is one comparison.
 *   I2  A deferred call is taken off its frame before it runs: it runs at most once.
 *   I3  g->panics lists the panics (and Goexits) in progress, newest first.  Only the
 *       newest can be recovered.
 *   I4  A panic that was recovered stays listed, marked, until the deferred call that did
 *       it returns.
 */
#ifndef PANIC_PANIC_H
#define PANIC_PANIC_H

#include "base/base.h"
#include "gr/panic.h"
#include "sched/sched.h"

/* One panic or Goexit in progress; lives on the panicking stack. */
struct panic {
    struct panic *older;
    gr_value value;
    int64_t index, length; /* of an index error, when has_bounds */
    uintptr_t fault_pc;    /* of a nil dereference */
    void *cfa;             /* of the deferred call that runs now */
    bool recovered;
    bool is_goexit;
    bool has_bounds;
};

/* Runs what one record asks for.  *cfa gets the address by which recover knows the callee;
 * NULL: no panic runs it.
 * A nil function is a nil-dereference panic, raised here. */
void defer_run(const struct gr_defer *d, void **cfa);

/* In assembly: fn(arg), noting in *cfa the canonical frame address that fn has. */
void defer_call(gr_fn fn, void *arg, void **cfa);

/* Takes the newest record off f into *out.  Gives: false when there is none. */
bool frame_pop(struct gr_frame *f, struct gr_defer *out);

/* Raises p, which lives in the caller's frame and is filled but for older and cfa. */
NORETURN void panic_raise(struct panic *p);

/* Prints the report of the newest panic in progress and ends the process with status 2; in
 * a controlled run ends the run.  One report at a time: whoever comes second waits for the
 * end. */
NORETURN void panic_die(struct g *g);

/* For the end of the main goroutine: when another goroutine is dying of a panic, waits
 * until the process has ended of that (exec.exit-during-panic-race); else returns at
 * once. */
void panic_settle(void);

#endif
