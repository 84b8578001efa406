/* SPDX-License-Identifier: BSD-3-Clause */
/* explore.h - what the exploration and the witness share.
 *
 * Owns: one exploration in progress.  Not here: steps (step.h), the graph (graph.h).
 */
#ifndef MODEL_EXPLORE_H
#define MODEL_EXPLORE_H

#include "model/graph.h"
#include "model/step.h"

struct explorer {
    struct state st;
    struct graph graph;
    bool reduced;
    uint64_t max_states;
    uint64_t local_left; /* local steps still allowed, over all chains */
    int nterms, max_goroutines, max_leaked;
    bool can_leak;
    bool at_rest;   /* the state just read may stay as it is */
    int64_t *words; /* room for an outcome */
    size_t cap_words;
    /* Called before and after each step, for a witness; NULL: nobody looks. */
    void (*before)(void *arg, int g);
    void (*after)(void *arg, bool shown);
    void *arg;
};

/* A transition of the state that was read: of a goroutine, or (g -1) of a clock row or of
 * the runtime. */
struct move {
    int g, row, choice;
};

/* Rows that are moves of the runtime: a collection, and (from ROW_DUE downwards) the start
 * of what is due. */
enum { ROW_COLLECTS = -2, ROW_DUE = -3 };

/* Calls visit for every transition of the state that was just read, in a fixed order,
 * with the scratch state as the transition and the local steps behind it have left it.
 * Stops when visit returns false.  Return: the number of transitions. */
uint32_t explore_moves(struct explorer *ex,
                       bool (*visit)(struct explorer *ex, uint32_t ordinal, void *arg),
                       void *arg);
/* The start, with main's first local steps done. */
void explore_start(struct explorer *ex);
/* Takes the local steps of one goroutine; of all goroutines that were touched. */
void explore_run_local(struct explorer *ex, int g);
void explore_settle(struct explorer *ex);

bool witness_make(struct explorer *ex, struct lit_model *m, struct lit_outcome *o,
                  const struct end *end);

/* arena.c */
void *model_alloc(struct lit_model *m, size_t size);

#endif
