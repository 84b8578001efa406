/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"
#include "netpoll/pair.h"

static void body(void *arg)
{
    gr_fd ends[2];
    int fds[2];
    const char *what = arg;
    connect_pair(ends);
    need(gr_shutdown(ends[0], GR_WRITE) == 0, "shutdown");
    need(gr_write(ends[0], "x", 1, NULL) == -EPIPE, "a socket");
    need(gr_pipe(ends) == 0 && gr_close(ends[0]) == 0, "pipe");
    need(gr_write(ends[1], "x", 1, NULL) == -EPIPE, "a pipe");
    puts("broken: an error");
    fflush(stdout);
    if (*what == '\0')
        return;
    need(pipe(fds) == 0 && dup2(fds[1], 1) == 1, "standard output");
    close(fds[0]);
    close(fds[1]);
    gr_write(gr_wrap(1, GR_WRAP_KEEP), "x", 1, NULL);
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 ? argv[1] : "");
}
