/* SPDX-License-Identifier: BSD-3-Clause */
/* pace.h - when a cycle should begin, where it should end, and how much help that needs.
 *
 * Pure functions: figures in, figures out, no state, no clock.  All are total: any input
 * gives an output within the bounds named here.
 *
 *   I1  live <= trigger <= goal, unless the limit is below live: then both are live.
 *   I2  A higher percent, or a higher limit, never gives a lower goal.
 *   I3  The ratio is finite, and at least 0.
 */
#ifndef GC_PACE_H
#define GC_PACE_H

#include "base/base.h"

#define PACE_OFF UINT64_MAX
#define PACE_NO_LIMIT INT64_MAX

struct pace_in {
    uint64_t live;   /* bytes of objects that the last cycle found */
    uint64_t roots;  /* bytes of roots and stacks that it scanned */
    uint64_t scan;   /* bytes of objects and roots that it scanned, in all */
    int64_t percent; /* < 0: collections are off */
    uint64_t least;  /* the goal at 100 percent when hardly anything is live */
    int64_t limit;   /* bytes of all memory; PACE_NO_LIMIT: none */
    uint64_t beside; /* bytes of memory that are no objects */
    /* While the last cycle marked: bytes allocated, and time of processors for the program,
     * bytes scanned, and time for that. */
    uint64_t alloc_bytes, alloc_ns, scan_bytes, scan_ns;
    /* What the last cycle took, stop and all, if it was one stop; 0: it was not. */
    uint64_t brief_ns;
};

struct pace_out {
    uint64_t goal, trigger; /* PACE_OFF: never */
};

struct pace_out pace(const struct pace_in *in);

/* What is handed down as alloc_bytes, `bytes` having been allocated in `ns`.  A rate that
 * falls is believed by halves: a cycle in which the program waited, having asked for it,
 * tells nothing of the next one, which would begin too late.  A rate that no program has,
 * measured over next to no time, is not handed down: never more than `bytes` and 8 for
 * each ns. */
uint64_t pace_alloc(const struct pace_in *was, uint64_t bytes, uint64_t ns);

/* Bytes to be scanned for each byte that is allocated, so that marking is over when the
 * heap reaches the goal.  expected: what the cycle should have to scan, as the last one
 * had; most: what it may have to, when it turns out to be more; done: so far. */
double pace_ratio(uint64_t expected, uint64_t most, uint64_t done, uint64_t heap,
                  uint64_t goal);

/* The same though hardly anything is left to be marked: little, so that such a cycle is
 * soon over; beyond the goal the dearer the further: who asks for 2 KB a quarter beyond it
 * owes 64 KB.  Goals below 4 MB count as that much: memory is not worth so many waits. */
double pace_least(uint64_t heap, uint64_t goal);

/* How much of the time the collector has taken, leaking: what is above half of it, in ns,
 * from 0 to full_ns; while it is that nobody helps, whatever the goal asks for. */
#define PACE_FULL_NS INT64_C(1000000000) /* for each processor */
int64_t pace_fill(int64_t fill, int64_t gc_ns, int64_t all_ns, int64_t full_ns);

#endif
