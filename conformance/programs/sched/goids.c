/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"

#define MANY 1000

static uint64_t ids[2 * MANY];
static gr_wg counted;
static gr_chan *over;

static void stay(void *arg)
{
    *(uint64_t *)arg = gr_goid();
    gr_wg_done(&counted);
    gr_chan_recv(over, NULL);
}

static int order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void body(void *arg)
{
    (void)arg;
    printf("main is %d\n", (int)gr_goid());
    for (int wave = 0; wave < 2; wave++) {
        over = gr_chan_make(0, 0);
        gr_wg_add(&counted, MANY);
        for (int i = 0; i < MANY; i++)
            gr_go(stay, &ids[wave * MANY + i]);
        gr_wg_wait(&counted);
        gr_chan_close(over);
        while (gr_num_goroutines() > 1)
            gr_yield();
    }
    qsort(ids, 2 * MANY, sizeof ids[0], order);
    int same = ids[0] <= 1;
    for (int i = 1; i < 2 * MANY; i++)
        same += ids[i] == ids[i - 1];
    printf("%d numbers differ\n", 2 * MANY - same);
}

int main(void)
{
    return gr_main(body, NULL);
}
