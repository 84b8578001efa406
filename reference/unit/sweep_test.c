/* SPDX-License-Identifier: BSD-3-Clause */
/* sweep_test.c - what others see of a span while it is swept. */
#include "heaprt.h"

/* An object of which somebody asks the size while its span is swept, again and again. */
static void *asked_of;
static _Atomic bool is_over;
static gr_wg done;

static void asking(void *unused)
{
    (void)unused;
    while (!atomic_load(&is_over)) {
        for (int i = 0; i < 1000; i++)
            CHECK_EQ(gr_size_of(asked_of), 16);
        gr_yield();
    }
    gr_wg_done(&done);
}

static void asked_main(void *unused)
{
    (void)unused;
    asked_of = gr_new(&pair_type);
    for (int i = 0; i < 1000; i++)
        gr_new(&pair_type);
    gr_wg_add(&done, 1);
    gr_go(asking, NULL);
    for (int i = 0; i < (unit_is_slow() ? 200 : 2000); i++) {
        collect(&asked_of, 1);
        heap_sweep_all();
    }
    atomic_store(&is_over, true);
    gr_wg_wait(&done);
}

static void size_beside_a_sweep(void)
{
    base_boot();
    env_knobs.asyncpreemptoff = 1; /* this collector does not see what is in registers */
    run_free(2, asked_main, NULL);
}

/* Takes a span for one shard and gives it back, unused, to another. */
static struct heap_meta *pass(uint32_t from, uint32_t to, uint32_t kind)
{
    size_t bytes;
    struct heap_meta *m = central_take(from, kind, &bytes);
    CHECK(m != NULL);
    sub_seq(&heap_state.live, bytes);
    central_give(to, m, m->nalloc);
    return m;
}

/* What a shard has not, it takes from the others, swept or not, before a span is made. */
static void shared_main(void *unused)
{
    (void)unused;
    gr_new(&pair_type); /* boots: then there are classes */
    uint32_t kind = class_kind(class_of(512), false);
    for (uint32_t i = 0; i < CENTRAL_SHARDS; i++) {
        struct heap_meta *m = pass(i, i, kind);
        CHECK(pass(i, i, kind) == m);
        CHECK(pass(i + 1, i + 1, kind) == m);
        collect(NULL, 0);
        CHECK(pass(i, i, kind) == m);
        collect(NULL, 0);
        CHECK(pass(i + 3, i + 3, kind) == m);
        heap_sweep_all();
    }
}

static void shards_share(void)
{
    run_free(1, shared_main, NULL);
}

static const struct unit_case cases[] = {
    UNIT(size_beside_a_sweep),
    UNIT(shards_share),
};
UNIT_MAIN(cases)
