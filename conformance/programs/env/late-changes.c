/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"

static void nothing(void *arg)
{
    gr_chan_send(arg, NULL);
}

static void body(void *arg)
{
    (void)arg;
    int before = gr_procs(0);
    setenv("GR_PROCS", "3", 1);
    gr_chan *c = gr_chan_make(0, 0);
    gr_go(nothing, c);
    gr_chan_recv(c, NULL);
    printf("%d before, %d after\n", before, gr_procs(0));
}

int main(void)
{
    return gr_main(body, NULL);
}
