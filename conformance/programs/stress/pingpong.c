/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

#define EXCHANGES 1000000

static gr_chan *ping, *pong;

static void partner(void *arg)
{
    int64_t n;
    (void)arg;
    while (gr_chan_recv(ping, &n)) {
        n++;
        gr_chan_send(pong, &n);
    }
}

static void body(void *arg)
{
    (void)arg;
    int64_t wrong = 0, answer;
    ping = gr_chan_make(sizeof answer, 0);
    pong = gr_chan_make(sizeof answer, 0);
    gr_go(partner, NULL);
    for (int64_t n = 0; n < EXCHANGES; n++) {
        gr_chan_send(ping, &n);
        gr_chan_recv(pong, &answer);
        wrong += answer != n + 1;
    }
    printf("%d exchanges, %d out of order\n", EXCHANGES, (int)wrong);
}

int main(void)
{
    return gr_main(body, NULL);
}
