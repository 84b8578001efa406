/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gr.h"

#define TIMES 20
#define LOOKERS 8

static gr_chan *tids;
static int64_t dead;
static gr_wg looked;

static void ends_locked(void *arg)
{
    (void)arg;
    gr_thread_lock();
    int64_t tid = gettid();
    gr_chan_send(tids, &tid);
}

/* Needs a thread beside that of main. */
static void look(void *arg)
{
    gr_block_begin();
    usleep(100);
    gr_block_end();
    *(atomic_bool *)arg |= gettid() == dead;
    gr_wg_done(&looked);
}

/* Until the thread is gone, or somebody was seen on it. */
static bool is_gone(void)
{
    static atomic_bool used;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d", (int)dead);
    while (access(path, F_OK) == 0 && !used) {
        gr_wg_add(&looked, LOOKERS);
        for (int i = 0; i < LOOKERS; i++)
            gr_go(look, &used);
        gr_wg_wait(&looked);
    }
    return !used;
}

/* Main is locked too, so that no other goroutine gets the first thread. */
static void others(void *arg)
{
    (void)arg;
    gr_thread_lock();
    tids = gr_chan_make(sizeof(int64_t), 0);
    int gone = 0;
    for (int i = 0; i < TIMES; i++) {
        gr_go(ends_locked, NULL);
        gr_chan_recv(tids, &dead);
        gone += is_gone();
    }
    printf("%d threads are gone\n", gone);
}

static void lives_on(void *arg)
{
    (void)arg;
    gr_chan_recv(tids, NULL);
    while (gr_num_goroutines() > 1)
        gr_yield();
    gr_sleep_ns(1000000);
    puts("the others live on");
    fflush(stdout);
    gr_exit(0);
}

static void first(void *arg)
{
    (void)arg;
    gr_thread_lock();
    tids = gr_chan_make(sizeof(int64_t), 0);
    gr_go(lives_on, NULL);
    puts("main has ended");
    int64_t tid = 0;
    gr_chan_send(tids, &tid);
    gr_goexit();
}

int main(int argc, char **argv)
{
    return gr_main(argc > 1 && strcmp(argv[1], "first") == 0 ? first : others, NULL);
}
