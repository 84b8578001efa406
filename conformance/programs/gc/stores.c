/* SPDX-License-Identifier: BSD-3-Clause */
#include "gc/exchange.h"

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

static void put_field(void *holder, struct object *o)
{
    struct holder *h = holder;
    gr_store(&h->o, o);
}

static struct object *take_field(void *holder)
{
    struct holder *h = holder;
    struct object *o = h->o;
    gr_store(&h->o, NULL);
    return o;
}

static void put_copy(void *holder, struct object *o)
{
    struct holder *h = holder;
    struct holder local = {.o = o, .number = h->number};
    gr_copy(&holder_type, h, &local, 1);
}

static struct object *take_copy(void *holder)
{
    struct holder *h = holder;
    struct object *o = h->o;
    struct holder nothing = {0};
    gr_copy(&holder_type, h, &nothing, 1);
    return o;
}

static struct object *take_overlapping(void *holder)
{
    struct holder *h = holder;
    struct object *o = h->o;
    gr_copy(&gr_type_pointer, &h->o, h->none, 3);
    return o;
}

static struct object *take_clear(void *holder)
{
    struct holder *h = holder;
    struct object *o = h->o;
    gr_clear(&holder_type, h, 1);
    return o;
}

static void put_swap(void *holder, struct object *o)
{
    struct holder *h = holder;
    need(gr_pointer_swap(&h->o, o) == NULL, "what was there");
}

static struct object *take_swap(void *holder)
{
    struct holder *h = holder;
    return gr_pointer_swap(&h->o, NULL);
}

static void put_cas(void *holder, struct object *o)
{
    struct holder *h = holder;
    need(gr_pointer_cas(&h->o, NULL, o), "compare and swap");
}

static struct object *take_cas(void *holder)
{
    struct holder *h = holder;
    struct object *o = gr_pointer_load(&h->o);
    need(!gr_pointer_cas(&h->o, NULL, h), "compare and swap with another value");
    need(gr_pointer_cas(&h->o, o, NULL), "compare and swap");
    return o;
}

static void put_atomic(void *holder, struct object *o)
{
    struct holder *h = holder;
    gr_pointer_store(&h->o, o);
}

static struct object *take_atomic(void *holder)
{
    struct holder *h = holder;
    struct object *o = gr_pointer_load(&h->o);
    gr_pointer_store(&h->o, NULL);
    return o;
}

/* What is received takes the object's place. */
static struct object *take_receive(void *holder)
{
    struct holder *h = holder;
    struct object *o = h->o, *nil = NULL;
    gr_chan_send(nils, &nil);
    gr_chan_recv(nils, &h->o);
    return o;
}

/* By turns from a global to a holder, and back. */
static struct object *take_global(void *holder)
{
    struct holder *h = holder;
    struct object **at = h->is_global ? &globals[h->number] : &h->o, *o = *at;
    gr_store(at, NULL);
    return o;
}

static void put_global(void *holder, struct object *o)
{
    struct holder *h = holder;
    h->is_global = !table[h->number]->is_global;
    gr_store(h->is_global ? &globals[h->number] : &h->o, o);
}

static void *holder_new(int64_t i)
{
    struct holder *h = gr_new(&holder_type);
    h->number = i;
    return h;
}

static void fill(void)
{
    gr_store(&table, gr_new_array(&gr_type_pointer, HOLDERS));
    for (int64_t i = 0; i < HOLDERS; i++) {
        gr_store(&table[i], holder_new(i));
        gr_store(&table[i]->o, object_new(i));
    }
}

static void moves(void *exchange)
{
    fill();
    struct holders h = {.table = (void **)table, .n = HOLDERS, .fresh = holder_new};
    exchange_run(exchange, &h, STEPS, COLLECTIONS);
    gr_clear(&gr_type_pointer, globals, HOLDERS);
}

static void body(void *unused)
{
    static struct exchange kinds[] = {
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
