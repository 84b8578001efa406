/* SPDX-License-Identifier: BSD-3-Clause */
/* thread.h - goroutines and the threads of the system: calls that block a thread, tying a
 * goroutine to its thread, how many threads there may be.
 *
 * A goroutine that neither calls the runtime nor ends its turn is stopped where it is after
 * some 10 ms, with its thread, and goes on later (sched.preempt-tight-loop).  If it holds a
 * lock of the thread library then, others that want this lock keep their processors while
 * they wait, and with one processor nobody goes on.  So goroutines should share gr_mutex,
 * or take such a lock in a bracket; GR_DEBUG=asyncpreemptoff=1 turns the stopping off.
 */
#ifndef GR_THREAD_H
#define GR_THREAD_H

#include "task.h"

/* Brackets a call that may block the thread (a file, a library that sleeps): other
 * goroutines use the processor meanwhile.  Between the two only functions whose contract
 * says "any thread" may be called.  Not nested.
 *
 *     gr_block_begin();
 *     n = read(fd, buf, size);
 *     gr_block_end();
 *
 * errno survives gr_block_end; but the goroutine may go on on another thread, and compilers
 * keep the address of errno: look at it in a function that was called after the bracket, or
 * keep its value before gr_block_end. */
void gr_block_begin(void);
void gr_block_end(void);

/* Ties the goroutine to its thread: nobody else runs there until as many calls of unlock
 * have been made as of lock, and it runs nowhere else (sched.lockosthread.*).  An unlock
 * too many does nothing.  A goroutine that ends while locked takes its thread with it. */
void gr_thread_lock(void);
void gr_thread_unlock(void);

/* The most threads that may exist, 10000 at first; needing one more is the fatal error
 * "thread exhaustion".  With n > 0 sets it.  Gives the former value. */
int gr_threads_max(int n);

#endif
