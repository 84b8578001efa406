/* SPDX-License-Identifier: BSD-3-Clause */
/* govern.h - settings and figures that decide when a cycle begins (pace.h decides). */
#ifndef GC_GOVERN_H
#define GC_GOVERN_H

#include "gc/collect.h"

void govern_boot(void);
void govern_begin(void); /* in the first stop */
void govern_end(void);   /* in the second stop: the next trigger is set */

uint64_t govern_goal(void);
uint64_t govern_live(void);   /* that the last cycle found */
uint64_t govern_retain(void); /* bytes of memory that the heap should keep */
double govern_ratio(void);    /* of help, at this moment */

#endif
