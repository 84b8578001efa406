/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define MANY 10000
#define MOST_KB 16

static gr_chan *over;
static gr_wg started;

static void stay(void *arg)
{
    (void)arg;
    gr_wg_done(&started);
    gr_chan_recv(over, NULL);
}

static long resident_kb(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
        puts("no statm");
    if (f != NULL)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void body(void *arg)
{
    (void)arg;
    over = gr_chan_make(0, 0);
    long before = resident_kb();
    gr_wg_add(&started, MANY);
    for (int i = 0; i < MANY; i++)
        gr_go(stay, NULL);
    gr_wg_wait(&started);
    printf("%d wait\n", (int)gr_num_goroutines() - 1);
    long each = (resident_kb() - before) / MANY;
    if (each < MOST_KB)
        puts("they are small");
    else
        printf("%ld KB each\n", each);
}

int main(void)
{
    return gr_main(body, NULL);
}
