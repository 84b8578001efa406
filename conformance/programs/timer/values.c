/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

#define MS INT64_C(1000000)

static void nothing(void *unused)
{
    (void)unused;
}

static void one_shots(void)
{
    bool is_right = true;

    for (int i = 0; i < 20; i++) {
        int64_t v, due = gr_now_ns() + MS / 10 * (i % 5);
        gr_timer *t = gr_timer_new(MS / 10 * (i % 5));
        if (i % 2 == 0) /* fires while nobody looks */
            gr_sleep_ns(MS);
        gr_chan_recv(gr_timer_chan(t), &v);
        is_right = is_right && v >= due && v <= gr_now_ns();
        gr_timer_free(t);
    }
    printf("timer: value %s\n", is_right ? "not early, not in the future" : "wrong");
}

static void ticks(void)
{
    int64_t v, last = gr_now_ns();
    gr_timer *t = gr_ticker_new(MS / 2);
    bool is_right = true;

    for (int64_t i = 1, start = last; i <= 10; i++) {
        gr_chan_recv(gr_timer_chan(t), &v);
        is_right = is_right && v >= start + i * MS / 2 && v > last && v <= gr_now_ns();
        last = v;
    }
    gr_timer_stop(t);
    printf("ticker: values %s\n", is_right ? "not early, in order" : "wrong");
}

static void body(void *unused)
{
    (void)unused;
    one_shots();
    ticks();
    gr_timer *f = gr_timer_func(3600000 * MS, nothing, NULL);
    printf("function: %s\n", gr_timer_chan(f) == NULL ? "no channel" : "a channel");
    gr_timer_stop(f);
}

int main(void)
{
    return gr_main(body, NULL);
}
