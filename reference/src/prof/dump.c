/* SPDX-License-Identifier: BSD-3-Clause */
/* dump.c - what a program may ask about the runtime: goroutine dumps, counters.
 *
 * Owns: gr_dump, gr_stats_read.
 * Not here: the form of a dump (sched/dead.c), where the counters are kept (struct p).
 */
#include "gr/debug.h"

#include "sched/sched.h"

void gr_dump(int fd)
{
    sched_dump(fd, true);
}

void gr_stats_read(struct gr_stats *s)
{
    sched_stats(s);
}
