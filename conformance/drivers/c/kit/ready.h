/* SPDX-License-Identifier: BSD-3-Clause */
/* ready.h - table members for a runtime on threads that has nothing of its own for them.
 *
 * Owns: frames with deferred calls, panics, recover and goexit; the thread of a
 * goroutine; atomics; what can be made of other members.  A table takes what it wants, by
 * group or by name.  Not here: anything that waits; that is the runtime.
 *
 * A panic unwinds by longjmp from frame to frame, and belongs to the frame whose deferred
 * calls run.  Recover takes it from there, which is right exactly when the recovering
 * block was called by that frame's defer.
 *
 *   I1  Each goroutine is a thread of its own: its frames are thread-local.
 *   I2  The runtime holds no lock of its own when it calls ready_panic.
 */
#ifndef KIT_READY_H
#define KIT_READY_H

#include "ops.h"

/* Ends the process with `fatal error: TEXT` and status 2. */
_Noreturn void ready_fatal(const char *text);

/* Runs fn(arg) as the main goroutine, on this thread, and returns when fn does.  When it
 * leaves by goexit, calls ended() and stays.  An uncaught panic ends the process with its
 * text and status 2, here and below. */
void ready_main(gl_fn fn, void *arg, void (*ended)(void));

/* Runs fn(arg) as a goroutine on a new thread, and ended() last.  A nil fn is fatal. */
void ready_thread(gl_fn fn, void *arg, void (*ended)(void));

/* Zeroed memory; without it the process ends. */
void *ready_alloc(size_t size);

/* Copies an element.  From NULL: zeros; to NULL: nothing. */
void ready_copy(void *to, const void *from, size_t size);

/* Fills order with 0..n-1, each order equally likely. */
void ready_shuffle(int *order, int n);

#define READY_FRAMES                                                                       \
    .block = ready_block, .defer = ready_defer, .defer_recover = ready_defer_recover,      \
    .recover = ready_recover, .attempt = ready_attempt, .panic = ready_panic,              \
    .goexit = ready_goexit
void ready_block(void *entry);
void ready_defer(void *frame, gl_fn fn, void *arg);
void ready_defer_recover(void *frame);
int64_t ready_recover(void *frame);
int64_t ready_attempt(void (*fn)(void *arg, void *frame), void *arg);
void ready_panic(int64_t value);
void ready_goexit(void);

/* Send and receive by select; done by wg_add; once by the mutex members: its object is a
 * mutex that starts with an _Atomic int64_t, zero at first. */
#define READY_DERIVED                                                                      \
    .chan_send = ready_send, .chan_recv = ready_recv, .wg_done = ready_wg_done,            \
    .once_do = ready_once, .yield = ready_yield, .destroy = ready_destroy,                 \
    .noise = ready_noise, .point = ready_disturb
void ready_send(void *ch, const void *elem);
bool ready_recv(void *ch, void *elem);
void ready_wg_done(void *w);
void ready_once(void *o, gl_fn fn, void *arg);
void ready_yield(void);                              /* of the thread */
void ready_destroy(enum gl_kind kind, void *object); /* free */
void ready_noise(int level, uint64_t seed);
void ready_disturb(void); /* gives way now and then; for where operations begin */

/* Sequentially consistent; the object starts with an _Atomic int64_t. */
#define READY_ATOMICS                                                                      \
    .load = ready_load, .store = ready_store, .add = ready_add, .cas = ready_cas,          \
    .swap = ready_swap
int64_t ready_load(void *a);
void ready_store(void *a, int64_t v);
int64_t ready_add(void *a, int64_t delta);
bool ready_cas(void *a, int64_t old, int64_t v);
int64_t ready_swap(void *a, int64_t v);

#endif
