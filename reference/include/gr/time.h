/* SPDX-License-Identifier: BSD-3-Clause */
/* time.h - the monotonic clock, sleeping, timers and tickers, with the meaning of Go 1.23
 * and later.
 *
 * Under gr_control_run, and with GR_DEBUG=faketime=1, the clock is virtual: it stands still
 * while any goroutine can run and jumps to the next deadline when none can. A timer's
 * channel carries an int64_t: the clock when it fired.  It looks unbuffered (len and cap
 * 0); after stop or reset has returned no value of the former setting can be received.
 *
 * GR_DEBUG=asynctimerchan=1 brings the meaning before Go 1.23 back: a timer's channel is
 * buffered with capacity 1; stop and reset report whether the timer had fired, received or
 * not, and leave a value where it is; a timer that nobody waits for holds off the deadlock
 * verdict until it has fired.
 */
#ifndef GR_TIME_H
#define GR_TIME_H

#include "chan.h"
#include "task.h"

int64_t gr_now_ns(void);

/* Returns after d_ns at the earliest; at once (as a yield point) when d_ns <= 0.  Blocks:
 * G. */
void gr_sleep_ns(int64_t d_ns);

typedef struct gr_timer gr_timer;

gr_timer *gr_timer_new(int64_t d_ns); /* fires once on its channel */
/* Fires once: fn(arg) in a goroutine of its own.  arg is kept until gr_timer_free, for a
 * reset may ask for the same call again. */
gr_timer *gr_timer_func(int64_t d_ns, gr_fn fn, void *arg);
gr_timer *gr_ticker_new(int64_t period_ns); /* Panics: GR_ERR_TICKER_PERIOD when <= 0 */
gr_chan *gr_timer_chan(gr_timer *t);        /* NULL for gr_timer_func */

/* True when it prevented the firing.  For a ticker the result means nothing. */
bool gr_timer_stop(gr_timer *t);

/* Arms again for d_ns from now (a ticker: with the new period; Panics:
 * GR_ERR_TICKER_PERIOD).  True when the former setting was pending. */
bool gr_timer_reset(gr_timer *t, int64_t d_ns);

/* Stops, and gives the memory back with its channel.  Nobody may use either any more. */
void gr_timer_free(gr_timer *t);

#endif
