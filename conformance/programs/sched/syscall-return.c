/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gr.h"

#define CALLERS 4
#define CALLS 500 /* of each */
#define STEPS 20000

static atomic_int inside, calls, overlaps;
static gr_wg over;

/* Nobody is preempted here: it makes no call. */
static void compute(void)
{
    if (atomic_fetch_add(&inside, 1) != 0)
        atomic_fetch_add(&overlaps, 1);
    for (int i = 0; i < STEPS && atomic_load(&inside) == 1; i++)
        ;
    if (atomic_fetch_sub(&inside, 1) != 1)
        atomic_fetch_add(&overlaps, 1);
}

/* Short calls, for which the processor is kept, and some that lose it. */
static void caller(void *arg)
{
    (void)arg;
    struct timespec shortly = {0, 200000};
    for (int i = 0; i < CALLS; i++) {
        gr_block_begin();
        if (i % 16 == 0)
            nanosleep(&shortly, NULL);
        else
            syscall(SYS_getpid);
        gr_block_end();
        compute();
        atomic_fetch_add(&calls, 1);
    }
    gr_wg_done(&over);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&over, CALLERS);
    for (int i = 0; i < CALLERS; i++)
        gr_go(caller, NULL);
    while (atomic_load(&calls) < CALLERS * CALLS) {
        compute();
        gr_yield();
    }
    gr_wg_wait(&over);
    if (atomic_load(&overlaps) != 0)
        printf("%d times two at once\n", atomic_load(&overlaps));
    else
        printf("%d calls, never two at once\n", atomic_load(&calls));
}

int main(void)
{
    return gr_main(body, NULL);
}
