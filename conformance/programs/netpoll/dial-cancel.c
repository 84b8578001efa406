/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "gr.h"
#include "need.h"

#define MS 1000000
#define FILLERS 4

/* A listener whose queue is full: connections to it stay under way. */
static void stuck_listener(char *address, size_t size)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    need(fd >= 0 && bind(fd, (void *)&in, sizeof in) == 0 && listen(fd, 0) == 0, "listen");
    getsockname(fd, (void *)&in, &len);
    snprintf(address, size, "127.0.0.1:%d", ntohs(in.sin_port));
}

static gr_wg all;

static void canceller(void *arg)
{
    gr_sleep_ns(MS);
    gr_close((gr_fd)(intptr_t)arg);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    char address[32];
    (void)arg;
    stuck_listener(address, sizeof address);
    for (int i = 0; i < FILLERS; i++)
        gr_dial_begin("tcp", address);
    size_t before = gr_num_goroutines();
    for (int i = 0; i < 5; i++) {
        int64_t when = gr_now_ns() + 5 * MS;
        need(gr_dial("tcp", address, when) == GR_IO_TIMEOUT, "timeout");
        need(gr_now_ns() >= when, "not early");
    }
    puts("timeout: not early");
    for (int i = 0; i < 5; i++) {
        gr_fd fd = gr_dial_begin("tcp", address);
        gr_wg_add(&all, 1);
        gr_go(canceller, (void *)(intptr_t)fd);
        need(gr_dial_wait(fd) == GR_IO_CLOSED, "cancelled");
        gr_wg_wait(&all);
    }
    puts("cancelled: at once");
    while (gr_num_goroutines() > before)
        gr_yield();
    puts("nothing left behind");
}

int main(void)
{
    return gr_main(body, NULL);
}
