/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define OBJECTS 10000

/* An object with two others that only it refers to. */
struct owner {
    struct object *mine[2];
    int64_t number;
};

static const gr_type owner_type =
    GR_TYPE(struct owner, GR_AT(struct owner, mine[0]) | GR_AT(struct owner, mine[1]));

static struct owner *came_back[OBJECTS];
GR_ROOT(came_back);
static gr_atomic runs[OBJECTS], begun, all_runs, returns;
static gr_chan *go_on;

static void look(const struct owner *o)
{
    need(o->number >= 0 && o->number < OBJECTS, "an object is not itself");
    for (int i = 0; i < 2; i++)
        need(is_whole(o->mine[i], o->number * 2 + i), "what an object refers to");
}

static void ends(void *object, void *arg)
{
    struct owner *o = object;
    if (gr_atomic_add(&begun, 1) == 1)
        gr_chan_recv(go_on, NULL); /* the others wait behind us */
    look(o);
    need(is_whole(arg, o->number), "a finalizer's argument");
    gr_atomic_add(&runs[o->number], 1);
    if (o->number % 2 == 0) {
        gr_store(&came_back[o->number], o);
        gr_atomic_add(&returns, 1);
    }
    gr_atomic_add(&all_runs, 1);
}

static void make(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < OBJECTS; i++) {
        struct owner *o = gr_new(&owner_type);
        o->number = i;
        gr_store(&o->mine[0], object_new(i * 2));
        gr_store(&o->mine[1], object_new(i * 2 + 1));
        gr_store(&came_back[i], o);
        gr_finalizer(o, ends, object_new(i));
    }
}

static void look_back(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < OBJECTS; i++) {
        need(gr_atomic_load(&runs[i]) == 1, "a finalizer did not run once");
        need((came_back[i] != NULL) == (i % 2 == 0), "who came back");
        if (came_back[i] != NULL)
            look(came_back[i]);
        gr_store(&came_back[i], NULL);
    }
}

static void body(void *unused)
{
    struct collecting c = {0};
    (void)unused;
    go_on = gr_chan_make(0, 0);
    collecting_begin(&c); /* while they are made, too */
    elsewhere(make, NULL);
    collecting_end(&c);
    settle(1);
    need(gr_atomic_load(&begun) == 0, "a finalizer ran although its object is reachable");
    gr_clear(&gr_type_pointer, came_back, OBJECTS);
    need(collect_until(&begun, 1), "no finalizer runs");
    for (int i = 0; i < 3; i++) {
        collect();
        churn(2 * OBJECTS);
    }
    gr_chan_close(go_on);
    need(collect_until(&all_runs, OBJECTS), "finalizers are missing");
    printf("%d finalizers ran once\n", (int)gr_atomic_load(&all_runs));
    collect();
    churn(4 * OBJECTS);
    elsewhere(look_back, NULL);
    printf("%d objects came back\n", (int)gr_atomic_load(&returns));
    settle(3);
    need(gr_atomic_load(&all_runs) == OBJECTS, "a finalizer ran again");
    puts("nothing ran again");
}

int main(void)
{
    return gr_main(body, NULL);
}
