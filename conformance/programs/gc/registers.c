/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "collect.h"

#define LISTS 3
#define ELEMENTS 2000
#define CALLERS 20

static struct object *list; /* for the eater, until it has it */
GR_ROOT(list);
/* By what the compiler has, as the list: no calls. */
static bool is_taken;
static int64_t collected, overwritten;

static gr_atomic stop, gone;
static gr_wg all, over;
static int ends[2]; /* of a pipe */

static GR_NOINLINE void list_make(void)
{
    for (int64_t i = 0; i < ELEMENTS; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, list);
        gr_store(&list, o);
    }
}

/* Until so many more have been counted; no call. */
static inline __attribute__((always_inline)) void spin(const int64_t *count, int64_t more)
{
    int64_t end = __atomic_load_n(count, __ATOMIC_ACQUIRE) + more;
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < end)
        ;
}

/* Nothing but `o` knows the list, and it lives in a register: nothing is called from when
 * it is read.  First the list is taken away from where it was, then a whole collection
 * passes, then all that is free is used again. */
static GR_NOINLINE int64_t eat(void)
{
    int64_t whole = 0;
    struct object *o = __atomic_load_n(&list, __ATOMIC_ACQUIRE);
    __atomic_store_n(&is_taken, true, __ATOMIC_RELEASE);
    while (__atomic_load_n(&list, __ATOMIC_ACQUIRE) != NULL)
        ;
    spin(&collected, 2);
    spin(&overwritten, 3);
    for (int64_t i = ELEMENTS - 1; o != NULL && i >= 0; i--) {
        int64_t work = 0;
        for (int k = 0; k < 4; k++)
            work += o->body[k] - i * 31 - k;
        for (int k = 0; k < 100; k++) { /* longer in each element */
            work ^= k;
            __asm__ volatile("" : "+r"(work));
        }
        for (int k = 0; k < 100; k++)
            work ^= k;
        whole += o->stamp == i && work == 0;
        o = o->next;
    }
    return whole;
}

static void eater(void *unused)
{
    (void)unused;
    for (int i = 0; i < LISTS; i++) {
        list_make();
        gr_stack_scrub();
        need(eat() == ELEMENTS, "an element of which only a register knew");
    }
    gr_wg_done(&all);
}

static void takes_away(void *unused)
{
    (void)unused;
    while (gr_atomic_load(&stop) == 0) {
        if (__atomic_exchange_n(&is_taken, false, __ATOMIC_ACQ_REL))
            gr_store(&list, NULL);
        gr_yield();
    }
    gr_wg_done(&over);
}

static void count(int64_t *count)
{
    __atomic_add_fetch(count, 1, __ATOMIC_ACQ_REL);
}

static void churns(void *unused)
{
    (void)unused;
    for (; gr_atomic_load(&stop) == 0; count(&overwritten))
        churn(2 * ELEMENTS);
    gr_wg_done(&over);
}

static void collects(void *unused)
{
    (void)unused;
    for (; gr_atomic_load(&stop) == 0; count(&collected))
        gr_gc();
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
    (void)unused;
    gr_wg_add(&all, 1);
    gr_wg_add(&over, 3);
    gr_go(eater, NULL);
    gr_go(churns, NULL);
    gr_go(takes_away, NULL);
    gr_go(collects, NULL);
    gr_wg_wait(&all);
    gr_atomic_store(&stop, 1);
    gr_wg_wait(&over);
    printf("%d lists of %d: whole\n", LISTS, ELEMENTS);
    in_calls();
}

int main(void)
{
    return gr_main(body, NULL);
}
