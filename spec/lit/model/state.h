/* SPDX-License-Identifier: BSD-3-Clause */
/* state.h - one state of a litmus execution, and how it is kept.
 *
 * Owns: the layout of a state, its packed form, and the primitives that every step is
 * written with.  Not here: what an operation means (step_*.c) and which states exist
 * (explore.c).
 *
 * Idea.  A state is a list of parts, each a growable array of 64-bit words: the shared part
 * (shown globals, log), the clock, the race records, one part per object, one per
 * goroutine. A step works in place on the one scratch state and marks the parts that it
 * touches; taking the next choice re-reads only those, and packing copies the bytes of all
 * others.  Packed, a word is a zigzag varint, most often one byte.
 *
 *   I1  Part G0 (main) keeps its place.  Other goroutines have no identity: nothing in a
 *       state names one, so packing sorts them and states that differ in numbering are one
 *       state.
 *   I2  Who waits for an object is read off the goroutines; no object keeps a queue.  Under
 *       fifo-waiters G_SEQ is the rank of arrival, dense from 1; otherwise it is 0.
 *   I3  A goroutine's part is its head and a stack of elements.  An element starts with the
 *       offset of the one below (0: none) and its tag.
 *   I4  A panic or Goexit element lies directly on the frame that it unwinds; frames that
 *       can no longer run have lost their registers.
 *   I5  Masks (words named KNOW) are 0 unless races are tracked.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "lit.h"
#include "model/mutant.h"
#include "model/prog.h"

/* Words of the shared part: number of processors (0: unknown), globals, then the log. */
enum { S_PROCS, S_GLOBALS };

/* Words of objects, by kind.  T_BLOCK: heap_call of its function. */
enum { C_CAP, C_CLOSED, C_KNOW, C_LEN, C_BUF }; /* then LEN pairs value, mask; then masks */
enum { M_LOCKED, M_KNOW, M_WORDS };
enum { RW_WRITER, RW_READERS, RW_KNOW, RW_RKNOW, RW_WORDS };
enum { V_VALUE, V_KNOW, V_WORDS }; /* wg: counter; once: enum once_state; atomic; var */
enum { T_MODE, T_ROW, T_FULL, T_PERIOD, T_BLOCK, T_KNOW, T_WORDS };
enum once_state { ONCE_FRESH, ONCE_RUNS, ONCE_DONE };
enum timer_mode { TIMER_UNSET, TIMER_ONCE, TIMER_TICKS, TIMER_FUNC };

/* Head of a goroutine.  G_VAL: value that a parked send offers; announced for a parked
 * writer. G_ROW: 1 + its row of the clock.  G_END: 0, or 1 + the object whose finalizer
 * runs here, which is kept meanwhile (1: a cleanup). */
enum { G_STAT, G_TOP, G_VAL, G_SEQ, G_ROW, G_END, G_KNOW, G_HEAD };
enum g_stat {
    G_RUNS,
    G_SENDS,
    G_RECEIVES,
    G_SELECTS,
    G_LOCKS,  /* mutex, or rwmutex for writing; takes it when it is free */
    G_RLOCKS, /* let in by the writer that leaves */
    G_CONDS,
    G_RELOCKS, /* signalled; takes its mutex when that is free */
    G_WAITS,   /* wg */
    G_ONCES,
    G_SLEEPS,
    G_STUCK,    /* for ever: nil channel, empty select, a channel that is gone */
    G_COLLECTS, /* until the collection that it asked for is over */
    G_SETTLES   /* until the finalizers and cleanups that are due have run */
};

/* Elements of a stack.  FRAME: PREV TAG BLOCK PC registers deferred-calls.  A wrapper is
 * a frame of block -1.  THROW: PREV TAG VALUE FLAGS, a panic; QUIT: the same, a Goexit.
 * PEND: PREV TAG GLOBAL VALUE, a store to a shown register still to come. CHECK: PREV
 * TAG OBJECT, a wait on a wg that is still to return. */
enum { E_PREV, E_TAG, E_BLOCK, E_PC, E_REGS };
enum { P_VALUE = 2, P_FLAGS = 3, P_WORDS = 4 };
enum { D_GLOBAL = 2, D_VALUE = 3, D_WORDS = 4 };
enum { K_OBJECT = 2, K_WORDS = 3 };
enum e_tag { E_RUNS, E_RETURNS, E_THROW, E_QUIT, E_PEND, E_CHECK };
enum { THROW_RECOVERED = 1, THROW_OVER_QUIT = 2 };

/* A deferred call: heap_call of a block, or one of these; completion of a once: DEFER_ONCE
 * - object. */
enum { DEFER_NIL = -1, DEFER_RECOVER = -2, DEFER_CATCH = -3, DEFER_ONCE = -4 };

struct part {
    int64_t *w;
    int n, cap;
    uint32_t at, len;         /* its bytes in the packed form that was read */
    uint32_t put_at, put_len; /* its bytes while packing, when dirty */
    bool dirty;
};

/* What a step tells a witness. */
struct step_note {
    bool on;
    int partner; /* part index, or -1 */
    char text[56];
};

struct state {
    const struct prog *prog;
    struct part *part;
    int nparts, cap_parts, base_parts;
    int *dirty;
    int ndirty;
    const uint8_t *base; /* packed form under the scratch state */
    uint8_t *buf;        /* where packing writes; order[] names the part at each place */
    size_t buf_cap;
    int *order;

    int choice, nchoices; /* the step asks choose(); the explorer enumerates */
    bool fifo, tracks;    /* profile; races are being looked for */
    bool *racy;           /* per object: found so far */
    bool ended;           /* status and code are set */
    bool counting;        /* main is over: who is left? */
    bool over;            /* a bound of one state: depth, size, choices */
    bool ended_by_return;
    enum lit_status status;
    int64_t code;
    char *unmodelled; /* 96 bytes; not empty: stop */
    struct step_note note;
};

enum { PART_SHARED, PART_CLOCK, PART_RACES, PART_HEAP, PART_OBJECTS };
enum { MAX_WORDS = 1 << 16, MAX_CHOICES = 4096, MAX_PARTS = 4096 };

/* ---- life ---- */
bool state_init(struct state *st, const struct prog *prog);
void state_fini(struct state *st);
/* The state before main's first instruction, as scratch state without a base. */
void state_start(struct state *st);
/* Reads a packed state; packed must stay where it is until the next read. */
void state_read(struct state *st, const uint8_t *packed);
/* Undoes every touch since the last read. */
void state_undo(struct state *st);
/* Packs the scratch state into st->buf; returns its length. */
size_t state_pack(struct state *st);

/* ---- parts ---- */
void part_touch_slow(struct state *st, int i);
void part_grow(struct state *st, int i, int by);
int part_new(struct state *st); /* a new goroutine's part, empty; -1: too many */

static inline int part_g0(const struct state *st)
{
    return PART_OBJECTS + st->prog->lit->nobjects;
}

/* Words of a part, for reading. */
static inline const int64_t *words(const struct state *st, int i)
{
    return st->part[i].w;
}

/* Words of a part, for writing: marks it. */
static inline int64_t *touch(struct state *st, int i)
{
    if (!st->part[i].dirty) {
        part_touch_slow(st, i);
    }
    return st->part[i].w;
}

static inline int obj_part(int obj)
{
    return PART_OBJECTS + obj;
}

static inline int64_t *obj_touch(struct state *st, int obj)
{
    return touch(st, obj_part(obj));
}

static inline const int64_t *obj_words(const struct state *st, int obj)
{
    return st->part[obj_part(obj)].w;
}

void part_push(struct state *st, int i, int64_t v);
void part_cut(struct state *st, int i, int from, int count);

/* ---- goroutines ---- */
static inline bool g_alive(const struct state *st, int g)
{
    return st->part[g].n > 0;
}

static inline const int64_t *g_top(const struct state *st, int g)
{
    return st->part[g].w + st->part[g].w[G_TOP];
}

/* The instruction that g is at.  Needs: its top element is a running frame of a block,
 * as it is for every parked goroutine. */
static inline const struct lit_instr *g_instr(const struct state *st, int g)
{
    const int64_t *e = g_top(st, g);
    return &st->prog->lit->blocks[e[E_BLOCK]].code[e[E_PC]];
}

int64_t g_value(const struct state *st, int g, const struct lit_ref *ref);

struct result {
    const struct lit_ref *ref;
    int64_t v;
};
/* Ends the instruction that g is at: stores the results, in this order, and moves to pc
 * next (-1: the one behind).  Stores to shown registers of other blocks than main come
 * as steps of their own (PEND), since main may return between the operation and the
 * store. */
void g_finish(struct state *st, int g, const struct result *res, int nres, int next);
/* The same for an instruction with no results of its own. */
void g_done(struct state *st, int g);

void g_park(struct state *st, int g, enum g_stat why);
void g_unpark(struct state *st, int g);

/* ---- choices and ends ---- */
/* One of n, by number; n >= 1.  At most one call with n > 1 per step. */
int choose(struct state *st, int n);
void state_die(struct state *st, enum lit_status status, int64_t code);
void state_unmodelled(struct state *st, const char *why, const char *name);

/* ---- witness texts ---- */
void say(struct state *st, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline const char *obj_name(const struct state *st, int obj)
{
    return st->prog->lit->objects[obj].name;
}

#endif
