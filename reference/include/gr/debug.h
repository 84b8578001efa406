/* SPDX-License-Identifier: BSD-3-Clause */
/* debug.h - what a program may ask about the runtime, knobs, noise for stress runs, faults
 * for mutation runs.
 *
 * Environment: GR_PROCS, GR_TRACEBACK, GR_DEBUG, GR_MUTANT; GR_DEBUG=help prints the table.
 */
#ifndef GR_DEBUG_H
#define GR_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fatal errors: the program's fault, not recoverable, exit status 2. */
enum gr_fatal {
    GR_FATAL_DEADLOCK = 1,
    GR_FATAL_NO_GOROUTINES, /* main called Goexit and everybody else has ended */
    GR_FATAL_UNLOCK,        /* sync: unlock of unlocked mutex */
    GR_FATAL_RW_UNLOCK,
    GR_FATAL_RW_RUNLOCK,
    GR_FATAL_GO_NIL,
    GR_FATAL_STACK_OVERFLOW,
    GR_FATAL_NO_MEMORY,
    GR_FATAL_THREADS,         /* more than gr_threads_max */
    GR_FATAL_FAULT,           /* a bad address that is not near nil */
    GR_FATAL_FINALIZER_PLACE, /* gr_finalizer: no address of an object */
    GR_FATAL_FINALIZER_SET,   /* gr_finalizer: it has one already */
};

/* Writes a dump of all goroutines (number, state, frames, creator) to this descriptor.  Any
 * thread; takes no lock of libc. */
void gr_dump(int fd);

#define GR_STOP_BUCKETS 16

struct gr_stats {
    uint64_t spawned, parks, steals, timers_fired, squeezed;
    /* How often the world was stopped; the longest wait for all to stop, and the longest
     * time that it stood still. */
    uint64_t stops, stop_wait_max_ns, stop_held_max_ns;
    /* How many waits took less than 1 us, 2 us, 4 us ...; the last one: or longer. */
    uint64_t stop_waits[GR_STOP_BUCKETS];
};
void gr_stats_read(struct gr_stats *s);

/* Stress noise at the injection points: 0 off, 1 low, 2 high; drawn per goroutine from the
 * seed. */
void gr_noise(int level, uint64_t seed);

/* Mutants, in a sorted list: n-th name (NULL at the end) with the clause it breaks;
 * switching on by name. gr_mutant_enable is false for an unknown name and in builds without
 * mutants. Any thread. */
const char *gr_mutant_name(size_t n);
const char *gr_mutant_clause(size_t n);
bool gr_mutant_enable(const char *name);

#endif
