/* SPDX-License-Identifier: BSD-3-Clause */
/* clock_linux.c - time of the machine.  Virtual time belongs to floors timer and sched. */
#define _GNU_SOURCE
#include "os.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t os_now_ns(void)
{
    int64_t now = read_clock(CLOCK_MONOTONIC);
    return now > 0 ? now : 1;
}

int64_t os_coarse_ns(void)
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

int64_t os_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
