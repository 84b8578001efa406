/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.h - generational mode: whether the next cycle looks at what is new only, and when.
 *
 * Pure functions, as those of pace.h, on which they stand: the trigger that pace() gives is
 * that of major cycles.
 *
 *   I1  A minor cycle never begins above the trigger of major ones.
 *   I2  Without room for a minor cycle, or where few young objects die, all cycles are
 *       those of the other mode.
 */
#ifndef GC_GEN_H
#define GC_GEN_H

#include "gc/pace.h"

#define GEN_LEAST                                                                          \
    ((uint64_t)4 << 20) /* bytes allocated between two cycles, if one is minor */

struct gen_in {
    uint64_t live;    /* bytes of objects after the last cycle, whichever that was */
    uint64_t floor;   /* after the last major one */
    uint64_t trigger; /* of major cycles; PACE_OFF: never */
    uint32_t waits;   /* major cycles to come before a minor one is tried again */
};

struct gen_out {
    uint64_t trigger;
    bool is_minor;
};

struct gen_out gen_next(const struct gen_in *in);

/* How many of the minor cycles in sequence were not worth it, and what follows. */
struct gen_luck {
    uint32_t waits, bad;
};
/* After a major cycle; after a minor one: of `young` bytes `kept` survived, and to find out
 * it had to scan so many. */
struct gen_luck gen_major(struct gen_luck l);
struct gen_luck gen_minor(struct gen_luck l, uint64_t young, uint64_t kept,
                          uint64_t scanned);

#endif
