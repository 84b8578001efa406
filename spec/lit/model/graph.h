/* SPDX-License-Identifier: BSD-3-Clause */
/* graph.h - the states that were found, and the steps between them.
 *
 * Owns: packed states by number, found again by hash; edges in the order of exploration;
 * the table of outcomes.  Not here: how states come about (explore.c).
 *
 *   I1  State 0 is the start.  States are numbered in the order in which they were found,
 *       which is breadth first: parent and ordinal of a state name a shortest way to it.
 *   I2  The edges of state i are edge[first[i]] .. edge[first[i + 1] - 1], its transitions
 *       in the order of enumeration.  An edge with TO_OUTCOME ends in that outcome.
 */
#ifndef MODEL_GRAPH_H
#define MODEL_GRAPH_H

#include "lit.h"

enum { TO_OUTCOME = 1u << 31 };

struct node {
    const uint8_t *at;
    uint32_t len;
    uint32_t parent, ordinal;
};

struct end {
    enum lit_status status;
    int64_t code;
    int64_t *value; /* per term; then the log */
    int nlog;
    uint32_t node, ordinal; /* the first step that ended here */
    double paths, weight;
};

struct graph {
    struct node *node;
    uint32_t n, cap;
    uint64_t *first;
    uint32_t *edge;
    uint64_t nedges, cap_edges;
    uint64_t *slot;
    uint64_t mask;
    struct chunk *chunk;
    struct end *end;
    int nends, cap_ends;
    int *end_slot;
    int end_mask;
    size_t bytes, max_bytes;
    bool full; /* out of memory or over max_bytes */
};

bool graph_init(struct graph *g, size_t max_bytes);
void graph_fini(struct graph *g);
/* The number of a packed state; *found: it was there.  No room: sets g->full. */
uint32_t graph_state(struct graph *g, const uint8_t *packed, size_t len, bool *found);
void graph_edge(struct graph *g, uint32_t to);
/* The number of an outcome; words: the values of the terms, then the log. */
int graph_end(struct graph *g, enum lit_status status, int64_t code, const int64_t *words,
              int nwords, int nlog);

/* weigh.c: paths and weight per outcome, the longest path, divergence. */
struct weights {
    bool diverges, ok;
    int depth;
};
struct weights graph_weigh(struct graph *g);

#endif
