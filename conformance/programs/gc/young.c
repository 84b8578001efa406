/* SPDX-License-Identifier: BSD-3-Clause */
/* Old holders get young objects, by all that puts a pointer into memory; then collections
 * of the young, where the runtime has such, and garbage that overwrites what was freed.
 */
#include "collect.h"

#define HOLDERS 300
#define MANY 40 /* pointers that are copied at once */
#define COLLECTIONS 3
#define GARBAGE 1000
#define PEOPLE 20

struct holder {
    struct object *o, *none[MANY];
    gr_chan *c;
    int64_t number;
};

static const gr_type holder_type = {.size = sizeof(struct holder),
                                    .nwords = MANY + 2,
                                    .word = ((uint64_t)1 << (MANY + 2)) - 1,
                                    .name = "holder"};

static struct holder **table; /* collected */
static gr_chan *market;
GR_ROOT(table);
GR_ROOT(market);

static void young(void)
{
    for (int i = 0; i < COLLECTIONS; i++) {
        gr_stack_scrub();
        gr_gc_minor();
        churn(GARBAGE);
    }
}

/* ---- what is put into objects ---- */

static void put_field(struct holder *h, struct object *o)
{
    gr_store(&h->o, o);
}

static void put_atomic(struct holder *h, struct object *o)
{
    gr_pointer_store(&h->o, o);
}

static void put_swap(struct holder *h, struct object *o)
{
    need(gr_pointer_swap(&h->o, o) == NULL, "what was there");
}

static void put_cas(struct holder *h, struct object *o)
{
    need(gr_pointer_cas(&h->o, NULL, o), "compare and swap");
}

/* The last one is what will be looked at. */
static void put_copy(struct holder *h, struct object *o)
{
    struct object *many[MANY] = {0};
    many[MANY - 1] = o;
    gr_copy(&gr_type_pointer, h->none, many, MANY);
}

static void put_receive(struct holder *h, struct object *o)
{
    gr_chan_send(h->c, &o);
    gr_chan_recv(h->c, &h->o);
}

static void put_buffer(struct holder *h, struct object *o)
{
    gr_chan_send(h->c, &o);
}

static void sender(void *number)
{
    struct object *o = object_new((int64_t)(intptr_t)number);
    gr_chan_send(market, &o);
}

/* Straight from the sender: one of the two waits. */
static void put_handed(struct holder *h, struct object *o)
{
    gr_go(sender, (void *)(intptr_t)o->stamp);
    gr_chan_recv(market, &h->o);
}

static struct object *take(struct holder *h)
{
    struct object *o = h->o != NULL ? h->o : h->none[MANY - 1];
    if (o == NULL)
        gr_chan_recv(h->c, &o);
    return o;
}

struct kind {
    const char *name;
    void (*put)(struct holder *h, struct object *o);
};

static void make(void *unused)
{
    (void)unused;
    gr_store(&table, gr_new_array(&gr_type_pointer, HOLDERS));
    for (int64_t i = 0; i < HOLDERS; i++) {
        gr_store(&table[i], gr_new(&holder_type));
        gr_store(&table[i]->c, gr_chan_new(&gr_type_pointer, 1));
        table[i]->number = i;
    }
}

static void fill(void *kind)
{
    const struct kind *k = kind;
    for (int64_t i = 0; i < HOLDERS; i++)
        k->put(table[i], object_new(i));
}

static void objects(const struct kind *k)
{
    elsewhere(make, NULL);
    collect();
    elsewhere(fill, (void *)(uintptr_t)k);
    young();
    for (int64_t i = 0; i < HOLDERS; i++) {
        need(table[i]->number == i, k->name);
        need(is_whole(take(table[i]), i), k->name);
    }
    printf("%s: whole\n", k->name);
}

/* ---- what is put onto stacks ---- */

struct stacks {
    gr_atomic waiting, over;
};

static struct stacks stacks;

/* It waits, gets an object, and waits again. */
static void person(void *number)
{
    int64_t i = (int64_t)(intptr_t)number;
    struct object *mine = object_new(i), *got = NULL, *next = NULL;
    gr_atomic_add(&stacks.waiting, 1);
    gr_chan_recv(market, &got);
    gr_atomic_add(&stacks.waiting, 1);
    gr_chan_recv(market, &next);
    need(is_whole(mine, i) && is_whole(got, -2) && is_whole(next, -2), "a stack");
    gr_atomic_add(&stacks.over, 1);
}

static void until(gr_atomic *count, int64_t n)
{
    while (gr_atomic_load(count) < n)
        gr_yield();
    for (int i = 0; i < 100; i++)
        gr_yield();
}

static void feed(void *unused)
{
    (void)unused;
    for (int i = 0; i < PEOPLE; i++) {
        struct object *o = object_new(-2);
        gr_chan_send(market, &o);
    }
}

static void crowd(const char *name, unsigned options)
{
    stacks = (struct stacks){0};
    for (int64_t i = 0; i < PEOPLE; i++)
        gr_go_opt(person, (void *)(intptr_t)i, options);
    until(&stacks.waiting, PEOPLE);
    young();
    elsewhere(feed, NULL);
    until(&stacks.waiting, 2 * PEOPLE);
    young();
    elsewhere(feed, NULL);
    until(&stacks.over, PEOPLE);
    printf("%s: whole\n", name);
}

struct desk {
    struct object *there;
    gr_atomic waiting;
};

static struct desk *desk; /* on the stack of who waits */

static void waits(void *unused)
{
    struct desk mine = {0};
    struct object *nil;
    (void)unused;
    desk = &mine;
    gr_atomic_store(&stacks.waiting, 1);
    gr_chan_recv(market, &nil);
    need(is_whole(mine.there, -3), "a local variable of another");
    gr_atomic_store(&stacks.over, 1);
}

static void writes(void *unused)
{
    (void)unused;
    desk->there = object_new(-3);
}

/* Another goroutine writes to its local variable while it waits. */
static void guest(void)
{
    struct object *nil = NULL;
    stacks = (struct stacks){0};
    gr_go(waits, NULL);
    until(&stacks.waiting, 1);
    young();
    elsewhere(writes, NULL);
    young();
    gr_chan_send(market, &nil);
    until(&stacks.over, 1);
    printf("a local variable of another: whole\n");
}

static void body(void *unused)
{
    static const struct kind kinds[] = {
        {"field", put_field},   {"atomic store", put_atomic},
        {"swap", put_swap},     {"compare and swap", put_cas},
        {"copy", put_copy},     {"receive", put_receive},
        {"buffer", put_buffer}, {"from hand to hand", put_handed},
    };
    (void)unused;
    gr_store(&market, gr_chan_new(&gr_type_pointer, 0));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        objects(&kinds[i]);
    crowd("stacks", 0);
    crowd("stacks of their own", GR_NOESCAPE);
    guest();
}

int main(void)
{
    return gr_main(body, NULL);
}
