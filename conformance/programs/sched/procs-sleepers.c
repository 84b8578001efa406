/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define SLEEPERS 600

static _Atomic int woke;

static void sleeper(void *arg)
{
    gr_yield();
    gr_sleep_ns((int64_t)(uintptr_t)arg * 50000);
    atomic_fetch_add(&woke, 1);
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
    for (int i = 0; woke < SLEEPERS && i < 4000; i++) {
        gr_procs(1 + i % 5);
        gr_sleep_ns(500000);
    }
    printf("%d of %d woke\n", woke, SLEEPERS);
}

int main(void)
{
    return gr_main(body, NULL);
}
