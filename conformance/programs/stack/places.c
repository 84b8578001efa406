/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define LEVELS 10000
#define ROOM 200 /* bytes of each level, at least */

static gr_atomic right, ended;

/* Each level keeps something that it needs after the levels below it have returned. */
static GR_NOINLINE uint64_t deep(int n)
{
    volatile uint8_t room[ROOM];
    room[0] = (uint8_t)n;
    room[ROOM - 1] = (uint8_t)(n >> 8);
    uint64_t below = n == 0 ? 0 : deep(n - 1);
    return below + room[0] + 256 * (uint64_t)room[ROOM - 1];
}

static void grows(void *unused)
{
    (void)unused;
    bool is_right = deep(LEVELS) == (uint64_t)LEVELS * (LEVELS + 1) / 2;
    gr_atomic_add(&right, is_right);
    gr_atomic_add(&ended, 1);
}

static void finalizes(void *object, void *arg)
{
    need(is_whole(object, 1), "a finalizer's object");
    grows(arg);
}

static void finalizer(void *unused)
{
    (void)unused;
    gr_finalizer(object_new(1), finalizes, NULL);
}

static void cleanup(void *unused)
{
    (void)unused;
    gr_cleanup_add(object_new(1), grows, NULL);
}

static void timer(void *unused)
{
    (void)unused;
    gr_timer_func(1000, grows, NULL);
}

static void recovers(void *unused)
{
    grows(unused);
    gr_value v = gr_recover();
    need(v.kind == GR_INT && v.u.i == 7, "the panic is another");
}

static void panics(void *unused)
{
    (void)unused;
    GR_FUNC;
    GR_DEFER(recovers, NULL);
    gr_panic(gr_int(7));
}

static void exits(void *unused)
{
    (void)unused;
    GR_FUNC;
    GR_DEFER(grows, NULL);
    gr_goexit();
}

static void in(const char *what, gr_fn fn)
{
    int64_t n = gr_atomic_load(&ended) + 1;
    gr_go(fn, NULL);
    while (!collect_until(&ended, n))
        ;
    need(gr_atomic_load(&right) == n, what);
    printf("%s: right\n", what);
}

static void body(void *unused)
{
    (void)unused;
    in("a finalizer", finalizer);
    in("a cleanup", cleanup);
    in("a timer", timer);
    in("a deferred call in a panic", panics);
    in("a deferred call at the end of a goroutine", exits);
}

int main(void)
{
    return gr_main(body, NULL);
}
