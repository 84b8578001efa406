/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdio.h>

#include "gr.h"

#define WORKERS 8
#define ROUNDS 50
#define SPIN 20000

static atomic_int inside, most;
static gr_atomic passages;
static gr_wg all;

/* Nothing is called between in and out. */
static void pass(void)
{
    int n = atomic_fetch_add(&inside, 1) + 1;
    int old = atomic_load(&most);
    while (n > old && !atomic_compare_exchange_weak(&most, &old, n))
        ;
    for (volatile int i = 0; i < SPIN; i++)
        ;
    atomic_fetch_sub(&inside, 1);
}

static void worker(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        pass();
        gr_atomic_add(&passages, 1);
        gr_yield();
    }
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&all, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        gr_go(worker, NULL);
    gr_wg_wait(&all);
    printf("%d passages, %s the limit\n", (int)gr_atomic_load(&passages),
           atomic_load(&most) <= gr_procs(0) ? "within" : "beyond");
}

int main(void)
{
    return gr_main(body, NULL);
}
