/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

static const char *way;
static struct object *kept;
GR_ROOT(kept);
static gr_atomic begun, others;
static gr_chan *go_on;

static void panics(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_panic(gr_int(7));
}

static void prints(void *object, void *arg)
{
    (void)object, (void)arg;
    puts("a finalizer runs at the end");
}

static void blocks(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&begun, 1);
    gr_chan_recv(go_on, NULL);
}

static void counts(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&others, 1);
}

static void set(void *fn)
{
    gr_finalizer(object_new(1), *(void (**)(void *, void *))fn, NULL);
}

static void with(void (*fn)(void *, void *))
{
    elsewhere(set, &fn);
}

static void panicking(void)
{
    with(panics);
    collect_until(&begun, 1); /* never */
}

/* One that is unreachable and one that is not. */
static void ending(void)
{
    with(prints);
    gr_store(&kept, object_new(2));
    gr_finalizer(kept, prints, NULL);
    puts("ends");
    fflush(stdout);
    if (strcmp(way, "exit") == 0)
        gr_exit(3);
}

static void blocking(void)
{
    go_on = gr_chan_make(0, 0);
    with(blocks);
    need(collect_until(&begun, 1), "a finalizer has not begun");
    with(counts);
    for (int i = 0; i < 3; i++)
        collect();
    churn(10000);
    puts("the program and its collections go on");
    gr_chan_close(go_on);
    need(collect_until(&others, 1), "a finalizer behind it has not run");
    puts("the other one has run");
}

static void body(void *unused)
{
    (void)unused;
    puts("begins");
    fflush(stdout);
    if (strcmp(way, "panic") == 0)
        panicking();
    else if (strcmp(way, "inside") == 0)
        gr_finalizer((void **)gr_new_array(&gr_type_pointer, 2) + 1, prints, NULL);
    else if (strcmp(way, "blocked") == 0)
        blocking();
    else
        ending();
}

int main(int argc, char **argv)
{
    way = argc > 1 ? argv[1] : "";
    return gr_main(body, NULL);
}
