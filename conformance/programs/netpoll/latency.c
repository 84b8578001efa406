/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <time.h>

#include "gr.h"
#include "netpoll/pair.h"

#define TURNS 200
/* Processor time of this process, whatever else the machine does: far more than any
 * scheduler needs, and less than being stuck. */
#define BOUND (3 * CLOCKS_PER_SEC)

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
        clock_t before = clock();
        need(gr_write(fd, "x", 1, NULL) == 1 && gr_read(fd, &byte, 1) == 1, "turn");
        need(clock() - before < BOUND, "in bounded time");
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
