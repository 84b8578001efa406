/* SPDX-License-Identifier: BSD-3-Clause */
/* chan.h - channels: a typed queue of fixed capacity, or a rendezvous when the capacity is
 * 0.
 *
 * NULL is the nil channel: send and receive block for ever, close panics, len and cap are
 * 0. An element is elem_size bytes (0 to GR_ELEM_MAX), copied at the call.  Waiters are
 * served first come, first served.  Everything here may be called by any number of
 * goroutines at once.
 */
#ifndef GR_CHAN_H
#define GR_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gr_chan gr_chan;

#define GR_ELEM_MAX 65535u

/* A new channel.  Panics: GR_ERR_MAKECHAN_SIZE when cap < 0 or cap * elem_size cannot be
 * had. Ownership: the caller's, until gr_chan_free. */
gr_chan *gr_chan_make(size_t elem_size, int64_t cap);

/* Gives the memory back.  Nobody may use or wait on the channel any more.  Any thread. */
void gr_chan_free(gr_chan *c);

/* Sends *elem (elem may be NULL when the size is 0).  Blocks: G.  Panics:
 * GR_ERR_SEND_CLOSED. */
void gr_chan_send(gr_chan *c, const void *elem);

/* Receives into *elem (NULL discards).  Gives true when the value came from a send, false
 * and an all-zero element when the channel is closed and drained.  Blocks: G. */
bool gr_chan_recv(gr_chan *c, void *elem);

/* The non-blocking forms: false when the operation would have blocked, nothing done then.
 */
bool gr_chan_try_send(gr_chan *c, const void *elem);
bool gr_chan_try_recv(gr_chan *c, void *elem, bool *ok);

/* Closes.  Wakes every waiter.  Panics: GR_ERR_CLOSE_CLOSED, GR_ERR_CLOSE_NIL. */
void gr_chan_close(gr_chan *c);

/* Elements buffered now, and the capacity; no synchronisation (chan.len.no-sync). */
int64_t gr_chan_len(gr_chan *c);
int64_t gr_chan_cap(gr_chan *c);

#endif
