/* SPDX-License-Identifier: BSD-3-Clause */
/* act.h - an activation of a block, for the files that carry out instructions.
 *
 *   I1  Its registers live on the goroutine's stack; nobody else sees them.
 *   I2  Before anything that another goroutine can notice and that is no operation of the
 *       runtime (plain accesses, notes, results in globals) comes a point.
 */
#ifndef KIT_ACT_H
#define KIT_ACT_H

#include "exec.h"

#define RELAXED memory_order_relaxed /* I1 of exec.h: no edge */

enum { NEAR_BYTES = 256 };

struct act {
    struct exec *x;
    const struct block *b;
    void *frame;
    void *scratch; /* room for elements: near, or from the heap */
    int scratch_slot;
    int64_t *r;          /* registers */
    unsigned char *near; /* room on the stack, as much as fits in NEAR_BYTES */
};

static inline void point(void)
{
    if (gl_ops.point != NULL)
        gl_ops.point();
}

static inline int64_t get(const struct act *a, const struct ref *r)
{
    if (r->kind == REF_REG)
        return a->r[r->v];
    if (r->kind == REF_GLOBAL)
        return atomic_load_explicit(&a->x->globals[r->v], RELAXED);
    return r->v;
}

static inline void put(struct act *a, const struct ref *r, int64_t v)
{
    if (r->kind == REF_REG) {
        a->r[r->v] = v;
    } else if (r->kind == REF_GLOBAL) {
        point();
        atomic_store_explicit(&a->x->globals[r->v], v, RELAXED);
    }
}

static inline void *object(const struct act *a, int obj)
{
    return atomic_load_explicit(&a->x->slots[obj].object, RELAXED);
}

static inline void *channel(const struct act *a, int obj)
{
    enum gl_kind kind = a->x->plan->objects[obj].kind;
    void *o = object(a, obj);
    if (o != NULL && (kind == GL_TIMER || kind == GL_TICKER))
        return gl_ops.timer_chan(o);
    return o;
}

/* ---- chanop.c ---- */

void op_send(struct act *a, const struct instr *in);
bool op_recv(struct act *a, const struct instr *in); /* gives ok */
void op_make(struct act *a, const struct instr *in);
void op_select(struct act *a, const struct instr *in);
void drop_room(struct act *a); /* the activation returns */

/* ---- heapop.c ---- */

void op_heap(struct act *a, const struct instr *in);
void op_pointer(struct act *a, const struct instr *in); /* on a pointer variable */
void *entry_of_timer(struct act *a, const struct instr *in);
void wipe_stack(void); /* what calls have left below: the next will not find it */
int64_t entry_take(struct entry *e); /* the argument, which leaves the entry */

/* ---- timeop.c ---- */

int64_t units(const struct act *a, int64_t n); /* nanoseconds */
void op_start(struct act *a, const struct instr *in);
void op_afterfunc(struct act *a, const struct instr *in);
void op_stop(struct act *a, const struct instr *in);
void op_reset(struct act *a, const struct instr *in);

#endif
