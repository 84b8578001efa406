/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define LEVELS 20000
#define ROOM 200
#define TIMES 3
#define TOKENS 1000

static int null;

static GR_NOINLINE uint64_t deep(int n)
{
    volatile uint8_t room[ROOM];
    room[0] = (uint8_t)n;
    room[ROOM - 1] = (uint8_t)(n >> 8);
    uint64_t below = 0;
    if (n > 0)
        below = deep(n - 1);
    else
        gr_dump(null);
    return below + room[0] + 256 * (uint64_t)room[ROOM - 1];
}

static void *recurse(void *arg)
{
    int *right = arg;
    for (int i = 0; i < TIMES; i++)
        *right += deep(LEVELS) == (uint64_t)LEVELS * (LEVELS + 1) / 2;
    return NULL;
}

static void sender(void *arg)
{
    for (int i = 0; i < TOKENS; i++)
        gr_chan_send(arg, NULL);
}

static void body(void *arg)
{
    (void)arg;
    pthread_t thread;
    int right = 0, tokens = 0;
    gr_chan *c = gr_chan_make(0, 0);
    if (pthread_create(&thread, NULL, recurse, &right) != 0)
        return;
    gr_go(sender, c);
    while (tokens < TOKENS)
        tokens += gr_chan_recv(c, NULL);
    gr_block_begin();
    pthread_join(thread, NULL);
    gr_block_end();
    printf("%d levels down and up again, %d times\n", LEVELS, right);
    printf("the goroutines passed %d tokens\n", tokens);
}

int main(void)
{
    null = open("/dev/null", O_WRONLY);
    return gr_main(body, NULL);
}
