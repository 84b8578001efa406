/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define GARBAGE ((int64_t)100 << 20) /* of each kind */
#define BOUND ((uint64_t)64 << 20)

/* A child knows its parent, a parent its children. */
struct relative {
    struct relative *parent, *child[2];
    int64_t generation;
};

static const gr_type relative_type = GR_TYPE(
    struct relative, GR_AT(struct relative, parent) | GR_AT(struct relative, child[0]) |
                         GR_AT(struct relative, child[1]));

static int64_t list(void)
{
    struct object *first = NULL;
    for (int i = 0; i < 1000; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, first);
        first = o;
    }
    return 1000 * (int64_t)sizeof *first;
}

static int64_t ring(void)
{
    struct object *last = object_new(0), *first = last;
    for (int i = 1; i < 100; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, first);
        first = o;
    }
    gr_store(&last->next, first);
    return 100 * (int64_t)sizeof *last;
}

static struct relative *family(struct relative *parent, int64_t generations)
{
    struct relative *r = gr_new(&relative_type);
    gr_init(&r->parent, parent);
    r->generation = generations;
    for (int i = 0; i < 2 && generations > 0; i++)
        gr_store(&r->child[i], family(r, generations - 1));
    return r;
}

static int64_t families(void)
{
    family(NULL, 9);
    return 1023 * (int64_t)sizeof(struct relative);
}

static int64_t block(void)
{
    void **p = gr_new_array(&gr_type_pointer, 10000);
    for (int i = 0; i < 10000; i++)
        gr_store(&p[i], p);
    return 10000 * (int64_t)sizeof *p;
}

struct kind {
    const char *name;
    int64_t (*make)(void);
};

static void endless(void *kind)
{
    static struct gr_mem_stats s;
    const struct kind *k = kind;
    int64_t made = 0;
    for (int n = 0; made < GARBAGE; n++) {
        made += k->make();
        if (n % 64 != 0)
            continue;
        gr_mem_stats(&s);
        need(s.heap_inuse < BOUND, k->name);
    }
    printf("%s: bounded\n", k->name);
}

static void body(void *unused)
{
    static struct kind kinds[] = {
        {"lists", list}, {"rings", ring}, {"families", families}, {"blocks", block}};
    (void)unused;
    for (int i = 0; i < 4; i++)
        elsewhere(endless, &kinds[i]);
}

int main(void)
{
    return gr_main(body, NULL);
}
