/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"

#define TURNS 200
#define BOUND_NS 1000000000ll /* far from what any scheduler needs, near to being stuck */

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

static gr_atomic stop;
static gr_wg all;

static void busy(void *arg)
{
    (void)arg;
    while (!gr_atomic_load(&stop))
        gr_yield();
    gr_wg_done(&all);
}

static void echo(void *arg)
{
    gr_fd fd = (gr_fd)(intptr_t)arg;
    char byte;
    while (gr_read(fd, &byte, 1) == 1)
        need(gr_write(fd, &byte, 1, NULL) == 1, "echo");
    gr_wg_done(&all);
}

static void ask(gr_fd fd)
{
    for (int i = 0; i < TURNS; i++) {
        char byte;
        int64_t before = gr_now_ns();
        need(gr_write(fd, "x", 1, NULL) == 1 && gr_read(fd, &byte, 1) == 1, "turn");
        need(gr_now_ns() - before < BOUND_NS, "in bounded time");
    }
}

static void body(void *arg)
{
    gr_fd ends[2];
    (void)arg;
    connect_pair(ends);
    gr_wg_add(&all, 1);
    gr_go(echo, (void *)(intptr_t)ends[1]);
    ask(ends[0]);
    puts("idle processors: in bounded time");
    gr_wg_add(&all, 8);
    for (int i = 0; i < 8; i++)
        gr_go(busy, NULL);
    ask(ends[0]);
    puts("busy processors: in bounded time");
    gr_atomic_store(&stop, 1);
    gr_close(ends[0]);
    gr_wg_wait(&all);
}

int main(void)
{
    return gr_main(body, NULL);
}
