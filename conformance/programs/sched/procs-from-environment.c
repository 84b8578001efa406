/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"

static bool is_bound;

/* The CPUs of the affinity mask; a quota may allow fewer. */
static int usable(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

static void bind_to_one(void)
{
    cpu_set_t set, one;
    int cpu = 0;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        while (!CPU_ISSET(cpu, &set))
            cpu++;
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void body(void *arg)
{
    (void)arg;
    int n = gr_procs(0);
    if (getenv("GR_PROCS") != NULL && atoi(getenv("GR_PROCS")) > 0)
        printf("%d processors\n", n);
    else if (n >= 1 && n <= usable())
        puts("as many processors as usable CPUs");
    else
        printf("%d processors for %d CPUs\n", n, usable());
    if (is_bound && n == 1)
        puts("and that is one");
}

int main(int argc, char **argv)
{
    (void)argv;
    is_bound = argc > 1;
    if (is_bound)
        bind_to_one();
    return gr_main(body, NULL);
}
