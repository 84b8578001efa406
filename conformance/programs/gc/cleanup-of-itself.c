/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

static gr_atomic cleaned;

static void cleans(void *arg)
{
    need(arg == NULL || is_whole(arg, 2), "a cleanup's argument");
    gr_atomic_add(&cleaned, 1);
}

static void recovers(void *was)
{
    gr_value v = gr_recover();
    *(volatile bool *)was = v.kind == GR_ERROR && v.u.err == GR_ERR_CLEANUP_ARG;
}

GR_NOINLINE static void tries(void *object, volatile bool *was)
{
    GR_FUNC;
    GR_DEFER(recovers, (void *)was);
    gr_cleanup_add(object, cleans, object);
}

static void make(void *unused)
{
    (void)unused;
    struct object *o = object_new(1);
    volatile bool was = false;
    tries(o, &was);
    need(was, "it is taken");
    puts("refused");
    need(is_whole(o, 1), "the object");
    gr_cleanup_add(o, cleans, object_new(2));
    puts("another is taken");
}

static void body(void *unused)
{
    (void)unused;
    elsewhere(make, NULL);
    need(collect_until(&cleaned, 1), "the object stays");
    settle(2);
    need(gr_atomic_load(&cleaned) == 1, "both ran");
    puts("it ran");
}

int main(void)
{
    return gr_main(body, NULL);
}
