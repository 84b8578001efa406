/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gr.h"
#include "need.h"

#define MS 1000000

static char path[] = "gauntlet-pipes-XXXXXX", fifo[sizeof path + 2];
static gr_chan *opened;

static void fifo_writer(void *arg)
{
    gr_fd fd = gr_open(fifo, O_WRONLY, 0);
    (void)arg;
    gr_chan_send(opened, &fd);
}

static void deadlines(gr_fd in, gr_fd out)
{
    char buf[4];
    need(gr_set_deadline(in, GR_READ, gr_now_ns() + MS) == 0, "set");
    need(gr_read(in, buf, 4) == GR_IO_TIMEOUT, "timeout");
    need(gr_set_deadline(in, GR_READ, 0) == 0, "clear");
    need(gr_write(out, "ab", 2, NULL) == 2 && gr_read(in, buf, 4) == 2, "data");
    need(gr_close(out) == 0 && gr_read(in, buf, 4) == 0 && gr_close(in) == 0, "end");
}

static void body(void *arg)
{
    gr_fd ends[2], out;
    char buf[4];
    (void)arg;
    int mode[3];
    for (int i = 0; i < 3; i++)
        mode[i] = fcntl(i, F_GETFL);
    opened = gr_chan_make(sizeof(gr_fd), 0);
    need(gr_pipe(ends) == 0, "pipe");
    deadlines(ends[0], ends[1]);
    puts("pipe: deadlines");

    close(mkstemp(path));
    snprintf(fifo, sizeof fifo, "%s.f", path);
    need(mkfifo(fifo, 0600) == 0, "mkfifo");
    gr_go(fifo_writer, NULL);
    gr_fd in = gr_open(fifo, O_RDONLY, 0);
    gr_chan_recv(opened, &out);
    unlink(fifo);
    deadlines(in, out);
    puts("fifo: deadlines");

    gr_fd f = gr_open(path, O_RDWR, 0);
    unlink(path);
    need(gr_set_deadline(f, GR_READ, gr_now_ns() + MS) == GR_IO_NO_DEADLINE, "no deadline");
    need(gr_write(f, "ab", 2, NULL) == 2 && gr_read(f, buf, 4) == 0, "file");
    need(gr_close(f) == 0 && gr_close(f) == GR_IO_CLOSED, "close");
    puts("file: none");
    fflush(stdout);

    gr_fd std = gr_wrap(1, GR_WRAP_KEEP);
    need(gr_write(std, "wrapped\n", 8, NULL) == 8, "write");
    for (int i = 0; i < 3; i++)
        need(fcntl(i, F_GETFL) == mode[i], "mode of a standard descriptor");
    puts("standard descriptors: as they were");
}

int main(void)
{
    return gr_main(body, NULL);
}
