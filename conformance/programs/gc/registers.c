/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "collect.h"

#define LISTS 100
#define ELEMENTS 10000
#define EATERS 2
#define CALLERS 20

static gr_atomic stop, gone;
static gr_wg all, over;
static int ends[2]; /* of a pipe */

static GR_NOINLINE struct object *list_new(void)
{
    struct object *first = NULL;
    for (int64_t i = 0; i < ELEMENTS; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, first);
        first = o;
    }
    return first;
}

/* Nothing but `o` knows the rest, and it lives in a register: the loop calls nothing. */
static GR_NOINLINE int64_t eat(struct object *o)
{
    int64_t whole = 0;
    for (int64_t i = ELEMENTS - 1; o != NULL; i--) {
        int64_t work = 0;
        for (int k = 0; k < 4; k++)
            work += o->body[k] - i * 31 - k;
        for (int k = 0; k < 50; k++) { /* longer in each element */
            work ^= k;
            __asm__ volatile("" : "+r"(work));
        }
        for (int k = 0; k < 50; k++)
            work ^= k;
        whole += o->stamp == i && work == 0;
        o = o->next;
    }
    return whole;
}

static void eater(void *unused)
{
    (void)unused;
    for (int i = 0; i < LISTS / EATERS; i++)
        need(eat(list_new()) == ELEMENTS, "an element of which only a register knew");
    gr_wg_done(&all);
}

static void churns(void *unused)
{
    (void)unused;
    while (gr_atomic_load(&stop) == 0)
        churn(ELEMENTS);
    gr_wg_done(&over);
}

static void ends_early(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

/* While it waits nothing but a register has the object. */
static void calls(void *arg)
{
    struct object *o = object_new((intptr_t)arg);
    char byte;
    gr_finalizer(o, ends_early, NULL);
    gr_wg_done(&all);
    gr_block_begin();
    ssize_t n = read(ends[0], &byte, 1);
    gr_block_end();
    need(n == 1 && is_whole(o, (intptr_t)arg), "a register beside a system call");
    gr_wg_done(&over);
}

static void in_calls(void)
{
    static const char bytes[CALLERS];
    need(pipe(ends) == 0, "pipe");
    gr_wg_add(&all, CALLERS);
    gr_wg_add(&over, CALLERS);
    for (intptr_t i = 0; i < CALLERS; i++)
        gr_go(calls, (void *)i);
    gr_wg_wait(&all);
    gr_sleep_ns(5000000); /* nearly all are in their calls; either is right */
    collect();
    settle(1);
    need(gr_atomic_load(&gone) == 0, "a register beside a system call");
    need(write(ends[1], bytes, CALLERS) == CALLERS, "write");
    gr_wg_wait(&over);
    printf("%d in system calls: whole\n", CALLERS);
}

static void body(void *unused)
{
    struct collecting c = {0};
    (void)unused;
    gr_wg_add(&all, EATERS);
    gr_wg_add(&over, 1);
    for (int i = 0; i < EATERS; i++)
        gr_go(eater, NULL);
    gr_go(churns, NULL);
    collecting_begin(&c);
    gr_wg_wait(&all);
    collecting_end(&c);
    gr_atomic_store(&stop, 1);
    gr_wg_wait(&over);
    printf("%d lists of %d: whole\n", LISTS, ELEMENTS);
    in_calls();
}

int main(void)
{
    return gr_main(body, NULL);
}
