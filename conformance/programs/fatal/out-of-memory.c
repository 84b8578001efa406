/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static gr_chan *never;

static void stays(void *arg)
{
    (void)arg;
    gr_chan_recv(never, NULL);
}

static void body(void *arg)
{
    (void)arg;
    never = gr_chan_make(0, 0);
    puts("asks for more and more");
    fflush(stdout);
    for (;;) {
        gr_go(stays, NULL);
        if (gr_num_goroutines() % 100 == 0)
            gr_yield();
    }
}

int main(void)
{
    return gr_main(body, NULL);
}
