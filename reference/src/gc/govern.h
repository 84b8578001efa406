/* SPDX-License-Identifier: BSD-3-Clause */
/* govern.h - settings and figures that decide when a cycle begins (pace.h decides). */
#ifndef GC_GOVERN_H
#define GC_GOVERN_H

#include "gc/collect.h"

void govern_boot(void);
void govern_begin(void); /* in the first stop */
void govern_end(void);   /* in the second stop: the next trigger is set */
/* The cycle that has ended was one stop, and has taken so long in all. */
void govern_brief(int64_t ns);
/* Whether the heap was small when the last cycle began: who allocates next will have swept
 * it soon.  The world stands still, or it is the last cycle's own. */
bool govern_was_small(void);

uint64_t govern_stacks(void); /* bytes that goroutines' stacks take */
bool govern_is_minor(void);   /* the next cycle, if it begins at the trigger */
uint64_t govern_goal(void);
uint64_t govern_expected(void); /* bytes to be scanned in this cycle, as in the last one */
uint64_t govern_live(void);     /* that the last cycle found */
uint64_t govern_retain(void);   /* bytes of memory that the heap should keep */
/* Of help, at this moment; 0: none is asked for.  unused: bytes that were scanned and that
 * nobody has used to pay yet.  They count as not scanned: else, when little is left, so
 * little would be asked for that they would pay for any number of bytes. */
double govern_ratio(uint64_t unused);

#endif
