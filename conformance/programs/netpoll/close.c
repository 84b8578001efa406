/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "netpoll/pair.h"

#define ROUNDS 100

static gr_fd fd, listener;
static gr_wg all;

static void reader(void *arg)
{
    char byte;
    (void)arg;
    need(gr_read(fd, &byte, 1) == GR_IO_CLOSED, "a blocked read");
    gr_wg_done(&all);
}

static void writer(void *arg)
{
    static char bytes[65536];
    int64_t result;
    (void)arg;
    do
        result = gr_write(fd, bytes, sizeof bytes, NULL);
    while (result > 0);
    need(result == GR_IO_CLOSED, "a blocked write");
    gr_wg_done(&all);
}

static void accepter(void *arg)
{
    (void)arg;
    need(gr_accept(listener) == GR_IO_CLOSED, "a blocked accept");
    gr_wg_done(&all);
}

static void body(void *arg)
{
    gr_fd ends[2];
    char byte;
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        connect_pair(ends);
        fd = ends[0];
        listener = gr_listen("tcp", "127.0.0.1:0");
        gr_wg_add(&all, 4);
        gr_go(reader, NULL);
        gr_go(reader, NULL);
        gr_go(writer, NULL);
        gr_go(accepter, NULL);
        for (int n = i % 5; n > 0; n--)
            gr_yield();
        if (i % 10 == 0)
            gr_sleep_ns(1000000);
        need(gr_close(fd) == 0 && gr_close(listener) == 0, "close");
        gr_wg_wait(&all);
        need(gr_close(fd) == GR_IO_CLOSED, "the second close");
        need(gr_close(listener) == GR_IO_CLOSED, "the second close of a listener");
        need(gr_read(fd, &byte, 1) == GR_IO_CLOSED, "a read after it");
        need(gr_write(fd, "x", 1, NULL) == GR_IO_CLOSED, "a write after it");
        need(gr_set_deadline(fd, GR_READ, 0) == GR_IO_CLOSED, "a deadline after it");
        need(gr_accept(listener) == GR_IO_CLOSED, "an accept after it");
        gr_close(ends[1]);
    }
    puts("closed: everybody woke, once");
}

int main(void)
{
    return gr_main(body, NULL);
}
