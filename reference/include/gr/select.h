/* SPDX-License-Identifier: BSD-3-Clause */
/* select.h - wait for the first of several channel operations, uniformly among those that
 * are ready.
 *
 * A select is data: an array of cases.  A case on a nil channel never becomes ready.  The
 * same channel may stand in several cases; a goroutine never communicates with itself.
 */
#ifndef GR_SELECT_H
#define GR_SELECT_H

#include "chan.h"

enum gr_dir { GR_SEND, GR_RECV };

struct gr_case {
    enum gr_dir dir;
    gr_chan *ch;
    void *elem; /* the value to send, or where to receive; NULL discards */
    bool ok;    /* out, for the receive that was chosen */
};

/* A case as an initializer.  It leaves no field to the compiler, which would clear the
 * whole array first. */
#define GR_CASE_SEND(ch_, elem_)                                                           \
    {                                                                                      \
        .dir = GR_SEND, .ch = (ch_), .elem = (elem_), .ok = false                          \
    }
#define GR_CASE_RECV(ch_, elem_)                                                           \
    {                                                                                      \
        .dir = GR_RECV, .ch = (ch_), .elem = (elem_), .ok = false                          \
    }

#define GR_SELECT_DEFAULT (-1)

/* Does exactly one ready case and gives its index.  None ready: GR_SELECT_DEFAULT when
 * has_default, else blocks (for ever when n == 0).  Blocks: G.  Panics: GR_ERR_SEND_CLOSED
 * when the chosen case sends on a closed channel. */
int gr_select(struct gr_case *cases, int n, bool has_default);

#endif
