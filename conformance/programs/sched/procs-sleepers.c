/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define SLEEPERS 600
#define ROUNDS 30

static _Atomic int begun, woke;

static void sleeper(void *arg)
{
    gr_yield();
    begun++;
    gr_sleep_ns((int64_t)(uintptr_t)arg * 50000);
    woke++;
}

static void body(void *arg)
{
    (void)arg;
    int was = gr_procs(0);
    for (uintptr_t i = 0; i < SLEEPERS; i++)
        gr_go(sleeper, (void *)i);
    for (int i = 0; i < 50; i++)
        gr_yield(); /* others take sleepers to their processors */
    int asked = gr_procs(1);
    printf("was %d, asked %d, then %d\n", was, asked, gr_procs(-1));
    for (int i = 1; i <= ROUNDS; i++) {
        gr_procs(2 + i % 4);
        for (uintptr_t k = 0; k < SLEEPERS / ROUNDS; k++)
            gr_go(sleeper, (void *)(k * 10));
        while (begun < SLEEPERS + SLEEPERS / ROUNDS * i) {
        } /* this processor is busy: they fall asleep on others */
        gr_procs(1);
    }
    for (int i = 0; woke < 2 * SLEEPERS && i < 1000; i++)
        gr_sleep_ns(500000);
    printf("%d of %d woke\n", woke, 2 * SLEEPERS);
}

int main(void)
{
    return gr_main(body, NULL);
}
