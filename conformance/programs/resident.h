/* SPDX-License-Identifier: BSD-3-Clause */
/* resident.h - for programs about memory: how much of it the process has. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <unistd.h>

#include "need.h"

static inline long resident_kb(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    need(f != NULL && fscanf(f, "%ld %ld", &size, &pages) == 2, "no statm");
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

#endif
