/* SPDX-License-Identifier: BSD-3-Clause */
#include "gr.h"

static GR_NOINLINE void child(void *arg)
{
    (void)arg;
    gr_panic(gr_str("out of cheese"));
}

static GR_NOINLINE void father(void *arg)
{
    gr_go(child, arg);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

static void body(void *arg)
{
    gr_go(father, arg);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
