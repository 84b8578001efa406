/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of holders, each with the only pointer to an object.  Again and again one is
 * exchanged: a new holder gets the object, which leaves the old one by the operation that
 * is looked at.  When that does not tell the collector, the object is lost as often as the
 * old holder has not been marked yet.
 */
#include "collect.h"

#define HOLDERS 20000
#define STEPS 40000
#define COLLECTIONS 5

struct holder {
    struct object *o, *none[3];
    int64_t number;
    bool is_global; /* the object is in `globals` */
};

static const gr_type holder_type = GR_TYPE(
    struct holder, GR_AT(struct holder, o) | GR_AT(struct holder, none[0]) |
                       GR_AT(struct holder, none[1]) | GR_AT(struct holder, none[2]));

static struct holder **table; /* collected */
static struct object *globals[HOLDERS];
static gr_chan *nils;
GR_ROOT(table);
GR_ROOT(globals);
GR_ROOT(nils);

struct kind {
    const char *name;
    struct object *(*take)(struct holder *h);
    void (*put)(struct holder *h, struct object *o);
};

static void put_field(struct holder *h, struct object *o)
{
    gr_store(&h->o, o);
}

static struct object *take_field(struct holder *h)
{
    struct object *o = h->o;
    gr_store(&h->o, NULL);
    return o;
}

static void put_copy(struct holder *h, struct object *o)
{
    struct holder local = {.o = o, .number = h->number};
    gr_copy(&holder_type, h, &local, 1);
}

static struct object *take_copy(struct holder *h)
{
    struct object *o = h->o;
    struct holder nothing = {0};
    gr_copy(&holder_type, h, &nothing, 1);
    return o;
}

static struct object *take_overlapping(struct holder *h)
{
    struct object *o = h->o;
    gr_copy(&gr_type_pointer, &h->o, h->none, 3);
    return o;
}

static struct object *take_clear(struct holder *h)
{
    struct object *o = h->o;
    gr_clear(&holder_type, h, 1);
    return o;
}

static void put_swap(struct holder *h, struct object *o)
{
    need(gr_pointer_swap(&h->o, o) == NULL, "what was there");
}

static struct object *take_swap(struct holder *h)
{
    return gr_pointer_swap(&h->o, NULL);
}

static void put_cas(struct holder *h, struct object *o)
{
    need(gr_pointer_cas(&h->o, NULL, o), "compare and swap");
}

static struct object *take_cas(struct holder *h)
{
    struct object *o = gr_pointer_load(&h->o);
    need(!gr_pointer_cas(&h->o, NULL, h), "compare and swap with another value");
    need(gr_pointer_cas(&h->o, o, NULL), "compare and swap");
    return o;
}

static void put_atomic(struct holder *h, struct object *o)
{
    gr_pointer_store(&h->o, o);
}

static struct object *take_atomic(struct holder *h)
{
    struct object *o = gr_pointer_load(&h->o);
    gr_pointer_store(&h->o, NULL);
    return o;
}

/* What is received takes the object's place. */
static struct object *take_receive(struct holder *h)
{
    struct object *o = h->o, *nil = NULL;
    gr_chan_send(nils, &nil);
    gr_chan_recv(nils, &h->o);
    return o;
}

/* By turns from a global to a holder, and back. */
static struct object *take_global(struct holder *h)
{
    struct object **at = h->is_global ? &globals[h->number] : &h->o, *o = *at;
    gr_store(at, NULL);
    return o;
}

static void put_global(struct holder *h, struct object *o)
{
    h->is_global = !table[h->number]->is_global;
    gr_store(h->is_global ? &globals[h->number] : &h->o, o);
}

static struct holder *holder_new(int64_t i)
{
    struct holder *h = gr_new(&holder_type);
    h->number = i;
    return h;
}

static void fill(void *unused)
{
    (void)unused;
    gr_store(&table, gr_new_array(&gr_type_pointer, HOLDERS));
    for (int64_t i = 0; i < HOLDERS; i++) {
        gr_store(&table[i], holder_new(i));
        gr_store(&table[i]->o, object_new(i));
    }
}

static void move(const struct kind *k, int64_t i, bool is_renewed)
{
    struct holder *new = holder_new(i);
    struct object *o = k->take(table[i]);
    need(o != NULL && is_whole(o, i), k->name);
    k->put(new, is_renewed ? object_new(i) : o);
    gr_store(&table[i], new);
}

static void moves(void *kind)
{
    struct collecting c = {0};
    uint64_t random = 1;
    fill(NULL);
    collecting_begin(&c);
    for (int n = 0; n < STEPS || gr_atomic_load(&c.cycles) < COLLECTIONS; n++) {
        int64_t i = pick(&random, HOLDERS);
        move(kind, i, pick(&random, 8) == 0);
    }
    collecting_end(&c);
    for (int64_t i = 0; i < HOLDERS; i++)
        move(kind, i, false);
    gr_clear(&gr_type_pointer, globals, HOLDERS);
    printf("%s: whole\n", ((struct kind *)kind)->name);
}

static void body(void *unused)
{
    static struct kind kinds[] = {
        {"field", take_field, put_field},
        {"copy", take_copy, put_copy},
        {"overlapping copy", take_overlapping, put_field},
        {"clear", take_clear, put_field},
        {"swap", take_swap, put_swap},
        {"compare and swap", take_cas, put_cas},
        {"atomic store", take_atomic, put_atomic},
        {"receive", take_receive, put_field},
        {"global", take_global, put_global},
    };
    (void)unused;
    gr_store(&nils, gr_chan_new(&gr_type_pointer, 1));
    for (int i = 0; i < 9; i++)
        elsewhere(moves, &kinds[i]);
}

int main(void)
{
    return gr_main(body, NULL);
}
