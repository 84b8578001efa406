/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define READERS 20
#define SPIN 10000000

static int pipes[READERS][2];
static atomic_int about, back, sum;
static gr_wg all;

static void reader(void *arg)
{
    int fd = pipes[(intptr_t)arg][0];
    char byte = 0;
    atomic_fetch_add(&about, 1);
    gr_block_begin();
    ssize_t n = read(fd, &byte, 1);
    gr_block_end();
    atomic_fetch_add(&back, n == 1);
    atomic_fetch_add(&sum, byte);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&all, READERS);
    for (intptr_t i = 0; i < READERS; i++)
        if (pipe(pipes[i]) == 0)
            gr_go(reader, (void *)i);
    while (atomic_load(&about) < READERS)
        gr_yield();
    printf("%d are about to block\n", atomic_load(&about));
    for (int i = READERS; i-- > 0;) {
        char byte = (char)(i + 1);
        if (write(pipes[i][1], &byte, 1) != 1)
            puts("cannot write");
    }
    for (volatile int i = 0; i < SPIN; i++)
        ; /* they return now, to a busy processor */
    gr_wg_wait(&all);
    printf("%d came back, sum %d\n", atomic_load(&back), atomic_load(&sum));
}

int main(void)
{
    return gr_main(body, NULL);
}
