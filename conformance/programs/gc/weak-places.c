/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

static struct object global;
static struct object *back;
static gr_weak *first, *second, *inside;
GR_ROOT(global);
GR_ROOT(back);
GR_ROOT(first);
GR_ROOT(second);
GR_ROOT(inside);
static gr_atomic ended;

static void ends(void *object, void *arg)
{
    (void)arg;
    need(is_whole(object, 9), "an object");
    need(gr_weak_get(first) == NULL && gr_weak_get(inside) == NULL, "not dead before");
    gr_store(&back, object);
    gr_atomic_add(&ended, 1);
}

static void make(void *unused)
{
    (void)unused;
    struct object *o = object_new(9);
    gr_store(&first, gr_weak_new(o));
    gr_store(&second, gr_weak_new(o));
    gr_store(&inside, gr_weak_new(&o->body[1]));
    need(first == second && first != inside, "equal and different");
    need(gr_weak_get(first) == o && gr_weak_get(inside) == (void *)&o->body[1], "values");
    gr_finalizer(o, ends, NULL);
}

static void body(void *unused)
{
    gr_weak *of_global = gr_weak_new(&global), *of_nothing;
    (void)unused;
    collect();
    need(gr_weak_get(of_global) == &global, "a global is gone");
    puts("a global stays");
    of_nothing = gr_weak_new(gr_new_array(&object_type, 0));
    collect();
    gr_weak_get(of_nothing); /* either */
    puts("no bytes: no harm");
    need(gr_weak_new(NULL) == NULL && gr_weak_get(NULL) == NULL, "nil");
    puts("nil is nil");
    elsewhere(make, NULL);
    puts("equal and different");
    need(collect_until(&ended, 1), "a finalizer is missing");
    need(gr_weak_get(first) == NULL && is_whole(back, 9), "it lives again");
    need(first == second && first != inside, "equal and different after death");
    puts("dead before its finalizer, equal still");
}

int main(void)
{
    return gr_main(body, NULL);
}
