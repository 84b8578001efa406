/* SPDX-License-Identifier: BSD-3-Clause */
/* nodes.h - what tests of the collector make: a small object, and one of many words. */
#ifndef UNIT_NODES_H
#define UNIT_NODES_H

#include "unit.h"

#include "gr/mem.h"

struct node {
    struct node *left, *right;
    uint64_t key;
    uint64_t pad[5];
};
static const gr_type node_type =
    GR_TYPE(struct node, GR_AT(struct node, left) | GR_AT(struct node, right));

/* 200 words, a pointer in the first, some and the last of them. */
struct wide {
    struct node *first;
    uint64_t plain[98];
    struct node *middle;
    uint64_t more[99];
    struct node *last;
};
static const UNUSED uint64_t wide_ptrs[] = {1, (uint64_t)1 << (99 - 64), 0,
                                            (uint64_t)1 << (199 - 192)};
static const UNUSED gr_type wide_type = {
    .size = sizeof(struct wide), .nwords = 200, .ptrs = wide_ptrs, .name = "wide"};

#endif
