/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "netpoll/pair.h"

#define MANY 64

static gr_wg ready, all;
static gr_chan *go;

static void first(void *arg)
{
    gr_fd ends[2];
    char byte;
    (void)arg;
    gr_wg_done(&ready);
    gr_chan_recv(go, NULL);
    connect_pair(ends);
    need(gr_write(ends[0], "x", 1, NULL) == 1, "write");
    need(gr_read(ends[1], &byte, 1) == 1 && byte == 'x', "read");
    gr_close(ends[0]);
    gr_close(ends[1]);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    go = gr_chan_make(0, 0);
    gr_wg_add(&ready, MANY);
    gr_wg_add(&all, MANY);
    for (int i = 0; i < MANY; i++)
        gr_go(first, NULL);
    gr_wg_wait(&ready);
    gr_chan_close(go);
    gr_wg_wait(&all);
    puts("all were first");
}

int main(void)
{
    return gr_main(body, NULL);
}
