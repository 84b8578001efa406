/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "netpoll/pair.h"

#define TURNS 3000

static gr_fd ends[2];
static gr_atomic stop, rounds;
static gr_wg all;

static void reader(void *arg)
{
    char byte;
    (void)arg;
    while (!gr_atomic_load(&stop)) {
        need(gr_read(ends[0], &byte, 1) == GR_IO_TIMEOUT, "read");
        gr_atomic_add(&rounds, 1);
    }
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    connect_pair(ends);
    gr_wg_add(&all, 2);
    gr_go(reader, NULL);
    gr_go(reader, NULL);
    for (int i = 0; i < TURNS; i++) {
        int64_t before = gr_atomic_load(&rounds);
        gr_set_deadline(ends[0], GR_READ, 0);
        gr_set_deadline(ends[0], GR_READ, gr_now_ns() + i % 4 * 5000);
        if (i % 100 == 0)
            while (gr_atomic_load(&rounds) == before)
                gr_sleep_ns(1000);
    }
    gr_atomic_store(&stop, 1);
    gr_set_deadline(ends[0], GR_READ, 1);
    gr_wg_wait(&all);
    puts("nobody got stuck");
}

int main(void)
{
    return gr_main(body, NULL);
}
