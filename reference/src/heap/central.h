/* SPDX-License-Identifier: BSD-3-Clause */
/* central.h - spans that no cache owns: lists by class, swept and not.
 *
 * A kind is a class with or without pointers (class_kind); that of large objects is among
 * them.
 */
#ifndef HEAP_CENTRAL_H
#define HEAP_CENTRAL_H

#include "heap/span.h"

#define CENTRAL_SHARDS 8u /* of lists: caches that have the same share one */

void central_boot(void);

/* A span of this kind with free slots, swept, SPAN_CACHED, the caller's; its free slots are
 * black while marking, and live.  *bytes: of its free slots.  Not for large ones.  NULL: no
 * memory. */
struct heap_meta *central_take(uint32_t shard, uint32_t kind, size_t *bytes);

/* Back; alloc is exact again, and has n bits.  Needs: its owner. */
void central_give(uint32_t shard, struct heap_meta *m, uint32_t n);

/* A large object is ready: its span is in use, and swept.  Needs: SPAN_NEW, the
 * caller's. */
void central_add_large(struct heap_meta *m);

/* Objects handed out so far and their bytes, but for those from spans in caches; what
 * sweeping has freed. */
struct central_sum {
    uint64_t mallocs, bytes, frees, freed;
};
struct central_sum central_count(void);

/* Every span in the lists, for validators: at which place it should be. */
void central_each(void (*see)(struct heap_meta *m, uint32_t kind, bool is_swept,
                              bool is_full, void *arg),
                  void *arg);

#endif
