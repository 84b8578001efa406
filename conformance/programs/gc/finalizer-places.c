/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define MANY 1000
#define AGAIN 5

static struct object global = {.stamp = 3};
GR_ROOT(global);
static gr_atomic of_global, of_tiny, of_larger, taken_back, again, early;

/* arg is the count, which is no collected memory. */
static void counts(void *object, void *arg)
{
    (void)object;
    gr_atomic_add((gr_atomic *)arg, 1);
}

static void sets_again(void *object, void *arg)
{
    need(is_whole(object, 4), "an object that ends again");
    if (gr_atomic_add((gr_atomic *)arg, 1) < AGAIN)
        gr_finalizer(object, sets_again, arg);
}

static void make(void *unused)
{
    (void)unused;
    gr_finalizer(&global, counts, &of_global);
    gr_finalizer(gr_new_array(&object_type, 0), counts, &of_global);
    for (int i = 0; i < MANY; i++) {
        gr_finalizer(gr_new_bytes(1 + i % 15), counts, &of_tiny);
        gr_finalizer(gr_new_bytes(17 + i % 15), counts, &of_larger);
        struct object *o = object_new(i);
        gr_finalizer(o, counts, &taken_back);
        gr_finalizer(o, NULL, NULL);
    }
    gr_finalizer(object_new(4), sets_again, &again);
}

static void kept_alive(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++) {
        struct object *o = object_new(i);
        gr_finalizer(o, counts, &early);
        settle(1);
        need(gr_atomic_load(&early) == 0, "it ended before");
        gr_keep_alive(o);
        gr_finalizer(o, NULL, NULL);
    }
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(make, NULL);
    need(collect_until(&of_larger, MANY), "finalizers of larger objects are missing");
    need(collect_until(&again, AGAIN), "a finalizer that was set again is missing");
    settle(2);
    need(gr_atomic_load(&of_global) <= 1 && global.stamp == 3, "a global was finalized");
    puts("globals and nothing: no harm");
    need(gr_atomic_load(&of_tiny) <= MANY, "a finalizer ran twice");
    puts("tiny: at most once each");
    need(gr_atomic_load(&of_larger) == MANY, "a finalizer ran twice");
    puts("larger: all");
    need(gr_atomic_load(&taken_back) == 0, "a finalizer ran that was taken back");
    puts("taken back: none");
    need(gr_atomic_load(&again) == AGAIN, "a finalizer ran again by itself");
    puts("set again: five times");
    elsewhere(kept_alive, NULL);
    puts("kept alive: not before");
}

int main(void)
{
    return gr_main(body, NULL);
}
