/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "collect.h"

#define MANY 1000

static struct object *single;
static struct object *several[MANY];
static struct {
    int64_t number;
    struct object *o;
    struct {
        char text[9];
        struct object *o[2];
    } inner;
} shape = {.number = 7};
GR_ROOT(single);
GR_ROOT(several);
GR_ROOT(shape);

/* The initial value: a global refers to a global, and that to an object. */
static struct object *behind;
static struct object **const before = &behind;
GR_ROOT(behind);

static struct object **outside; /* from malloc */
static gr_handle *handle;
static gr_atomic gone;

static void ends(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

static struct object *watched(int64_t stamp)
{
    struct object *o = object_new(stamp);
    gr_finalizer(o, ends, NULL);
    return o;
}

static void make(void *unused)
{
    (void)unused;
    gr_store(&single, watched(1));
    for (int64_t i = 0; i < MANY; i++)
        gr_store(&several[i], watched(i));
    gr_store(&shape.o, watched(2));
    gr_store(&shape.inner.o[0], watched(3));
    gr_store(&shape.inner.o[1], watched(4));
    gr_store(before, watched(5));
    gr_root_add(outside, 8 * sizeof *outside);
    for (int64_t i = 0; i < 8; i++)
        gr_store(&outside[i], watched(10 + i));
    handle = gr_handle_new(watched(20));
}

static void look(void *unused)
{
    (void)unused;
    need(is_whole(single, 1), "a variable");
    for (int64_t i = 0; i < MANY; i++)
        need(is_whole(several[i], i), "an array");
    need(is_whole(shape.o, 2) && shape.number == 7, "a structure");
    need(is_whole(shape.inner.o[0], 3) && is_whole(shape.inner.o[1], 4), "a nested one");
    need(is_whole(*before, 5), "an initial value");
    puts("a variable, an array, a structure, a nested one, an initial value: whole");
    for (int64_t i = 0; i < 8; i++)
        need(is_whole(outside[i], 10 + i), "memory of another kind");
    need(is_whole(gr_handle_get(handle), 20), "a handle");
    puts("memory of another kind: whole");
}

static void drop(void *unused)
{
    (void)unused;
    gr_store(&single, NULL);
    gr_clear(&gr_type_pointer, several, MANY);
    gr_store(&shape.o, NULL);
    gr_clear(&gr_type_pointer, shape.inner.o, 2);
    gr_store(before, NULL);
    gr_root_remove(outside);
    gr_handle_free(handle);
}

static void body(void *unused)
{
    (void)unused;
    outside = calloc(8, sizeof *outside);
    need(outside != NULL, "memory");
    elsewhere(make, NULL);
    settle(2);
    churn(5 * MANY);
    need(gr_atomic_load(&gone) == 0, "an object is gone that a variable has");
    elsewhere(look, NULL);
    elsewhere(drop, NULL);
    need(collect_until(&gone, MANY + 14), "what was dropped stays");
    puts("all are gone when they are dropped");
    free(outside);
}

int main(void)
{
    return gr_main(body, NULL);
}
