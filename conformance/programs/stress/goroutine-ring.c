/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define MEMBERS 20000
#define ROUNDS 3

static gr_chan *ring[MEMBERS + 1];

static void member(void *arg)
{
    intptr_t i = (intptr_t)arg;
    int64_t token;
    for (int n = 0; n < ROUNDS; n++) {
        gr_chan_recv(ring[i], &token);
        token++;
        gr_chan_send(ring[i + 1], &token);
    }
}

static void body(void *arg)
{
    (void)arg;
    int64_t token = 0;
    for (int i = 0; i <= MEMBERS; i++)
        ring[i] = gr_chan_make(sizeof token, 0);
    for (intptr_t i = 0; i < MEMBERS; i++)
        gr_go(member, (void *)i);
    for (int n = 0; n < ROUNDS; n++) {
        gr_chan_send(ring[0], &token);
        gr_chan_recv(ring[MEMBERS], &token);
    }
    printf("the token came back after %d steps\n", (int)token);
}

int main(void)
{
    return gr_main(body, NULL);
}
