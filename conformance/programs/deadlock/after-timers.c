/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static gr_wg all;

static void callback(void *arg)
{
    (void)arg;
    gr_wg_done(&all);
}

static void sleeper(void *arg)
{
    (void)arg;
    gr_sleep_ns(1000000);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&all, 2);
    gr_timer *func = gr_timer_func(1000000, callback, NULL);
    gr_go(sleeper, NULL);
    gr_timer *ticker = gr_ticker_new(1000000);
    gr_chan_recv(gr_timer_chan(ticker), NULL);
    gr_timer_stop(ticker);
    gr_wg_wait(&all);
    gr_timer_free(func);
    gr_timer_free(ticker);
    puts("all timers are over");
    fflush(stdout);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
