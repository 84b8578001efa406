/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "collect.h"

#define DEEP 20000
#define GOROUTINES 100
#define CALLERS 20
#define HELD 8
#define OTHERS 70

static gr_chan *go_on;
static gr_wg down, over;
static gr_atomic whole, gone;
static int ends[2]; /* of a pipe */

static void collects(void)
{
    collect();
    churn(DEEP);
    collect();
}

static void waits(void)
{
    gr_wg_done(&down);
    gr_chan_recv(go_on, NULL);
}

/* Of each frame's objects only the frame knows. */
static GR_NOINLINE void recurse(int64_t depth, void (*at_the_end)(void))
{
    struct object *o = object_new(depth);
    if (depth == 0)
        at_the_end();
    else
        recurse(depth - 1, at_the_end);
    need(is_whole(o, depth), "a local variable");
}

static void wait_deep(void *arg)
{
    recurse((intptr_t)arg, waits);
    gr_atomic_add(&whole, 1);
    gr_wg_done(&over);
}

static void ends_early(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&gone, 1);
}

static void calls(void *arg)
{
    struct object *held[HELD];
    char byte;
    for (int i = 0; i < HELD; i++) {
        held[i] = object_new((intptr_t)arg + i);
        gr_finalizer(held[i], ends_early, NULL);
    }
    gr_wg_done(&down);
    gr_block_begin();
    ssize_t n = read(ends[0], &byte, 1);
    gr_block_end();
    need(n == 1, "read");
    for (int i = 0; i < HELD; i++)
        need(is_whole(held[i], (intptr_t)arg + i), "a local variable beside a system call");
    gr_wg_done(&over);
}

static void in_calls(void)
{
    static const char bytes[CALLERS];
    need(pipe(ends) == 0, "pipe");
    gr_wg_add(&down, CALLERS);
    gr_wg_add(&over, CALLERS);
    for (intptr_t i = 0; i < CALLERS; i++)
        gr_go(calls, (void *)i);
    gr_wg_wait(&down);
    gr_sleep_ns(5000000); /* nearly all are in their calls; either is right */
    collects();
    settle(1);
    need(gr_atomic_load(&gone) == 0, "an object of a goroutine in a system call");
    need(write(ends[1], bytes, CALLERS) == CALLERS, "write");
    gr_wg_wait(&over);
    printf("%d in system calls: whole\n", CALLERS);
}

static void other(void *unused)
{
    (void)unused;
    gr_chan_recv(go_on, NULL);
}

static void collects_here(void *unused)
{
    (void)unused;
    collect();
    churn(200);
}

/* We wait with an object of our own, among more and more who wait. */
static void among(void)
{
    go_on = gr_chan_make(0, 0);
    for (int i = 1; i <= OTHERS; i++) {
        struct object *o = object_new(i);
        gr_go(other, NULL);
        elsewhere(collects_here, NULL);
        need(is_whole(o, i), "a local variable among many goroutines");
    }
    gr_chan_close(go_on);
    printf("one among 1 to %d: whole\n", OTHERS);
}

static void body(void *unused)
{
    (void)unused;
    recurse(DEEP, collects);
    printf("%d frames of one goroutine: whole\n", DEEP);
    go_on = gr_chan_make(0, 0);
    gr_wg_add(&down, GOROUTINES);
    gr_wg_add(&over, GOROUTINES);
    for (intptr_t i = 1; i <= GOROUTINES; i++)
        gr_go(wait_deep, (void *)(i * 10));
    gr_wg_wait(&down);
    collects();
    gr_chan_close(go_on);
    gr_wg_wait(&over);
    printf("%d goroutines of up to %d frames: whole\n", (int)gr_atomic_load(&whole),
           GOROUTINES * 10);
    in_calls();
    among();
}

int main(void)
{
    return gr_main(body, NULL);
}
