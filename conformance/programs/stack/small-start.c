/* SPDX-License-Identifier: BSD-3-Clause */
#include "resident.h"

#define MANY 10000
#define MOST_KB 16

static gr_chan *over;
static gr_wg started;

static void stay(void *arg)
{
    (void)arg;
    gr_wg_done(&started);
    gr_chan_recv(over, NULL);
}

static void body(void *arg)
{
    (void)arg;
    over = gr_chan_make(0, 0);
    long before = resident_kb();
    gr_wg_add(&started, MANY);
    for (int i = 0; i < MANY; i++)
        gr_go(stay, NULL);
    gr_wg_wait(&started);
    printf("%d wait\n", (int)gr_num_goroutines() - 1);
    long each = (resident_kb() - before) / MANY;
    if (each < MOST_KB)
        puts("they are small");
    else
        printf("%ld KB each\n", each);
}

int main(void)
{
    return gr_main(body, NULL);
}
