/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "gr.h"

static bool panics;

static void stays(void *arg)
{
    gr_wg_done(arg);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

static void body(void *arg)
{
    static gr_wg started;
    (void)arg;
    gr_procs(1); /* so that the other one has waited when this one has yielded often */
    gr_wg_add(&started, 1);
    gr_go(stays, &started);
    gr_wg_wait(&started);
    for (int i = 0; i < 100; i++)
        gr_yield();
    if (panics)
        gr_panic(gr_str("out of cheese"));
    gr_select(NULL, 0, false);
}

int main(int argc, char **argv)
{
    panics = argc > 1 && strcmp(argv[1], "panic") == 0;
    return gr_main(body, NULL);
}
