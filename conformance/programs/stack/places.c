/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"
#include "stack/levels.h"

#define LEVELS 10000

static gr_atomic right, ended;

static void grows(void *unused)
{
    (void)unused;
    gr_atomic_add(&right, is_sum_right(LEVELS));
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
