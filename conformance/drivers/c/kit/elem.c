/* SPDX-License-Identifier: BSD-3-Clause */
/* elem.c - elements of channels: values as patterns of bytes, checked to the last byte.
 *
 * Owns: the layout of litmus.md section 7.  Not here: the buffers (exec.c).
 *
 * Idea: a runtime that copies one byte too few, from the wrong place, or into a
 * neighbour, delivers an element that is the pattern of no value, and so the outcome
 * `damaged`.  An element of kind pointer carries the address of a cell that holds the
 * value twice, once complemented.
 */
#include "exec.h"

#include <string.h>

size_t elem_size(const struct exec *x, int obj)
{
    const struct object *o = &x->plan->objects[obj];
    if (o->kind != GL_CHAN)
        return sizeof(int64_t);
    return o->elem < 0 ? sizeof(void *) : (size_t)o->elem;
}

static bool is_pointer(const struct exec *x, int obj)
{
    return x->plan->objects[obj].kind == GL_CHAN && x->plan->objects[obj].elem == ELEM_PTR;
}

static void pattern(unsigned char *e, size_t size, int64_t value)
{
    uint64_t v = (uint64_t)value;
    for (size_t i = 0; i < size && i < 8; i++)
        e[i] = (unsigned char)(v >> (8 * i));
    for (size_t i = 8; i < size; i++)
        e[i] = (unsigned char)(v * 31 + i * 7 + 13);
}

void elem_fill(struct exec *x, int obj, void *elem, int64_t value)
{
    if (elem_is_object(x, obj)) {
        memcpy(elem, &value, sizeof value);
        return;
    }
    if (!is_pointer(x, obj)) {
        pattern(elem, elem_size(x, obj), value);
        return;
    }
    struct owned *cell = exec_own(x, OWN_CELL, NULL);
    if (cell != NULL) {
        cell->value = value;
        cell->check = ~value;
    }
    memcpy(elem, &cell, sizeof cell);
}

void elem_poison(const struct exec *x, int obj, void *elem)
{
    memset(elem, 0xA5, elem_size(x, obj));
}

static bool all_zero(const unsigned char *e, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (e[i] != 0)
            return false;
    return true;
}

static int64_t pattern_value(const unsigned char *e, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size && i < 8; i++)
        v |= (uint64_t)e[i] << (8 * i);
    for (size_t i = 8; i < size; i++)
        if (e[i] != (unsigned char)(v * 31 + i * 7 + 13))
            return GL_DAMAGED;
    return (int64_t)v;
}

static int64_t pointer_value(const void *elem)
{
    const struct owned *cell;
    memcpy(&cell, elem, sizeof cell);
    if (cell == NULL)
        return 0;
    /* A damaged pointer must not be followed: cells are aligned, the poison is not. */
    if ((uintptr_t)cell % _Alignof(struct owned) != 0)
        return GL_DAMAGED;
    return cell->check == ~cell->value ? cell->value : GL_DAMAGED;
}

/* A pointer of the program, taken out of the element so that nothing is left there. */
static int64_t object_value(void *elem, bool ok, bool strict)
{
    int64_t p;
    memcpy(&p, elem, sizeof p);
    memset(elem, 0, sizeof p);
    if (p == (int64_t)0xA5A5A5A5A5A5A5A5 || (strict && !ok && p != 0)) {
        gl_ops.panic(GL_DAMAGED);
        return 0;
    }
    return p;
}

int64_t elem_value(const struct exec *x, int obj, void *elem, bool ok, bool strict)
{
    size_t size = elem_size(x, obj);
    if (elem_is_object(x, obj))
        return object_value(elem, ok, strict);
    bool zero = all_zero(elem, size);
    if (x->plan->objects[obj].kind != GL_CHAN)
        return ok ? 1 : zero ? 0 : GL_DAMAGED;
    if (zero && (size <= 8 || !ok || !strict))
        return strict && ok && is_pointer(x, obj) ? GL_DAMAGED : 0;
    if (strict && !ok)
        return GL_DAMAGED;
    return is_pointer(x, obj) ? pointer_value(elem) : pattern_value(elem, size);
}
