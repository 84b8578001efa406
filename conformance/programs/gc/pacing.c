/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define LIVE ((int64_t)8 << 20) /* bytes */
#define LISTS 256
#define WORKERS 4
#define COLLECTIONS 4
#define BATCH 2000 /* objects between two looks */

static struct object *lists[LISTS];
GR_ROOT(lists);
static gr_atomic stop, made; /* made: objects of garbage */
static gr_wg over;

static void make(void *unused)
{
    (void)unused;
    lists_fill(lists, LISTS, LIVE);
}

static void allocates(void *unused)
{
    (void)unused;
    while (gr_atomic_load(&stop) == 0) {
        for (int i = 0; i < BATCH; i++)
            object_new(i);
        gr_atomic_add(&made, BATCH);
    }
    gr_wg_done(&over);
}

/* Looks on until so many collections are over.  The goal moves with each of them, for what
 * was allocated while one marked counts as live for the next; and what it freed counts
 * until it is swept. */
static void look_on(struct gr_mem_stats *s)
{
    uint64_t was = s->next_gc, goal = was, until = s->num_gc + COLLECTIONS;
    while (s->num_gc < until) {
        gr_sleep_ns(500000);
        gr_mem_stats(s);
        if (s->next_gc != goal) {
            was = goal;
            goal = s->next_gc;
        }
        uint64_t most = was > goal ? was : goal;
        need(s->heap_alloc <= most + most / 4 + (4 << 20),
             "the heap grows far beyond the goal");
    }
}

static void at(int percent)
{
    static struct gr_mem_stats s;
    gr_gc_percent(percent);
    collect();
    gr_mem_stats(&s);
    uint64_t live = s.heap_alloc, goal = s.next_gc, grows = live * (uint64_t)percent / 100;
    need(goal >= live + grows * 9 / 10 && goal <= live + grows * 13 / 10 + (4 << 20),
         "the goal is not what was asked for");
    gr_atomic_store(&stop, 0);
    gr_atomic_store(&made, 0);
    gr_wg_add(&over, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        gr_go(allocates, NULL);
    look_on(&s);
    int64_t bytes = gr_atomic_load(&made) * (int64_t)sizeof **lists;
    gr_atomic_store(&stop, 1);
    gr_wg_wait(&over);
    need(bytes >= COLLECTIONS * (int64_t)grows / 4, "collections come far too early");
    printf("%d%%: within bounds\n", percent);
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(make, NULL);
    at(50);
    at(100);
    at(300);
}

int main(void)
{
    return gr_main(body, NULL);
}
