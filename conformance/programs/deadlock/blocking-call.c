/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gr.h"

static bool wakes_main;
static gr_chan *c;

static void reader(void *arg)
{
    char text[16] = "";
    (void)arg;
    gr_block_begin();
    usleep(50000); /* by then everybody else waits */
    ssize_t n = read(0, text, sizeof text - 1);
    gr_block_end();
    printf("the call gave %.*s", (int)n, text);
    fflush(stdout);
    if (wakes_main)
        gr_chan_send(c, NULL);
}

static void body(void *arg)
{
    (void)arg;
    c = gr_chan_make(0, 0);
    puts("main waits");
    fflush(stdout);
    gr_go(reader, NULL);
    gr_chan_recv(c, NULL);
    puts("main goes on");
}

int main(int argc, char **argv)
{
    wakes_main = argc > 1 && strcmp(argv[1], "ends") == 0;
    return gr_main(body, NULL);
}
