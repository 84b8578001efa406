/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

static gr_wg over;
static gr_atomic ended, left;

/* A collection with this object in the hands of nobody but this frame. */
static GR_NOINLINE void here(const char *where)
{
    struct object *o = object_new(5), *next = object_new(6);
    gr_store(&o->next, next);
    next = NULL;
    collect();
    churn(2000);
    need(is_whole(o, 5) && is_whole(o->next, 6), where);
    printf("%s: whole\n", where);
}

static void deferred(void *o)
{
    here("deferred");
    need(is_whole(o, 1), "an argument");
}

static GR_NOINLINE void defers(void)
{
    GR_FUNC;
    GR_DEFER(deferred, object_new(1));
    churn(1);
}

static void recovers(void *o)
{
    gr_value v = gr_recover();
    need(is_whole(v.u.p, 3), "a panic's value");
    here("recovered");
    need(is_whole(v.u.p, 3) && is_whole(o, 2), "a panic's value");
}

static void panicking(void *o)
{
    here("panicking");
    need(is_whole(o, 1), "an argument");
}

static GR_NOINLINE void panics(void)
{
    GR_FUNC;
    GR_DEFER(recovers, object_new(2));
    GR_DEFER(panicking, object_new(1));
    gr_panic((gr_value){.kind = GR_PTR, .u = {.p = object_new(3)}});
}

static void leaving(void *o)
{
    here("goexit");
    need(is_whole(o, 4), "an argument");
    gr_wg_done(&over);
}

static void leaves(void *unused)
{
    (void)unused;
    GR_FUNC;
    GR_DEFER(leaving, object_new(4));
    gr_goexit();
}

static void fires(void *o)
{
    here("timer");
    need(is_whole(o, 7), "an argument");
    gr_wg_done(&over);
}

static void ends(void *object, void *arg)
{
    here("finalizer");
    need(is_whole(object, 8) && is_whole(arg, 9), "a finalizer's arguments");
    gr_atomic_add(&ended, 1);
}

static void finalizer_left(void *unused)
{
    (void)unused;
    here("goexit in a finalizer");
    gr_atomic_add(&left, 1);
}

static void leaves_finalizer(void *object, void *arg)
{
    (void)object, (void)arg;
    GR_FUNC;
    GR_DEFER(finalizer_left, NULL);
    gr_goexit();
}

static void one_ends(void *unused)
{
    (void)unused;
    gr_finalizer(object_new(8), ends, object_new(9));
}

static void one_leaves(void *unused)
{
    (void)unused;
    gr_finalizer(object_new(10), leaves_finalizer, NULL);
}

static void body(void *unused)
{
    (void)unused;
    here("start");
    defers();
    panics();
    gr_wg_add(&over, 1);
    gr_go(leaves, NULL);
    gr_wg_wait(&over);
    gr_wg_add(&over, 1);
    gr_timer_func(1000, fires, object_new(7));
    gr_wg_wait(&over);
    elsewhere(one_ends, NULL);
    need(collect_until(&ended, 1), "a finalizer has not run");
    elsewhere(one_leaves, NULL);
    need(collect_until(&left, 1), "a finalizer has not left");
    here("at the end");
}

int main(void)
{
    return gr_main(body, NULL);
}
