/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define ROUNDS 1000

static gr_chan *c;

static void echo(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        gr_chan_recv(c, NULL);
}

static const char *where(void)
{
    return gettid() == getpid() ? "on the first thread" : "elsewhere";
}

static void body(void *arg)
{
    (void)arg;
    gr_thread_lock();
    printf("%s at first\n", where());
    c = gr_chan_make(0, 0);
    gr_go(echo, NULL);
    for (int i = 0; i < ROUNDS; i++)
        gr_chan_send(c, NULL);
    printf("%s after %d rounds\n", where(), ROUNDS);
}

int main(void)
{
    return gr_main(body, NULL);
}
