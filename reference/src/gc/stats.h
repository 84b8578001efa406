/* SPDX-License-Identifier: BSD-3-Clause */
/* stats.h - figures about cycles: what gr_mem_stats shows and gctrace prints. */
#ifndef GC_STATS_H
#define GC_STATS_H

#include "gc/collect.h"

void stats_begin(enum gc_reason why); /* in the first stop */
void stats_end(void);                 /* in the second stop, before anything is freed */
/* A stop took so long, from the wish to the world's going on. */
/* Bytes of objects, dead ones too, when the last cycle ended. */
uint64_t stats_heap_end(void);
void stats_pause(int64_t ns);
/* A cycle is over; GR_DEBUG=gctrace=1.  In a world that runs. */
void stats_line(void);

/* Time of processors that went into marking. */
enum stats_who { STATS_WORKER, STATS_IDLE, STATS_ASSIST, STATS_WHO };
void stats_mark_time(enum stats_who who, int64_t ns);
int64_t stats_mark_ns(void); /* in this cycle, by all */
int64_t stats_mark_ns_of(enum stats_who who);

#endif
