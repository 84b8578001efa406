/* SPDX-License-Identifier: BSD-3-Clause */
/* exec.h - one execution of a plan: its objects, global registers, log, and what it
 * showed.
 *
 * Owns: struct exec from exec_new to exec_free; the interpreter.  Not here: how often to
 * execute and in which mode (run.c), counting outcomes (report.c).
 *
 *   I1  The kit adds no happens-before edge to the program: what several goroutines touch
 *       is accessed by relaxed atomics, plain variables plainly.  The one edge is from
 *       the end of a goroutine to the end of the execution (alive), where the program is
 *       over.
 *   I2  `alive` is 0 when no goroutine but main can touch the execution any more.
 *   I3  A log slot is taken and filled by one compare-and-swap, so the log never has a
 *       hole.
 *   I4  `generation` moves on when main has returned, and finalizers and cleanups of an
 *       earlier one do nothing.  An execution of a plan with a heap is never freed, since
 *       one of them may come at any time.
 */
#ifndef KIT_EXEC_H
#define KIT_EXEC_H

#include <stdatomic.h>

#include "plan.h"

enum { EXEC_LOG = 4096, EXEC_SCRATCH = 64 };

#define LOG_EMPTY INT64_MIN

struct exec;

/* What a host function gets: which block of which execution, and whether it is a
 * goroutine's first. */
struct entry {
    void *arg; /* a pointer to an object; this word alone may be one */
    struct exec *x;
    void *none;
    uint64_t call; /* block, kind, generation */
};

enum entry_kind { ENTRY_CALL, ENTRY_GOROUTINE, ENTRY_TIMER };

static inline uint64_t entry_call(int blk, enum entry_kind kind, uint32_t generation)
{
    return (uint64_t)generation << 32 | (uint64_t)blk << 8 | (uint64_t)kind;
}

static inline int entry_block(const struct entry *e)
{
    return (int)(e->call >> 8 & 0xffff);
}

static inline enum entry_kind entry_kind(const struct entry *e)
{
    return (enum entry_kind)(e->call & 0xff);
}

static inline uint32_t entry_generation(const struct entry *e)
{
    return (uint32_t)(e->call >> 32);
}

/* Something that is freed with the execution: a replaced channel, a timer, the cell of a
 * pointer. */
struct owned {
    struct owned *next;
    void *what; /* a channel or a timer */
    enum { OWN_CELL, OWN_CHAN, OWN_TIMER, OWN_FUNC } kind;
    int64_t value, check; /* of a cell */
    uint64_t handle[2];   /* of a cleanup */
};

struct slot {
    _Atomic(void *) object; /* of the table: channel, timer, lock */
    _Atomic bool func;      /* a timer that runs a function */
    int64_t plain;          /* var: accessed as the program does */
};

struct exec {
    const struct plan *plan;
    int64_t unit_ns, start_ns;
    int64_t baseline;           /* goroutines alive before this execution */
    void (*on_note)(int64_t v); /* mode one: tells it at once; may be NULL */
    bool returned;              /* main returned, what it showed is in shown and log */
    _Atomic bool log_full;
    _Atomic int64_t alive; /* goroutines started and timer functions pending */
    _Atomic int64_t globals[PLAN_GLOBALS];
    int64_t shown[PLAN_TERMS];
    struct slot slots[PLAN_OBJECTS];
    void *held[PLAN_OBJECTS]; /* a root: pointer variables, channels of pointers */
    bool is_root, may_sleep;
    int64_t heap_base;                    /* objects before this execution */
    _Atomic uint32_t generation;          /* I4 */
    struct entry entries[2][PLAN_BLOCKS]; /* [0] called, [1] first of a goroutine */
    _Atomic(struct owned *) owned;
    _Atomic(void *)
        scratch[EXEC_SCRATCH]; /* element buffers in use, freed when abandoned */
    _Atomic int nlog;
    int nlog_shown;
    _Atomic int64_t *log;
};

struct exec *exec_new(const struct plan *p, int64_t unit_ns);
void exec_free(struct exec *x);

/* One execution of main on the calling goroutine, from making the objects to reading what
 * it shows.  arg is the struct exec, so that it can be handed to a runtime's start. */
void exec_main(void *arg);

/* Frees the objects; the execution can be used again.  Needs: nobody uses them (I2). */
void exec_clear(struct exec *x);

/* Adds to what is freed with the execution; NULL for lack of memory, and then it leaks. */
struct owned *exec_own(struct exec *x, int kind, void *what);

/* Stops timer functions that have not run.  Needs: main has returned. */
void exec_stop_timers(struct exec *x);

/* A channel of pointers for object obj, kept by held[]. */
void *chan_of_pointers(struct exec *x, int obj, int64_t cap);

/* The block that an entry stands for, by the table: where it begins a goroutine, or is
 * called by the kit.  Its frames hold nothing that was on this stack before (heapop.c). */
void enter_block(void *entry);

/* Objects of the heap after a collection (heapop.c). */
int64_t heap_objects(void);

/* Length of the log now. */
int exec_log_len(const struct exec *x);

/* Appends to the log (I3). */
void exec_note(struct exec *x, int64_t v);

/* ---- elements (elem.c): how a value travels in a channel ---- */

/* Whether object obj carries pointers of the program. */
static inline bool elem_is_object(const struct exec *x, int obj)
{
    return x->plan->objects[obj].kind == GL_CHAN && x->plan->objects[obj].elem == ELEM_OBJ;
}

/* Bytes of an element of object obj. */
size_t elem_size(const struct exec *x, int obj);

/* Fills an element with a value, or with 0xA5 before a receive. */
void elem_fill(struct exec *x, int obj, void *elem, int64_t value);
void elem_poison(const struct exec *x, int obj, void *elem);

/* The value of a received element, or GL_DAMAGED.  strict: ok is known to the program.  An
 * element that carries a pointer of the program is empty afterwards. */
int64_t elem_value(const struct exec *x, int obj, void *elem, bool ok, bool strict);

#endif
