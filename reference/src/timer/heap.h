/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.h - inside the timer floor: entries, and the array that keeps them in order. */
#ifndef TIMER_HEAP_H
#define TIMER_HEAP_H

#include "timer/timer.h"

struct timer_entry {
    int64_t when;
    uint64_t ticket;
    struct timer *t;
    uint64_t seq;
};

/* All need h->lock. */
void heap_push_locked(struct timer_heap *h, int64_t when, uint64_t ticket, struct timer *t,
                      uint64_t seq);

/* Removes v[0].  Needs: not empty. */
void heap_pop_locked(struct timer_heap *h);

/* Makes a heap of v[0..len) in any order. */
void heap_build_locked(struct timer_heap *h);
void heap_free_locked(struct timer_heap *h);
bool heap_is_sound_locked(struct timer_heap *h);

#endif
