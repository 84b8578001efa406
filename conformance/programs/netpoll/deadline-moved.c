/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "netpoll/pair.h"

#define MS 1000000

static gr_fd ends[2];
static gr_chan *over;

static void reader(void *arg)
{
    char byte;
    int64_t result = gr_read(ends[0], &byte, 1);
    (void)arg;
    need(result == GR_IO_TIMEOUT, "the reader's result");
    int64_t now = gr_now_ns();
    gr_chan_send(over, &now);
}

static int64_t wait_over(void)
{
    int64_t now;
    gr_chan_recv(over, &now);
    return now;
}

static void body(void *arg)
{
    (void)arg;
    connect_pair(ends);
    over = gr_chan_make(sizeof(int64_t), 0);
    for (int i = 0; i < 5; i++) {
        int64_t first = gr_now_ns() + 5 * MS;
        gr_set_deadline(ends[0], GR_READ, first);
        gr_go(reader, NULL);
        gr_sleep_ns(i * MS / 2);
        int64_t when = gr_now_ns() + 15 * MS;
        gr_set_deadline(ends[0], GR_READ, when);
        bool in_time = gr_now_ns() < first;
        need(wait_over() >= when || !in_time, "the later deadline holds");
    }
    puts("extended: not early");

    for (int i = 0; i < 5; i++) {
        gr_set_deadline(ends[0], GR_READ, gr_now_ns() + 3600000ll * MS);
        gr_go(reader, NULL);
        gr_sleep_ns(i * MS / 2);
        gr_set_deadline(ends[0], GR_READ, gr_now_ns() + MS);
        wait_over();
    }
    puts("shortened: wakes");

    for (int i = 0; i < 5; i++) {
        gr_set_deadline(ends[0], GR_READ, 0);
        gr_go(reader, NULL);
        gr_sleep_ns(i * MS / 2);
        gr_set_deadline(ends[0], GR_READ, gr_now_ns() - MS);
        wait_over();
    }
    puts("past: wakes");
}

int main(void)
{
    return gr_main(body, NULL);
}
