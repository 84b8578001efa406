/* SPDX-License-Identifier: BSD-3-Clause */
/* In C a pin is a handle: it keeps an object of which only memory from malloc has the
 * address, and that with all bits changed, so that nothing else keeps it. */
#include <stdlib.h>

#include "collect.h"

#define MANY 100

struct pinner {
    gr_handle *pins[MANY];
    int64_t npins;
};

static struct pinner *first, *second, *third; /* from malloc */
static uintptr_t *addresses;                  /* as well */
static gr_atomic gone;

static void ends(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

static void pin(struct pinner *p, int64_t i)
{
    p->pins[p->npins++] = gr_handle_new((void *)~addresses[i]);
}

static void unpin(void *pinner)
{
    struct pinner *p = pinner;
    while (p->npins > 0)
        gr_handle_free(p->pins[--p->npins]);
}

/* Each has another that is not pinned. */
static void make(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < MANY; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, object_new(MANY + i));
        gr_finalizer(o, ends, NULL);
        addresses[i] = ~(uintptr_t)o;
        pin(first, i);
        gr_keep_alive(o);
    }
}

/* 0 to 9 twice by one, 5 to 14 by another, 0 to 4 again by the one that had them all. */
static void share(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < 10; i++) {
        pin(second, i);
        pin(second, i);
    }
    for (int64_t i = 5; i < 15; i++)
        pin(third, i);
    unpin(first);
    for (int64_t i = 0; i < 5; i++)
        pin(first, i);
}

static void look(void *count)
{
    for (int64_t i = 0; i < (intptr_t)count; i++) {
        struct object *o = (struct object *)~addresses[i];
        need(is_whole(o, i), "a pinned object is not whole where it was");
        need(is_whole(o->next, MANY + i), "what a pinned object has is not whole");
    }
}

/* The first so many stay, where they are; the others go. */
static void stay(intptr_t count)
{
    need(collect_until(&gone, MANY - count), "what is unpinned stays");
    settle(2);
    churn(5000);
    need(gr_atomic_load(&gone) == MANY - count, "a pinned object is gone");
    elsewhere(look, (void *)count);
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(make, NULL);
    stay(MANY);
    puts("pinned: whole");
    elsewhere(share, NULL);
    stay(15);
    elsewhere(unpin, third);
    stay(10);
    puts("by two, one takes it back: whole");
    elsewhere(unpin, second);
    stay(5);
    puts("twice by one, which takes it back: gone; again by the first: whole");
    elsewhere(unpin, first);
    stay(0);
    puts("by nobody: gone");
}

int main(void)
{
    first = calloc(3, sizeof *first);
    addresses = calloc(MANY, sizeof *addresses);
    need(first != NULL && addresses != NULL, "memory");
    second = first + 1;
    third = first + 2;
    return gr_main(body, NULL);
}
