/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define ROUNDS 20
#define OBJECTS 20000
#define CALLERS 10
#define CALLS 20

static struct object *list;
GR_ROOT(list);
static gr_atomic calls;
static gr_wg all;
static struct gr_mem_stats s;

static void make(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < OBJECTS; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, list);
        gr_store(&list, o);
    }
}

/* The list is reachable until just before the call. */
static void round_of(void)
{
    elsewhere(make, NULL);
    gr_mem_stats(&s);
    uint64_t before = s.heap_objects, collections = s.num_gc, forced = s.num_forced;
    gr_store(&list, NULL);
    gr_stack_scrub();
    gr_gc();
    gr_mem_stats(&s);
    need(s.num_gc > collections && s.num_forced > forced, "it is not counted");
    need(before - s.heap_objects >= OBJECTS * 9 / 10, "what was dropped is not free");
}

static void caller(void *unused)
{
    (void)unused;
    for (int i = 0; i < CALLS; i++) {
        gr_gc();
        gr_atomic_add(&calls, 1);
    }
    gr_wg_done(&all);
}

static void body(void *unused)
{
    (void)unused;
    gr_gc_percent(-1);
    for (int i = 0; i < ROUNDS; i++)
        round_of();
    printf("%d times what was dropped is free at the return\n", ROUNDS);
    gr_mem_stats(&s);
    uint64_t collections = s.num_gc;
    gr_wg_add(&all, CALLERS);
    for (int i = 0; i < CALLERS; i++)
        gr_go(caller, NULL);
    gr_wg_wait(&all);
    gr_mem_stats(&s);
    need(s.num_gc >= collections + CALLS, "fewer collections than one caller asked for");
    printf("%d calls of %d goroutines came back\n", (int)gr_atomic_load(&calls), CALLERS);
}

int main(void)
{
    return gr_main(body, NULL);
}
