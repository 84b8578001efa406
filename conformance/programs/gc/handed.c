/* SPDX-License-Identifier: BSD-3-Clause */
/* As gc/stores, with places for holders that are no collected memory: by turns the object
 * is in one of those, and in a field of its holder.
 */
#include <stdlib.h>

#include "gc/exchange.h"

#define HOLDERS 4000
#define STEPS 100000
#define COLLECTIONS 30
#define REGISTERED 8 /* one of so many has registered memory; each is looked for in all */

struct holder {
    struct object *o;
    struct object **outside; /* from malloc */
    gr_handle *handle;
    int64_t number;
};

static const gr_type holder_type = GR_TYPE(struct holder, GR_AT(struct holder, o));

static struct holder **table; /* collected */
GR_ROOT(table);

static void *holder_new(int64_t i)
{
    struct holder *h = gr_new(&holder_type);
    h->number = i;
    return h;
}

static struct object *take_field(struct holder *h)
{
    struct object *o = h->o;
    gr_store(&h->o, NULL);
    return o;
}

static struct object *take_handle(void *holder)
{
    struct holder *h = holder;
    if (h->handle == NULL)
        return take_field(h);
    struct object *o = gr_handle_get(h->handle);
    gr_handle_free(h->handle);
    return o;
}

static void put_handle(void *holder, struct object *o)
{
    struct holder *h = holder;
    if (table[h->number]->handle == NULL)
        h->handle = gr_handle_new(o);
    else
        gr_store(&h->o, o);
}

static struct object *take_registered(void *holder)
{
    struct holder *h = holder;
    if (h->outside == NULL)
        return take_field(h);
    struct object *o = *h->outside;
    gr_root_remove(h->outside);
    free(h->outside);
    return o;
}

static void put_registered(void *holder, struct object *o)
{
    struct holder *h = holder;
    if (h->number % REGISTERED != 0 || table[h->number]->outside != NULL) {
        gr_store(&h->o, o);
        return;
    }
    h->outside = calloc(1, sizeof *h->outside);
    need(h->outside != NULL, "memory");
    gr_root_add(h->outside, sizeof *h->outside);
    gr_store(h->outside, o);
}

static void moves(void *exchange)
{
    gr_store(&table, gr_new_array(&gr_type_pointer, HOLDERS));
    for (int64_t i = 0; i < HOLDERS; i++) {
        gr_store(&table[i], holder_new(i));
        gr_store(&table[i]->o, object_new(i));
    }
    struct holders h = {.table = (void **)table, .n = HOLDERS, .fresh = holder_new};
    exchange_run(exchange, &h, STEPS, COLLECTIONS);
}

static void body(void *unused)
{
    static struct exchange kinds[] = {
        {"handle", take_handle, put_handle},
        {"memory of another kind", take_registered, put_registered},
    };
    (void)unused;
    for (int i = 0; i < 2; i++)
        elsewhere(moves, &kinds[i]);
}

int main(void)
{
    return gr_main(body, NULL);
}
