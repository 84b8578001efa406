/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "resident.h"

#define BATCH 1000
#define FEW 10
#define MANY 100
#define SLACK_KB 30000

static gr_wg batch;

static GR_NOINLINE void leave(void)
{
    volatile char room[8000];
    room[0] = room[7999] = 1;
    gr_wg_done(&batch);
    if (room[0] == room[7999])
        gr_goexit();
}

static void member(void *arg)
{
    (void)arg;
    leave();
}

static void batches(int n)
{
    for (int i = 0; i < n; i++) {
        gr_wg_add(&batch, BATCH);
        for (int k = 0; k < BATCH; k++)
            gr_go(member, NULL);
        gr_wg_wait(&batch);
        while (gr_num_goroutines() > 1)
            gr_yield();
    }
}

static void body(void *arg)
{
    (void)arg;
    batches(FEW);
    printf("%d goroutine is left\n", (int)gr_num_goroutines());
    long before = resident_kb();
    batches(MANY);
    long grown = resident_kb() - before;
    if (grown < SLACK_KB)
        puts("the process did not grow");
    else
        printf("it grew by %ld KB\n", grown);
}

int main(void)
{
    return gr_main(body, NULL);
}
