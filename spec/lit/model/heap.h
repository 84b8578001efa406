/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.h - the objects of an execution, and what can reach them.
 *
 * Owns: the form of PART_HEAP, unpacked and packed; reachability; the numbering of objects.
 * Not here: what the operations and the collector do (step_heap.c).
 *
 * Idea.  Objects are few, so a step unpacks them all, works on plain arrays, and packs them
 * again.  After each step heap_settle gives the objects new numbers in the order in which
 * the roots lead to them and forgets those that nobody can ever notice again, so that
 * executions that differ in garbage, or in who allocated first, meet in one state.
 *
 *   I1  A pointer is 0 (nil) or heap_pointer(object, field); a weak register is 0 or 1 + an
 *       index of weak[]; a cleanup register is 0 or 1 + an index of clean[].
 *   I2  Edges lie in the order of their objects and fields.
 *   I3  Live is what the program's roots, the arguments of cleanups and of what is queued,
 *       and the fields of objects with a finalizer lead to.
 *   I4  An object that is not live is kept as long as somebody could tell: it has a
 *       finalizer, a cleanup or a weak pointer, or such an object leads to it.
 */
#ifndef MODEL_HEAP_H
#define MODEL_HEAP_H

#include "model/state.h"

enum { HEAP_OBJECTS = 250, HEAP_EDGES = 1000, HEAP_WEAKS = 100, HEAP_ENDS = 100 };

/* doom: a bit for each collection in progress that began when the object was not live. */
struct heap_object {
    int64_t size, fin, doom; /* fin: 1 + block of its finalizer */
};

struct heap_edge {
    int from;
    int64_t field, to;
};

struct heap_clean {
    int object; /* -1: done with, or stopped */
    int64_t block, arg;
};

/* A finalizer or cleanup that is due; its goroutine may start at any moment. */
struct heap_due {
    int64_t block, arg, is_fin;
};

struct heap {
    int nobjects, nedges, nweaks, ncleans, ndues;
    struct heap_object object[HEAP_OBJECTS];
    struct heap_edge edge[HEAP_EDGES];
    int64_t weak[HEAP_WEAKS]; /* a pointer; 0: its object is gone */
    struct heap_clean clean[HEAP_ENDS];
    struct heap_due due[HEAP_ENDS];
};

static inline int64_t heap_pointer(int object, int64_t field)
{
    return 1 + (field * 256 + object);
}

static inline int heap_object_of(int64_t pointer)
{
    return (int)((pointer - 1) & 255);
}

static inline int64_t heap_field_of(int64_t pointer)
{
    return (pointer - 1) / 256;
}

/* A deferred call, or a timer's function, with its argument in one word. */
static inline int64_t heap_call(int block, int64_t arg)
{
    return block + 64 * arg;
}

void heap_load(const struct state *st, struct heap *h);
void heap_store(struct state *st, const struct heap *h);

/* Marks in live[] what the roots and the objects with extra[] (NULL: none) lead to (I3). */
void heap_mark(const struct state *st, const struct heap *h, const bool *extra, bool *live);
/* The objects that are not live and of which somebody could tell; returns their number. */
int heap_candidates(const struct state *st, const struct heap *h, const bool *live,
                    int *out);
/* Numbers anew, and forgets (I4).  After every step of a program with a heap. */
void heap_settle(struct state *st);

/* ---- step_heap.c ---- */
void step_heap(struct state *st, int g);
enum fate heap_fate(const struct state *st, int g); /* of a goroutine that collects */
void step_collects(struct state *st, int g);
bool heap_waits(const struct state *st, int g); /* a finalizer or cleanup, for somebody */
/* Moves of the runtime: what is due starts, and a collection of its own. */
int heap_ndues(const struct state *st);
void heap_start(struct state *st, int due);
bool heap_may_collect(const struct state *st);
void heap_collect(struct state *st);

#endif
