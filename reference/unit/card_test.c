/* SPDX-License-Identifier: BSD-3-Clause */
/* card_test.c - generational mode: something young in something old is found. */
#include "young.h"

/* ---- how something young gets into something old ---- */

static struct node *made; /* the newest leaf, for a moment */

static NOINLINE struct node *old_left(uint64_t key)
{
    CHECK(old->left != NULL);
    CHECK_EQ(old->left->key, key);
    return old->left;
}

static NOINLINE void put_store(uint64_t key)
{
    gr_store(&old->left, leaf(key));
}
static NOINLINE void put_pointer_store(uint64_t key)
{
    gr_pointer_store(&old->left, leaf(key));
}
static NOINLINE void put_swap(uint64_t key)
{
    gr_pointer_swap(&old->left, leaf(key));
}
static NOINLINE void put_cas(uint64_t key)
{
    CHECK(gr_pointer_cas(&old->left, old->left, leaf(key)));
}
static NOINLINE void put_copy(uint64_t key)
{
    struct node n = {.left = leaf(key), .key = old->key};
    gr_copy(&node_type, old, &n, 1);
}
static NOINLINE void put_send(uint64_t key)
{
    static gr_chan *c;
    if (c == NULL)
        gr_root_add(&c, sizeof c);
    gr_store(&c, gr_chan_new(&gr_type_pointer, 1));
    struct node *n = leaf(key);
    gr_chan_send(c, &n);
    gr_chan_recv(c, &old->left);
}

/* Straight into the object, from a goroutine that hands it to one that waits. */
static void put_later(void *c)
{
    made = NULL;
    struct node *n = leaf((uint64_t)(uintptr_t)old->right);
    gr_chan_send(c, &n);
}
static NOINLINE void put_handed(uint64_t key)
{
    gr_chan *c = gr_chan_new(&gr_type_pointer, 0);
    old->right = (void *)(uintptr_t)key; /* a small number: no pointer */
    gr_go(put_later, c);
    gr_chan_recv(c, &old->left);
    old->right = NULL;
}

static void each_put(void *unused)
{
    static void (*const put[])(uint64_t key) = {
        put_store, put_pointer_store, put_swap, put_cas, put_copy, put_send, put_handed};
    (void)unused;
    gr_store(&old, leaf(0));
    gr_gc();
    for (uint64_t i = 0; i < ARRAY_LEN(put); i++) {
        put[i](i + 1);
        trample();
        old_left(i + 1);
        gr_store(&old->left, NULL);
        gr_gc_minor();
    }
}

/* What lies in the buffer of an old channel. */
static void buffered(void *unused)
{
    static gr_chan *c;
    (void)unused;
    gr_root_add(&c, sizeof c);
    gr_store(&c, gr_chan_new(&gr_type_pointer, 300));
    gr_gc();
    for (uint64_t i = 0; i < 300; i++) {
        struct node *n = leaf(i);
        gr_chan_send(c, &n);
    }
    trample();
    for (uint64_t i = 0; i < 300; i++) {
        struct node *n = NULL;
        gr_chan_recv(c, &n);
        CHECK_EQ(n->key, i);
    }
}

/* ---- cards: every place of objects of all sizes ---- */

static struct wide *wides;
GR_ROOT(wides);

static void every_place(void *unused)
{
    static const int64_t lengths[] = {2, 3, 6, 63, 64, 65, 100, 1000, 5000};
    (void)unused;
    for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
        int64_t n = lengths[k], step = n < 100 ? 1 : n / 50;
        gr_store(&table, gr_new_array(&gr_type_pointer, n));
        gr_gc();
        for (int64_t i = 0; i < n; i += step)
            gr_store(&table[i], leaf((uint64_t)i));
        gr_store(&table[n - 1], leaf((uint64_t)n - 1));
        trample();
        for (int64_t i = 0; i < n; i += step)
            CHECK_EQ(table[i]->key, i);
        CHECK_EQ(table[n - 1]->key, n - 1);
    }
}

static void wide_types(void *unused)
{
    (void)unused;
    for (int64_t n = 1; n <= 100; n = 3 * n + 2) {
        gr_store(&wides, gr_new_array(&wide_type, n));
        gr_gc();
        for (int64_t i = 0; i < n; i++) {
            gr_store(&wides[i].first, leaf(3 * (uint64_t)i));
            gr_store(&wides[i].middle, leaf(3 * (uint64_t)i + 1));
            gr_store(&wides[i].last, leaf(3 * (uint64_t)i + 2));
        }
        trample();
        for (int64_t i = 0; i < n; i++) {
            CHECK_EQ(wides[i].first->key, 3 * i);
            CHECK_EQ(wides[i].middle->key, 3 * i + 1);
            CHECK_EQ(wides[i].last->key, 3 * i + 2);
        }
    }
}

/* Old objects on a card are looked at, free slots and their stale words are not. */
static void stale_words(void *unused)
{
    enum { N = 2000 };
    (void)unused;
    gr_store(&table, gr_new_array(&gr_type_pointer, N));
    for (int64_t i = 0; i < N; i++)
        gr_store(&table[i], leaf(0));
    gr_gc();
    for (int64_t i = 0; i < N; i++) /* every card dirty, pointers to young ones in all */
        gr_store(&table[i]->left, leaf(1));
    for (int64_t i = 0; i < N; i++)
        if (i % 16 != 0)
            gr_store(&table[i], NULL);
    uint64_t after = objects_after(gr_gc);
    CHECK(after < 2 * N / 16 + 200);
    CHECK(objects_after(gr_gc_minor) < after + 100);
}

YOUNG(stores_are_seen_p1, 1, each_put)
YOUNG(stores_are_seen_p2, 2, each_put)
YOUNG(buffers_are_seen, 2, buffered)
YOUNG(cards_of_arrays, 2, every_place)
YOUNG(cards_of_wide_types, 2, wide_types)
YOUNG(cards_of_the_dead, 1, stale_words)

/* One thread: cycles happen in one piece. */
static void controlled(void)
{
    base_boot();
    env_knobs.generational = 1;
    env_knobs.gcverify = 1;
    run_seeded(each_put, NULL, 1, GR_END_OK);
}

static const struct unit_case cases[] = {
    UNIT(stores_are_seen_p1), UNIT(stores_are_seen_p2),  UNIT(buffers_are_seen),
    UNIT(cards_of_arrays),    UNIT(cards_of_wide_types), UNIT(cards_of_the_dead),
    UNIT(controlled),
};
UNIT_MAIN(cases)
