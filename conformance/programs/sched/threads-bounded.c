/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define WAVES 10
#define READERS 20
#define CONSTANT 12

static int pipes[READERS][2];
static atomic_int about, back;
static gr_wg all;

static int threads(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    if (d != NULL)
        closedir(d);
    return n;
}

static void reader(void *arg)
{
    char byte;
    atomic_fetch_add(&about, 1);
    gr_block_begin();
    ssize_t n = read(pipes[(intptr_t)arg][0], &byte, 1);
    gr_block_end();
    atomic_fetch_add(&back, n == 1);
    gr_wg_done(&all);
}

static int wave(void)
{
    atomic_store(&about, 0);
    gr_wg_add(&all, READERS);
    for (intptr_t i = 0; i < READERS; i++)
        gr_go(reader, (void *)i);
    while (atomic_load(&about) < READERS)
        gr_yield();
    int most = threads();
    for (int i = 0; i < READERS; i++)
        if (write(pipes[i][1], "x", 1) != 1)
            puts("cannot write");
    gr_wg_wait(&all);
    return most;
}

static void body(void *arg)
{
    (void)arg;
    int most = 0;
    for (int i = 0; i < READERS; i++)
        if (pipe(pipes[i]) != 0)
            puts("no pipe");
    for (int i = 0; i < WAVES; i++) {
        int n = wave();
        most = n > most ? n : most;
    }
    printf("%d calls returned\n", atomic_load(&back));
    if (most <= READERS + gr_procs(0) + CONSTANT)
        puts("threads are bounded");
    else
        printf("%d threads\n", most);
}

int main(void)
{
    return gr_main(body, NULL);
}
