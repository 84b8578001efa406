/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gr.h"

#define READERS 20

static int pipes[READERS][2];
static char home[PATH_MAX];
static atomic_int about, at_home;
static gr_chan *go_on;
static gr_wg all;

static bool is_home(void)
{
    char here[PATH_MAX];
    return getcwd(here, sizeof here) != NULL && strcmp(here, home) == 0;
}

/* Each holds a thread, so that new ones must be started. */
static void reader(void *arg)
{
    char byte;
    atomic_fetch_add(&at_home, is_home());
    atomic_fetch_add(&about, 1);
    gr_block_begin();
    ssize_t n = read(pipes[(intptr_t)arg][0], &byte, 1);
    bool still = is_home();
    gr_block_end();
    atomic_fetch_add(&at_home, n == 1 && still);
    gr_wg_done(&all);
}

/* Its thread gets a working directory of its own; then it starts all others. */
static void mover(void *arg)
{
    (void)arg;
    gr_thread_lock();
    if (unshare(CLONE_FS) != 0 || chdir("/") != 0)
        puts("cannot move");
    for (intptr_t i = 0; i < READERS; i++)
        gr_go(reader, (void *)i);
    while (atomic_load(&about) < READERS)
        gr_yield();
    puts(is_home() ? "the locked one has not moved" : "the locked one has moved");
    for (int i = 0; i < READERS; i++)
        if (write(pipes[i][1], "x", 1) != 1)
            puts("cannot write");
    gr_wg_wait(&all);
    gr_chan_send(go_on, NULL);
}

static void body(void *arg)
{
    (void)arg;
    if (getcwd(home, sizeof home) == NULL || strcmp(home, "/") == 0)
        puts("start this elsewhere");
    go_on = gr_chan_make(0, 0);
    for (int i = 0; i < READERS; i++)
        if (pipe(pipes[i]) != 0)
            puts("no pipe");
    gr_wg_add(&all, READERS);
    gr_go(mover, NULL);
    gr_chan_recv(go_on, NULL);
    printf("%d others are where the program started\n", atomic_load(&at_home));
}

int main(void)
{
    return gr_main(body, NULL);
}
