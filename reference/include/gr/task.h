/* SPDX-License-Identifier: BSD-3-Clause */
/* task.h - goroutines: start the runtime, start a goroutine, yield, end.
 *
 * A program calls gr_main once.  The function it passes is the main goroutine: when that
 * function returns, gr_main returns 0 at once, without waiting for other goroutines, and
 * the caller ends the process.  Every other function of this runtime must be called on a
 * goroutine, unless its contract says "any thread".
 *
 * errno is not preserved across calls that can block.  Thread-local variables belong to the
 * thread, not to the goroutine.
 */
#ifndef GR_TASK_H
#define GR_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*gr_fn)(void *arg);

/* Boots the runtime with GR_PROCS processors (environment; default: the CPUs this process
 * may use), runs fn(arg) as goroutine 1 and returns 0 when it returns.  Any thread, once
 * per process. Does not return when the program dies (panic, fatal error, gr_exit). */
int gr_main(gr_fn fn, void *arg);

/* Starts fn(arg) as a new goroutine.  Blocks: nothing.  fn == NULL is the fatal error
 * "go of nil func value" (go.nil-func-fatal). */
void gr_go(gr_fn fn, void *arg);

/* The same with options, any of them together:
 *
 *   GR_STACK_BIG   a stack of 8 MB at least, even when there are thousands of goroutines.
 *   GR_NOESCAPE    no other goroutine uses a pointer into this one's stack while this one
 *                  waits: after some seconds of waiting its stack may be packed into a few
 *                  hundred bytes, until it goes on.  What it sends, receives and selects
 *                  may lie on the stack; that is the runtime's matter. */
enum { GR_STACK_BIG = 1, GR_NOESCAPE = 2 };
void gr_go_opt(gr_fn fn, void *arg, unsigned options);

/* Gives memory of stacks back to the system: those that nobody has, and what goroutines
 * that wait do not use of theirs.  Those that may be squeezed (GR_NOESCAPE) are. */
void gr_stack_trim(void);

/* Lets other goroutines run; the caller stays runnable (sched.gosched-not-park). */
void gr_yield(void);

/* Runs the deferred calls of this goroutine, then ends it (goexit.*). */
_Noreturn void gr_goexit(void);

/* Ends the process with this status now; no deferred call runs (exec.os-exit-no-defers).
 * Under gr_control_run it ends the controlled run instead. */
_Noreturn void gr_exit(int status);

/* How many bytes of stack a goroutine may use before it dies of "stack overflow"; with
 * bytes > 0 asks for that from now on, rounded up to pages and brought between 128 KB and
 * what the address space allows (255 MB by default).  Returns the former value.  The first
 * 4096 goroutines alive have such stacks; those beyond have 64 KB, whatever the limit.  Any
 * thread. */
size_t gr_stack_max(size_t bytes);

/* Number of this goroutine, 1 for main; unique among all that ever lived. */
uint64_t gr_goid(void);

/* Processors in use; with n > 0 asks for n from now on.  Returns the former value.  From
 * goroutines, or before gr_main. */
int gr_procs(int n);

/* Goroutines alive, the caller included. */
size_t gr_num_goroutines(void);

#endif
