/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define READERS 30

static int pipes[2];

static void reader(void *arg)
{
    char byte;
    (void)arg;
    gr_block_begin();
    if (read(pipes[0], &byte, 1) < 0)
        perror("read");
    gr_block_end();
}

static void body(void *arg)
{
    (void)arg;
    int first = gr_threads_max(12);
    printf("the limit was %d, then %d\n", first, gr_threads_max(12));
    fflush(stdout);
    if (pipe(pipes) != 0)
        return;
    for (int i = 0; i < READERS; i++)
        gr_go(reader, NULL);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
