/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdio.h>

#include "gr.h"
#include "need.h"

#define CROWD 2000

static char address[32];
static gr_fd listener;
static gr_wg asked, all;
static gr_chan *go;

static void serve_one(void *arg)
{
    gr_fd fd = (gr_fd)(intptr_t)arg;
    char buf[64];
    int64_t n;
    while ((n = gr_read(fd, buf, sizeof buf)) > 0)
        need(gr_write(fd, buf, (size_t)n, NULL) == n, "echo");
    need(n == 0 && gr_close(fd) == 0, "end of echo");
}

static void serve(void *arg)
{
    gr_fd fd;
    (void)arg;
    while ((fd = gr_accept(listener)) > 0)
        gr_go(serve_one, (void *)(intptr_t)fd);
}

static void ask(void *arg)
{
    uint64_t mine = (uint64_t)(intptr_t)arg, got = 0;
    gr_fd fd = gr_dial("tcp", address, 0);
    need(fd > 0, "dial");
    for (int turn = 0; turn < 2; turn++) {
        mine += 1000000;
        need(gr_write(fd, &mine, sizeof mine, NULL) == sizeof mine, "ask");
        need(gr_read(fd, &got, sizeof got) == sizeof got && got == mine, "answer");
        if (turn == 0) {
            gr_wg_done(&asked);
            gr_chan_recv(go, NULL);
        }
    }
    gr_close(fd);
    gr_wg_done(&all);
}

static int threads(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/task");
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void body(void *arg)
{
    (void)arg;
    go = gr_chan_make(0, 0);
    listener = gr_listen("tcp", "127.0.0.1:0");
    snprintf(address, sizeof address, "127.0.0.1:%d", gr_local_port(listener));
    gr_go(serve, NULL);
    gr_wg_add(&asked, CROWD);
    gr_wg_add(&all, CROWD);
    for (intptr_t i = 0; i < CROWD; i++)
        gr_go(ask, (void *)i);
    gr_wg_wait(&asked);
    printf("%d connections wait, on %s\n", CROWD, threads() < 50 ? "few threads" : "many");
    gr_chan_close(go);
    gr_wg_wait(&all);
    puts("all echoed");
}

int main(void)
{
    return gr_main(body, NULL);
}
