/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define MEMBERS 4
#define SIGNALS 2000
#define DEPTH 40
#define FULL 250 /* levels: some 150 KB in steps that are smaller than a signal's frame */
#define ROOM 512

static atomic_int stop;
static gr_atomic kept;
static gr_wg all;

/* Fills frames to a changing depth, where a signal may be asked for, and looks whether they
 * are full on the way back. */
static GR_NOINLINE int fill(int n, bool asks)
{
    volatile uint8_t room[ROOM];
    int bad = 0;
    for (int i = 0; i < ROOM; i++)
        room[i] = (uint8_t)(n + i);
    if (n > 0)
        bad = fill(n - 1, asks);
    else if (asks)
        raise(SIGURG);
    for (int i = 0; i < ROOM; i++)
        bad += room[i] != (uint8_t)(n + i);
    return bad;
}

static void member(void *arg)
{
    (void)arg;
    int bad = 0;
    for (int n = 0; n < FULL; n++)
        bad += fill(n, true);
    for (int n = 0; atomic_load(&stop) == 0; n = (n + 1) % DEPTH) {
        bad += fill(n, false);
        gr_yield();
    }
    gr_atomic_add(&kept, bad == 0);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&all, MEMBERS);
    for (int i = 0; i < MEMBERS; i++)
        gr_go(member, NULL);
    for (int i = 0; i < SIGNALS; i++) {
        kill(getpid(), SIGURG);
        if (i % 4 == 0)
            gr_yield();
    }
    printf("%d signals sent\n", SIGNALS);
    atomic_store(&stop, 1);
    gr_wg_wait(&all);
    printf("%d goroutines kept their stacks\n", (int)gr_atomic_load(&kept));
}

int main(void)
{
    return gr_main(body, NULL);
}
