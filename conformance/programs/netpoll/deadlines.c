/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "netpoll/pair.h"

#define MS 1000000

static void body(void *arg)
{
    gr_fd ends[2];
    char buf[8];
    (void)arg;
    connect_pair(ends);
    int64_t when = gr_now_ns() + 10 * MS;
    gr_set_deadline(ends[0], GR_READ, when);
    need(gr_read(ends[0], buf, 8) == GR_IO_TIMEOUT, "read past its deadline");
    need(gr_now_ns() >= when, "not before it");
    puts("read: timeout, not early");

    need(gr_write(ends[0], "x", 1, NULL) == 1, "write of the other half");
    gr_set_deadline(ends[0], GR_WRITE, gr_now_ns() - MS);
    need(gr_write(ends[0], "x", 1, NULL) == GR_IO_TIMEOUT, "write past its deadline");
    puts("halves: independent");

    need(gr_write(ends[1], "abc", 3, NULL) == 3, "write");
    gr_set_deadline(ends[0], GR_READ | GR_WRITE, 0);
    need(gr_read(ends[0], buf, 1) == 1, "read without a deadline");
    need(gr_write(ends[0], "x", 1, NULL) == 1, "write without a deadline");
    puts("zero: usable again");

    gr_set_deadline(ends[0], GR_READ | GR_WRITE, gr_now_ns() - MS);
    need(gr_read(ends[0], buf, 8) == GR_IO_TIMEOUT, "read with data at hand");
    need(gr_write(ends[0], "x", 1, NULL) == GR_IO_TIMEOUT, "write of both");
    puts("past: timeout with data at hand, both halves");

    gr_fd listener = gr_listen("tcp", "127.0.0.1:0");
    gr_set_deadline(listener, GR_READ, gr_now_ns() + 2 * MS);
    need(gr_accept(listener) == GR_IO_TIMEOUT, "accept past its deadline");
    puts("accept: timeout");
}

int main(void)
{
    return gr_main(body, NULL);
}
