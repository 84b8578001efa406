/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "gr.h"
#include "netpoll/pair.h"

static gr_fd ends[2];
static gr_wg all;

static void reader(void *arg)
{
    char byte;
    (void)arg;
    need(gr_read(ends[1], &byte, 1) == -ECONNRESET, "a read of a reset connection");
    gr_wg_done(&all);
}

static void body(void *arg)
{
    struct linger linger = {1, 0};
    char buf[8];
    (void)arg;
    connect_pair(ends);
    need(gr_write(ends[0], "hello", 5, NULL) == 5 && gr_close(ends[0]) == 0, "write");
    need(gr_read(ends[1], buf, 3) == 3 && memcmp(buf, "hel", 3) == 0, "first part");
    need(gr_read(ends[1], buf, 8) == 2 && memcmp(buf, "lo", 2) == 0, "second part");
    need(gr_read(ends[1], buf, 8) == 0 && gr_read(ends[1], buf, 8) == 0, "the end");
    gr_close(ends[1]);
    puts("eof: after the data");

    connect_pair(ends);
    need(gr_write(ends[0], "ask", 3, NULL) == 3, "write");
    need(gr_shutdown(ends[0], GR_WRITE) == 0, "shutdown");
    need(gr_read(ends[1], buf, 8) == 3 && gr_read(ends[1], buf, 8) == 0, "the asked end");
    need(gr_write(ends[1], "answer", 6, NULL) == 6, "the other way");
    need(gr_read(ends[0], buf, 8) == 6, "answer");
    need(gr_write(ends[0], "x", 1, NULL) == -EPIPE, "a write after shutdown");
    need(gr_shutdown(ends[0], GR_READ) == 0 && gr_read(ends[0], buf, 8) == 0, "read half");
    gr_close(ends[0]);
    gr_close(ends[1]);
    puts("half-close: the other half goes on");

    connect_pair(ends);
    gr_wg_add(&all, 1);
    gr_go(reader, NULL);
    gr_sleep_ns(1000000);
    setsockopt(gr_system_fd(ends[0]), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    gr_close(ends[0]);
    gr_wg_wait(&all);
    puts("reset: an error");
}

int main(void)
{
    return gr_main(body, NULL);
}
