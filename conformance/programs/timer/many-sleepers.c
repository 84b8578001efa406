/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

enum { SLEEPERS = 10000 };

static gr_atomic awake, early;
static gr_wg all;

static void sleeper(void *arg)
{
    int64_t d = (int64_t)((uintptr_t)arg * 7919 % SLEEPERS) * 2000;
    int64_t start = gr_now_ns();

    gr_sleep_ns(d);
    gr_atomic_add(&early, gr_now_ns() - start < d);
    gr_atomic_add(&awake, 1);
    gr_wg_done(&all);
}

static void body(void *unused)
{
    (void)unused;
    gr_wg_add(&all, SLEEPERS);
    for (uintptr_t i = 0; i < SLEEPERS; i++)
        gr_go(sleeper, (void *)i);
    gr_wg_wait(&all);
    printf("%d awake, %d early\n", (int)gr_atomic_load(&awake),
           (int)gr_atomic_load(&early));
}

int main(void)
{
    return gr_main(body, NULL);
}
