/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static void adder(void *arg)
{
    int64_t n = 3;
    gr_sleep_ns(1000);
    gr_chan_send(arg, &n);
}

/* Goroutines, timers and threads work; the status tells it where no stream can. */
static void body(void *arg)
{
    (void)arg;
    gr_chan *c = gr_chan_make(sizeof(int64_t), 0);
    int64_t a = 0, b = 0;
    gr_go(adder, c);
    gr_go(adder, c);
    gr_chan_recv(c, &a);
    gr_chan_recv(c, &b);
    puts("runs");
    fflush(stdout);
    gr_exit((int)(a + b + 1));
}

int main(void)
{
    return gr_main(body, NULL);
}
