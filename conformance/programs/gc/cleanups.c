/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define OBJECTS 4000
#define EACH 4 /* the last of them is stopped */
#define RINGS 200000
#define BOUND ((uint64_t)64 << 20)

static gr_atomic runs[OBJECTS * EACH], all_runs, finalized, after, rings_gone;

static void cleans(void *arg)
{
    struct object *o = arg;
    need(o->stamp >= 0 && o->stamp < OBJECTS * EACH && is_whole(o, o->stamp),
         "a cleanup's argument");
    gr_atomic_add(&runs[o->stamp], 1);
    gr_atomic_add(&all_runs, 1);
}

static void make(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < OBJECTS; i++) {
        struct object *o = object_new(i);
        gr_cleanup c = {0};
        for (int k = 0; k < EACH; k++) /* at its start, and inside */
            c = gr_cleanup_add(k % 2 == 0 ? (void *)o : &o->body[1], cleans,
                               object_new(i * EACH + k));
        gr_cleanup_stop(c);
    }
}

static void once(void)
{
    elsewhere(make, NULL);
    need(collect_until(&all_runs, OBJECTS * (EACH - 1)), "cleanups are missing");
    settle(2);
    for (int i = 0; i < OBJECTS * EACH; i++)
        need(gr_atomic_load(&runs[i]) == (i % EACH < EACH - 1), "not once, or stopped");
    printf("%d cleanups ran once\n", (int)gr_atomic_load(&all_runs));
    printf("%d were stopped\n", OBJECTS);
}

static void ends(void *object, void *arg)
{
    (void)arg;
    need(is_whole(object, 1) && gr_atomic_load(&after) == 0, "a cleanup went before");
    gr_atomic_add(&finalized, 1);
}

static void cleans_after(void *arg)
{
    need(is_whole(arg, 2) && gr_atomic_load(&finalized) == 1, "a finalizer comes after");
    gr_atomic_add(&after, 1);
}

static void with_both(void *unused)
{
    (void)unused;
    struct object *o = object_new(1);
    gr_cleanup_add(o, cleans_after, object_new(2));
    gr_finalizer(o, ends, NULL);
}

static void counts(void *unused)
{
    (void)unused;
    gr_atomic_add(&rings_gone, 1);
}

static void rings(void *unused)
{
    static struct gr_mem_stats s;
    (void)unused;
    for (int i = 0; i < RINGS; i++) {
        struct object *a = object_new(-3), *b = object_new(-4);
        gr_store(&a->next, b);
        gr_store(&b->next, a);
        gr_cleanup_add(a, counts, NULL);
        if (i % 1000 == 0) {
            gr_mem_stats(&s);
            need(s.heap_inuse < BOUND, "rings with cleanups stay");
        }
    }
}

static void body(void *unused)
{
    (void)unused;
    once();
    elsewhere(with_both, NULL);
    need(collect_until(&after, 1), "a cleanup after a finalizer is missing");
    puts("a finalizer first");
    elsewhere(rings, NULL);
    need(collect_until(&rings_gone, RINGS), "rings are missing");
    puts("rings are gone, in bounded memory");
}

int main(void)
{
    return gr_main(body, NULL);
}
