/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

enum { TICKERS = 8, TICKS = 500, WORKERS = 4, STEPS = 5000 };

static gr_timer *ticker[TICKERS];
static gr_wg listeners, workers;

static void listen(void *arg)
{
    gr_timer *t = arg;
    int64_t v;

    for (int i = 0; i < TICKS; i++)
        gr_chan_recv(gr_timer_chan(t), &v);
    gr_wg_done(&listeners);
}

static void work(void *unused)
{
    (void)unused;
    for (int i = 0; i < STEPS; i++)
        gr_yield();
    gr_sleep_ns(1000000);
    gr_wg_done(&workers);
}

static void body(void *unused)
{
    (void)unused;
    gr_wg_add(&listeners, TICKERS);
    gr_wg_add(&workers, WORKERS);
    for (int i = 0; i < TICKERS; i++) {
        ticker[i] = gr_ticker_new(1 + i);
        gr_go(listen, ticker[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        gr_go(work, NULL);
    gr_wg_wait(&listeners);
    printf("all tickers ticked\n");
    gr_wg_wait(&workers);
    printf("the others got their work done\n");
    for (int i = 0; i < TICKERS; i++)
        gr_timer_stop(ticker[i]);
    printf("stopped\n");
}

int main(void)
{
    return gr_main(body, NULL);
}
