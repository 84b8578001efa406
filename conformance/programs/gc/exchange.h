/* SPDX-License-Identifier: BSD-3-Clause */
/* exchange.h - a table of holders, each with the only pointer to an object, that are
 * exchanged for fresh ones while collections mark.
 *
 * The object leaves the old holder and enters the new one by the operations that are looked
 * at.  When those do not tell the collector, it is lost as often as the old holder has not
 * been marked yet.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "collect.h"

/* A way to take the object of a holder out of it, and to put one into a new holder. */
struct exchange {
    const char *name;
    struct object *(*take)(void *holder);
    void (*put)(void *holder, struct object *o);
};

/* The table, collected, and how a holder is made. */
struct holders {
    void **table;
    int64_t n;
    void *(*fresh)(int64_t i);
};

static inline void exchange_move(const struct exchange *x, const struct holders *h,
                                 int64_t i, bool is_renewed)
{
    void *new = h->fresh(i);
    struct object *o = x->take(h->table[i]);
    need(o != NULL && is_whole(o, i), x->name);
    x->put(new, is_renewed ? object_new(i) : o);
    gr_store(&h->table[i], new);
}

/* At random: so many times, and while so many collections are not over. */
static inline void exchange_run(const struct exchange *x, const struct holders *h,
                                int steps, int64_t collections)
{
    static struct collecting c; /* not on a stack that may be squeezed while it waits */
    c = (struct collecting){0};
    uint64_t random = 1;
    collecting_begin(&c);
    for (int n = 0; n < steps || gr_atomic_load(&c.cycles) < collections; n++) {
        int64_t i = pick(&random, h->n);
        exchange_move(x, h, i, pick(&random, 8) == 0);
    }
    collecting_end(&c);
    for (int64_t i = 0; i < h->n; i++)
        exchange_move(x, h, i, false);
    printf("%s: whole\n", x->name);
}

#endif
