/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define GOROUTINES 2000
#define FRAME 3000 /* at least so much of each stack is used */

static gr_wg deep, over;
static gr_chan *go_on;

static int64_t stacks(void)
{
    static struct gr_mem_stats s;
    gr_mem_stats(&s);
    return (int64_t)s.stack_inuse;
}

static GR_NOINLINE char waits(int64_t i)
{
    volatile char frame[FRAME];
    frame[i % FRAME] = 1;
    gr_wg_done(&deep);
    gr_chan_recv(go_on, NULL);
    return frame[i % FRAME];
}

static void waiter(void *arg)
{
    need(waits((intptr_t)arg) == 1, "frame");
    gr_wg_done(&over);
}

static void body(void *unused)
{
    (void)unused;
    int64_t before = stacks(), with, after;
    go_on = gr_chan_make(0, 0);
    gr_wg_add(&deep, GOROUTINES);
    gr_wg_add(&over, GOROUTINES);
    for (intptr_t i = 0; i < GOROUTINES; i++)
        gr_go(waiter, (void *)i);
    gr_wg_wait(&deep);
    with = stacks();
    need(with - before >= GOROUTINES * FRAME, "too little is counted");
    puts("they are counted");
    gr_chan_close(go_on);
    gr_wg_wait(&over);
    while (gr_num_goroutines() > 1)
        gr_yield();
    collect();
    gr_mem_trim();
    after = stacks();
    need(after - before < (with - before) / 2, "too much is counted");
    puts("they are counted no more");
}

int main(void)
{
    return gr_main(body, NULL);
}
