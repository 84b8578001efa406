/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define GOROUTINES 100000

static gr_chan *go_on;
static gr_wg there, over;
static gr_atomic whole;

static void waiter(void *arg)
{
    struct object *mine = object_new((intptr_t)arg);
    gr_wg_done(&there);
    gr_chan_recv(go_on, NULL);
    gr_atomic_add(&whole, is_whole(mine, (intptr_t)arg));
    gr_wg_done(&over);
}

static void body(void *unused)
{
    (void)unused;
    go_on = gr_chan_make(0, 0);
    gr_wg_add(&there, GOROUTINES);
    gr_wg_add(&over, GOROUTINES);
    for (intptr_t i = 0; i < GOROUTINES; i++)
        gr_go(waiter, (void *)i);
    gr_wg_wait(&there);
    collect();
    churn(2 * GOROUTINES);
    collect();
    gr_chan_close(go_on);
    gr_wg_wait(&over);
    printf("%d goroutines found theirs\n", (int)gr_atomic_load(&whole));
}

int main(void)
{
    return gr_main(body, NULL);
}
