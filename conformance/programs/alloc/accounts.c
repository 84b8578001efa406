/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define READINGS 100
#define OTHERS 3
#define MORE 300 /* what is about */

static gr_atomic stop;
static gr_wg over;

static void equations(const struct gr_mem_stats *s)
{
    need(s->heap_objects == s->mallocs - s->frees, "objects");
    need(s->heap_sys == s->heap_inuse + s->heap_idle, "memory of the heap");
    need(s->heap_idle >= s->heap_released, "idle memory");
    need(s->heap_alloc <= s->heap_inuse, "memory of objects");
    need(s->total_alloc >= s->heap_alloc, "all allocation");
    need(s->sys == s->heap_sys + s->stack_inuse + s->other_sys, "the sum");
}

static void in_order(const struct gr_mem_stats *a, const struct gr_mem_stats *b)
{
    need(a->mallocs <= b->mallocs && a->frees <= b->frees, "objects run backwards");
    need(a->total_alloc <= b->total_alloc, "bytes run backwards");
    need(a->num_gc <= b->num_gc && a->num_forced <= b->num_forced,
         "collections run backwards");
    need(a->pause_total_ns <= b->pause_total_ns, "pauses run backwards");
}

static void other(void *unused)
{
    (void)unused;
    while (gr_atomic_load(&stop) == 0) {
        churn(100);
        gr_new_bytes(100000);
    }
    gr_wg_done(&over);
}

static void body(void *has_others)
{
    static struct gr_mem_stats s[2], first;
    int others = has_others != NULL ? OTHERS : 0;
    collect();
    gr_mem_stats(&first);
    gr_wg_add(&over, others);
    for (int i = 0; i < others; i++)
        gr_go(other, NULL);
    gr_mem_stats(&s[1]);
    for (int i = 0; i < READINGS; i++) {
        gr_mem_stats(&s[i % 2]);
        equations(&s[i % 2]);
        in_order(&s[1 - i % 2], &s[i % 2]);
        churn(1000);
        if (i % 20 == 0)
            collect();
        if (i % 40 == 20)
            gr_mem_trim();
    }
    gr_atomic_store(&stop, 1);
    gr_wg_wait(&over);
    printf("%d readings agree\n", READINGS);
    collect();
    gr_mem_stats(&s[0]);
    need(s[0].heap_objects < first.heap_objects + MORE, "objects that are gone count");
    puts("no more objects than at first");
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 ? argv : NULL);
}
