/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define SHORT 10
#define LONG 50000
#define RINGS 100

static struct gr_mem_stats s;
static gr_atomic ended;

static int64_t collections(void)
{
    gr_mem_stats(&s);
    return (int64_t)s.num_gc;
}

static void ends(void *object, void *arg)
{
    struct object *o = object;
    (void)arg;
    need(is_whole(o, gr_atomic_load(&ended)), "not in order");
    need(o->next == NULL || is_whole(o->next, o->stamp + 1), "the next one is gone before");
    gr_atomic_add(&ended, 1);
}

static void chain(void *n)
{
    struct object *head = NULL;
    for (int64_t i = (intptr_t)n - 1; i >= 0; i--) {
        struct object *o = object_new(i);
        gr_store(&o->next, head);
        gr_finalizer(o, ends, NULL);
        head = o;
    }
}

static void rings(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < RINGS; i++) {
        struct object *a = object_new(-1), *b = object_new(-2);
        gr_store(&a->next, b);
        gr_store(&b->next, a);
        gr_finalizer(a, ends, NULL);
        gr_finalizer(b, ends, NULL);
    }
}

/* A chain of so many, until the first n of it have ended. */
static void ends_from(intptr_t length, int64_t n)
{
    int64_t before = collections();
    gr_atomic_store(&ended, 0);
    elsewhere(chain, (void *)length);
    for (int64_t k = 1; k <= n; k++) {
        need(collect_until(&ended, k), "a chain does not go on");
        need(gr_atomic_load(&ended) <= collections() - before, "too many at once");
    }
}

static void body(void *unused)
{
    (void)unused;
    ends_from(SHORT, SHORT);
    printf("%d links ended in order, one in a collection\n", SHORT);
    ends_from(LONG, 3);
    printf("a chain of %d: no more than one in a collection\n", LONG);
    elsewhere(rings, NULL);
    collect();
    churn(1000);
    collect();
    puts("rings: no harm");
}

int main(void)
{
    return gr_main(body, NULL);
}
