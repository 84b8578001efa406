/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gr.h"

#define CALLS 1000
#define MANY 1500000000 /* seconds, which end the program where nothing else does */

static atomic_int started, stop, ended;
static gr_wg over;

static void hog(void *arg)
{
    (void)arg;
    for (int i = 0; i < CALLS; i++) {
        gr_block_begin();
        syscall(SYS_getpid);
        gr_block_end();
    }
    atomic_fetch_add(&started, 1);
    for (int i = 0; i < MANY && atomic_load(&stop) == 0; i++)
        ;
    atomic_fetch_add(&ended, 1);
    gr_wg_done(&over);
}

static void body(void *arg)
{
    (void)arg;
    int hogs = gr_procs(0);
    gr_wg_add(&over, hogs);
    for (int i = 0; i < hogs; i++)
        gr_go(hog, NULL);
    while (atomic_load(&started) < hogs)
        gr_yield();
    printf("main runs beside %d loops\n", hogs - atomic_load(&ended));
    atomic_store(&stop, 1);
    gr_wg_wait(&over);
}

int main(void)
{
    return gr_main(body, NULL);
}
