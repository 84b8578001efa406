/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

#define MS INT64_C(1000000)

static gr_atomic over;
static gr_wg hogs;

static void hog(void *unused)
{
    (void)unused;
    while (!gr_atomic_load(&over))
        gr_point();
    gr_wg_done(&hogs);
}

static void ring(void *arg)
{
    gr_chan_close(arg);
}

static void body(void *unused)
{
    int n = 2 * gr_procs(0);
    gr_timer *ticker = gr_ticker_new(MS);
    gr_chan *rung = gr_chan_make(0, 0);
    int64_t v;

    (void)unused;
    gr_wg_add(&hogs, n);
    for (int i = 0; i < n; i++)
        gr_go(hog, NULL);
    for (int i = 0; i < 3; i++)
        gr_sleep_ns(MS);
    printf("slept 3 times\n");
    for (int i = 0; i < 3; i++)
        gr_chan_recv(gr_timer_chan(ticker), &v);
    printf("ticked 3 times\n");
    gr_timer_func(MS, ring, rung);
    gr_chan_recv(rung, NULL);
    printf("the function ran\n");
    gr_atomic_store(&over, 1);
    gr_wg_wait(&hogs);
    printf("hogs ended\n");
}

int main(void)
{
    return gr_main(body, NULL);
}
