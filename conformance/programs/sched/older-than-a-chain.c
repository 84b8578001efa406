/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define LONGEST 1000000 /* as good as for ever */
#define ROUNDS 8

static _Atomic int stop, links;
static gr_chan *ended;

static void older(void *arg)
{
    int64_t v = 0;
    (void)arg;
    stop = 1;
    gr_chan_send(ended, &v);
}

static void link_of_chain(void *arg)
{
    int64_t v = 0;
    if (!stop && ++links < LONGEST)
        gr_go(link_of_chain, arg);
    else
        gr_chan_send(ended, &v);
}

static bool is_kept_out(void)
{
    int64_t v;
    stop = links = 0;
    gr_go(older, NULL);
    gr_go(link_of_chain, NULL);
    gr_chan_recv(ended, &v);
    gr_chan_recv(ended, &v);
    return links >= LONGEST;
}

static void body(void *arg)
{
    int kept_out = 0;
    (void)arg;
    ended = gr_chan_make(sizeof(int64_t), 2);
    for (int i = 0; i < ROUNDS && kept_out == 0; i++)
        kept_out += is_kept_out();
    puts(kept_out == 0 ? "the older one ran meanwhile" : "the chain kept it out");
}

int main(void)
{
    return gr_main(body, NULL);
}
