/* SPDX-License-Identifier: BSD-3-Clause */
/* step.h - the steps of an execution, by noun.
 *
 * Owns: what the step_*.c files offer to each other and to the explorer.  A step is one
 * instruction of one goroutine, or one move of its unwinding, or one store that was put
 * off, or one timer whose time comes.
 *
 *   I1  step_goroutine is called only when fate_of is not FATE_OFF, and then changes the
 *       state, ends the execution or sets st->over.
 *   I2  A step asks choose() in the same way whatever the choice was, so that counting up
 *       the choice visits every successor.
 */
#ifndef MODEL_STEP_H
#define MODEL_STEP_H

#include "model/state.h"

enum fate {
    FATE_OFF,   /* no step now */
    FATE_LOCAL, /* a step that nobody else can tell or disturb */
    FATE_SHOWN
};

enum fate fate_of(const struct state *st, int g);
void step_goroutine(struct state *st, int g);

/* ---- goroutine.c ---- */
void g_store(struct state *st, int g, const struct lit_ref *ref, int64_t v);
void g_pend(struct state *st, int g, int global, int64_t v);
int g_new(struct state *st, int blk, int64_t arg);

/* ---- step_panic.c: frames, deferred calls, unwinding ---- */
/* of a block with a parameter */
void g_call(struct state *st, int g, int blk, int64_t arg);
void g_return(struct state *st, int g);
void g_wrap(struct state *st, int g, int64_t deferred);
void g_raise(struct state *st, int g, int64_t code);
void g_quit(struct state *st, int g);
void g_defer(struct state *st, int g, int64_t what);
/* The operation that g is at panics: caught, or raised. */
void g_fail(struct state *st, int g, int64_t code);
enum fate control_fate(const struct state *st, int g);
void control_step(struct state *st, int g);
void step_recover(struct state *st, int g);
void step_call(struct state *st, int g);
void step_defer(struct state *st, int g);
void step_do(struct state *st, int g);
void once_finish(struct state *st, int g, int obj);

/* ---- step_chan.c, step_select.c ---- */
void step_send(struct state *st, int g);
void step_receive(struct state *st, int g);
void step_close(struct state *st, int g);
void step_len(struct state *st, int g);
void step_make(struct state *st, int g);
void step_select(struct state *st, int g);

/* A goroutine that waits on a channel, and by which case of its select (-1: no select). */
struct waiter {
    int g, case_of;
};
enum { MAX_WAITERS = 1024 };
/* Who waits to send (or to receive), self excepted.  Under fifo-waiters the first that came
 * alone, unless `all`.  Returns their number. */
int chan_waiters(struct state *st, int obj, bool senders, int self, bool all,
                 struct waiter *out);
/* Ends the parked operation of a waiter. */
void waiter_receives(struct state *st, struct waiter w, int64_t v, bool ok);
void waiter_fails(struct state *st, struct waiter w, int64_t code);

/* One way for an operation to go on now: with that partner, or (g -1) without. */
struct way {
    int case_of;
    struct waiter with;
};
/* The ways of one send or receive of self, appended at out[n]; returns the new n. */
int chan_ways(struct state *st, int obj, bool sends, int self, struct way *out, int n);
/* A value that does not fit has no model: the program is refused. */
void chan_check_value(struct state *st, int obj, int64_t v);
/* The move itself.  Return: false when a send met a closed channel. */
bool chan_put(struct state *st, int obj, int g, int64_t v, struct waiter with);
/* Return: ok.  *v: the value. */
bool chan_take(struct state *st, int obj, int g, struct waiter with, int64_t *v);
bool obj_is_timer(const struct state *st, int obj);

/* ---- step_sync.c ---- */
enum fate lock_fate(const struct state *st, int g);
void step_sync(struct state *st, int g);
void step_wake(struct state *st, int g);  /* a parked locker takes its lock */
void step_check(struct state *st, int g); /* a wait on a reused wg returns */

/* ---- step_timer.c ---- */
void step_timer(struct state *st, int g);
void timer_took(struct state *st, int obj, int g); /* its value was received */

/* ---- races.c: knowledge, the happens-before order ---- */
static inline void knows(struct state *st, int g, int64_t mask)
{
    if (mask & ~words(st, g)[G_KNOW]) {
        touch(st, g)[G_KNOW] |= mask;
    }
}
void race_access(struct state *st, int g, int obj, bool writes);
/* A field, by its pointer: a race there is the author's mistake, the program is refused. */
void race_field(struct state *st, int g, int64_t pointer, bool writes);
/* Objects have new numbers; -1: it is gone. */
void race_renumber(struct state *st, const int *object);

#endif
