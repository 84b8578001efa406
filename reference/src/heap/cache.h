/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.h - what one processor allocates from: a run of free slots for each kind.
 *
 * Not here: where spans come from (central.h), who calls (alloc.c).
 */
#ifndef HEAP_CACHE_H
#define HEAP_CACHE_H

#include "heap/central.h"

/* Slots that are handed out one by one: [next, end) is zero and ready, [end, limit) is free
 * and will be zeroed in its turn. */
struct heap_run {
    char *next, *end;
    uint32_t slot_bytes;
    uint32_t limit_slot;    /* the number of the first slot behind the run */
    const gr_type *type;    /* what is written down of the objects in [next, end) already */
    struct heap_meta *meta; /* NULL: no span, and next == end */
    char *limit;
    const gr_type *last; /* the type of the last object that was none of `type` */
};

struct heap_cache {
    struct heap_run runs[CLASS_KINDS];      /* owner: P, as all here */
    uint64_t used[(CLASS_KINDS + 63) / 64]; /* bits of runs that have a span, or had one */
    uint32_t shard;                         /* const: of central.h's lists */
    char *tiny;                             /* what is left of a slot for tiny ones */
    uint32_t tiny_left;                     /* its bytes */
    uint64_t ntiny;                         /* objects that were packed with others */
    uint64_t since;                         /* bytes taken since floor gc was told */
};

/* The cache of the caller's processor, or, without one, that of all who have none, locked
 * until it is let go. Nothing that parks in between. */
struct heap_cache *cache_hold(void);
void cache_let_go(struct heap_cache *c);

/* A slot from r, which has run out: from the rest of its run, the rest of its span. NULL:
 * it needs another span. */
void *cache_advance(struct heap_run *r);

/* The object of type t at p is r's newest one: its pointers are written down instead of
 * those of r->type.  n: how many in a row. */
void cache_retype(struct heap_run *r, const char *p, const gr_type *t, size_t n);

/* A slot from another span, which is got now.  NULL: no memory. */
void *cache_refill(struct heap_cache *c, uint32_t kind);

/* Objects handed out of spans that caches own, and their bytes.  The world stands still. */
void cache_count(uint64_t *mallocs, uint64_t *bytes);
uint64_t cache_count_tiny(void);

#endif
