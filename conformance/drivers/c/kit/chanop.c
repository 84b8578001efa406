/* SPDX-License-Identifier: BSD-3-Clause */
/* chanop.c - send, receive, make and select, with room for the elements.
 *
 * Owns: the buffers that elements are sent from and received into.  Not here: what is in
 * an element (elem.c).
 *
 * Idea: an activation has one room, as large as its largest operation needs (check.c
 * computes it): inside the activation while small, else from the heap.  Room that a panic
 * abandons must not be lost, so large rooms are known to the execution while they are in
 * use.  It is taken by compare-and-swap in a relaxed order: a lock here would order
 * goroutines that the program does not order.
 */
#include "act.h"

#include <stdlib.h>

/* The activation's room, taken once.  Room that a panic abandons is freed with the
 * execution. */
static unsigned char *room(struct act *a)
{
    if (a->scratch != NULL)
        return a->scratch;
    a->scratch_slot = -1;
    if (a->b->scratch_bytes <= NEAR_BYTES)
        return a->scratch = a->near;
    a->scratch = malloc(a->b->scratch_bytes);
    if (a->scratch == NULL)
        abort();
    for (int i = 0; i < EXEC_SCRATCH; i++) {
        void *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&a->x->scratch[i], &none, a->scratch,
                                                    RELAXED, RELAXED)) {
            a->scratch_slot = i;
            break;
        }
    }
    return a->scratch;
}

void drop_room(struct act *a)
{
    if (a->scratch == NULL || a->scratch == a->near)
        return;
    if (a->scratch_slot >= 0)
        atomic_store_explicit(&a->x->scratch[a->scratch_slot], NULL, RELAXED);
    free(a->scratch);
}

/* A pointer that was sent must not be kept by the room that it was sent from. */
static void forget_sent(const struct act *a, int obj, void *elem)
{
    if (elem_is_object(a->x, obj))
        *(void *volatile *)elem = NULL;
}

void op_send(struct act *a, const struct instr *in)
{
    void *elem = room(a);
    elem_fill(a->x, in->obj, elem, get(a, &in->a));
    gl_ops.chan_send(channel(a, in->obj), elem);
    forget_sent(a, in->obj, elem);
}

bool op_recv(struct act *a, const struct instr *in)
{
    void *elem = room(a);
    elem_poison(a->x, in->obj, elem);
    bool ok = gl_ops.chan_recv(channel(a, in->obj), elem);
    /* The end of a range leaves its variable as it is. */
    if (ok || in->op != OP_RANGE)
        put(a, &in->d, elem_value(a->x, in->obj, elem, ok, in->op == OP_RECV2));
    return ok;
}

void op_make(struct act *a, const struct instr *in)
{
    /* A nil channel's elements have the default size, as if it had been declared with it.
     */
    size_t size = elem_size(a->x, in->obj);
    void *ch = elem_is_object(a->x, in->obj)
                   ? chan_of_pointers(a->x, in->obj, get(a, &in->a))
                   : gl_ops.chan_make(size, get(a, &in->a));
    void *old = object(a, in->obj);
    if (old != NULL && !elem_is_object(a->x, in->obj))
        exec_own(a->x, OWN_CHAN, old);
    atomic_store_explicit(&a->x->slots[in->obj].object, ch, RELAXED);
}

/* Results of a select: the case taken last, so that the index is written when its values
 * are. */
static void select_results(struct act *a, const struct instr *in, const struct gl_case *c,
                           int at)
{
    const struct plan_case *pc = &in->cases[at];
    if (pc->op == OP_RECV1 || pc->op == OP_RECV2)
        put(a, &pc->d, elem_value(a->x, pc->obj, c->elem, c->ok, pc->op == OP_RECV2));
    if (pc->op == OP_RECV2)
        put(a, &pc->e, c->ok);
    put(a, &in->d, at);
}

void op_select(struct act *a, const struct instr *in)
{
    struct gl_case cases[PLAN_CASES];
    int index[PLAN_CASES];
    unsigned char *elem = in->ncases > 0 ? room(a) : NULL;
    int n = 0, other = -1;
    for (int i = 0; i < in->ncases; i++) {
        const struct plan_case *pc = &in->cases[i];
        if (pc->op == OP_COUNT) {
            other = i;
            continue;
        }
        cases[n] = (struct gl_case){.send = pc->op == OP_SEND, .ch = channel(a, pc->obj)};
        if (pc->op == OP_SEND)
            elem_fill(a->x, pc->obj, elem, get(a, &pc->a));
        else if (pc->op != OP_RECV0)
            elem_poison(a->x, pc->obj, elem);
        if (pc->op != OP_RECV0)
            cases[n].elem = elem;
        elem += elem_size(a->x, pc->obj);
        index[n++] = i;
    }
    int taken = gl_ops.select(cases, n, other >= 0);
    if (taken < 0)
        put(a, &in->d, other);
    else
        select_results(a, in, &cases[taken], index[taken]);
    for (int i = 0; i < n; i++)
        if (cases[i].elem != NULL)
            forget_sent(a, in->cases[index[i]].obj, cases[i].elem);
}
