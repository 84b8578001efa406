/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define HOGS 3

static _Atomic int stop, started, ended;
static _Atomic long sum;

static void plain(void *arg)
{
    volatile long n = 0;
    (void)arg;
    atomic_fetch_add(&started, 1);
    while (!atomic_load_explicit(&stop, memory_order_relaxed))
        n++;
    atomic_fetch_add(&ended, 1);
}

static void atomics(void *arg)
{
    (void)arg;
    atomic_fetch_add(&started, 1);
    while (!atomic_load_explicit(&stop, memory_order_relaxed))
        atomic_fetch_add(&sum, 1);
    atomic_fetch_add(&ended, 1);
}

static void begin(void (*hog)(void *))
{
    stop = started = ended = 0;
    for (int i = 0; i < HOGS; i++)
        gr_go(hog, NULL);
    while (started < HOGS)
        gr_yield();
}

static void end(const char *what)
{
    stop = 1;
    while (ended < HOGS)
        gr_yield();
    puts(what);
}

static void body(void *arg)
{
    (void)arg;
    begin(plain);
    end("plain loops ended");
    begin(atomics);
    end("atomic loops ended");
    begin(plain);
    gr_procs(3); /* needs a stopped world */
    gr_procs(1);
    end("procs changed");
}

int main(void)
{
    return gr_main(body, NULL);
}
