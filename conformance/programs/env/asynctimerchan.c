/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

#define MS INT64_C(1000000)
#define HOUR (3600000 * MS)

static const char *text(bool b)
{
    return b ? "true" : "false";
}

static void body(void *unused)
{
    (void)unused;
    gr_timer *t = gr_timer_new(MS);
    gr_chan *c = gr_timer_chan(t);
    int64_t v;

    printf("cap %d\n", (int)gr_chan_cap(c));
    if (gr_chan_cap(c) == 0)
        return;
    while (gr_chan_len(c) == 0)
        gr_sleep_ns(MS);
    printf("fired: len %d\n", (int)gr_chan_len(c));
    printf("stop %s\n", text(gr_timer_stop(t)));
    printf("reset %s\n", text(gr_timer_reset(t, HOUR)));
    gr_chan_recv(c, &v);
    printf("stale value received\n");
    printf("stop %s\n", text(gr_timer_stop(t)));
    printf("len %d\n", (int)gr_chan_len(c));
    gr_timer_free(t);
}

int main(void)
{
    return gr_main(body, NULL);
}
