/* SPDX-License-Identifier: BSD-3-Clause */
/* rank.h - the order of locks, remembered per thread in builds with checks. */
#ifndef LOCK_RANK_H
#define LOCK_RANK_H

#include "lock.h"

#if GR_DEBUG_CHECKS
/* The calling thread is about to take m; throws when that is out of order. */
void rank_check(const struct mutex *m);
/* It has m now, or not any more. */
void rank_push(const struct mutex *m);
void rank_pop(const struct mutex *m);
#else
static inline void rank_check(const struct mutex *m)
{
    (void)m;
}
static inline void rank_push(const struct mutex *m)
{
    (void)m;
}
static inline void rank_pop(const struct mutex *m)
{
    (void)m;
}
#endif

#endif
