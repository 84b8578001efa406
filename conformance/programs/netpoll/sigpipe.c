/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("wrong: %s\n", what);
    fflush(stdout);
    gr_exit(1);
}

/* Both ends of a connection. */
static void connect_pair(gr_fd ends[2])
{
    char address[32];
    gr_fd listener = gr_listen("tcp", "127.0.0.1:0");
    snprintf(address, sizeof address, "127.0.0.1:%d", gr_local_port(listener));
    ends[0] = gr_dial("tcp", address, 0);
    ends[1] = gr_accept(listener);
    need(ends[0] > 0 && ends[1] > 0, "connect");
    gr_close(listener);
}

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
