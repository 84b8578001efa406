/* SPDX-License-Identifier: BSD-3-Clause */
/* subscribe.h - signals to ourselves, and channels that get them. */
#ifndef SIGNAL_SUBSCRIBE_H
#define SIGNAL_SUBSCRIBE_H

#include <signal.h>
#include <unistd.h>

#include "need.h"

static inline void send(int sig)
{
    need(kill(getpid(), sig) == 0, "kill");
}

static inline int receive(gr_chan *c)
{
    int sig = 0;
    need(gr_chan_recv(c, &sig), "receive");
    return sig;
}

static inline gr_chan *subscribe(int room, const int *sigs, size_t n)
{
    gr_chan *c = gr_chan_make(sizeof(int), room);
    need(gr_signal_notify(c, sigs, n), "notify");
    return c;
}

#endif
