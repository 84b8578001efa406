/* SPDX-License-Identifier: BSD-3-Clause */
/* pair.h - a connection, both of whose ends are ours. */
#ifndef NETPOLL_PAIR_H
#define NETPOLL_PAIR_H

#include "need.h"

static inline void connect_pair(gr_fd ends[2])
{
    char address[32];
    gr_fd listener = gr_listen("tcp", "127.0.0.1:0");
    snprintf(address, sizeof address, "127.0.0.1:%d", gr_local_port(listener));
    ends[0] = gr_dial("tcp", address, 0);
    ends[1] = gr_accept(listener);
    need(ends[0] > 0 && ends[1] > 0, "connect");
    gr_close(listener);
}

#endif
