/* SPDX-License-Identifier: BSD-3-Clause */
/* queue_test.c - inside floor sched: the ring with its seat, and the queue in blocks. */
#include "unit.h"

#include "os/os.h"
#include "sched/gq.h"
#include "sched/runq.h"

#define CELLS 20000

static struct g cells[CELLS]; /* numbered by goid, never run */

static void number_cells(void)
{
    for (uint32_t i = 0; i < CELLS; i++)
        store_relaxed(&cells[i].goid, i);
}

static uint64_t number(struct g *g)
{
    return load_relaxed(&g->goid);
}

/* ---- gq ------------------------------------------------------------------------------ */

static void blocks_keep_order(void)
{
    struct gq q = {0};
    struct g *out[300];
    struct rand r;
    uint64_t in = 0, seen = 0;
    number_cells();
    rand_seed(&r, unit_seed());
    while (seen < CELLS) {
        for (uint32_t n = rand_below(&r, 300); n > 0 && in < CELLS; n--)
            gq_push(&q, &cells[in++]);
        CHECK_EQ(q.len, in - seen);
        uint32_t n = gq_pop_many(&q, out, rand_below(&r, 300));
        for (uint32_t i = 0; i < n; i++)
            CHECK_EQ(number(out[i]), seen++);
    }
    CHECK_EQ(gq_pop_many(&q, out, 300), 0);
}

static void an_empty_queue_is_used_again(void)
{
    struct gq q = {0};
    struct g *out[130], *in[130];
    number_cells();
    CHECK_EQ(gq_pop_many(&q, out, 1), 0);
    for (uint32_t i = 0; i < ARRAY_LEN(in); i++)
        in[i] = &cells[i];
    for (int round = 0; round < 100; round++) {
        gq_push_many(&q, in, ARRAY_LEN(in));
        CHECK_EQ(gq_pop_many(&q, out, 200), ARRAY_LEN(in));
        for (uint32_t i = 0; i < ARRAY_LEN(in); i++)
            CHECK(out[i] == in[i]);
        struct gq_block *kept = q.first;
        gq_push(&q, in[0]);
        CHECK(q.first == kept && gq_pop_many(&q, out, 1) == 1);
    }
}

/* ---- runq ---------------------------------------------------------------------------- */

static struct runq ring;

static void a_full_ring_gives_its_older_half(void)
{
    struct g *out[RUNQ_SIZE / 2];
    number_cells();
    for (uint32_t i = 0; i < RUNQ_SIZE; i++)
        CHECK(runq_push(&ring, &cells[i]));
    CHECK(!runq_push(&ring, &cells[RUNQ_SIZE]));
    CHECK_EQ(runq_len(&ring), RUNQ_SIZE);
    CHECK_EQ(runq_take_half(&ring, out), RUNQ_SIZE / 2);
    for (uint32_t i = 0; i < RUNQ_SIZE / 2; i++)
        CHECK_EQ(number(out[i]), i);
    CHECK_EQ(runq_take_half(&ring, out), 0);
    for (uint32_t i = RUNQ_SIZE / 2; i < RUNQ_SIZE; i++)
        CHECK_EQ(number(runq_pop(&ring)), i);
    CHECK(runq_pop(&ring) == NULL && runq_is_empty(&ring));
}

static void the_seat_holds_one(void)
{
    number_cells();
    CHECK(runq_pop_next(&ring) == NULL);
    CHECK(runq_push_next(&ring, &cells[1]) == NULL);
    CHECK(!runq_is_empty(&ring));
    CHECK(runq_push_next(&ring, &cells[2]) == &cells[1]);
    CHECK(runq_pop_next(&ring) == &cells[2]);
    CHECK(runq_pop_next(&ring) == NULL && runq_is_empty(&ring));
}

static void on_one_and_on_many(void (*fn)(void))
{
    lock_set_alone(true);
    fn();
    lock_set_alone(false);
    fn();
}

static void ring_works_alone_and_not(void)
{
    on_one_and_on_many(a_full_ring_gives_its_older_half);
    on_one_and_on_many(the_seat_holds_one);
}

/* An owner that pushes, seats and pops; three thieves.  Each cell comes out once, as it was
 * written before it was pushed. */
static atomic_u32 taken[CELLS];
static atomic_u32 ntaken;
static bool writes_late; /* the owner goes on writing to what it has pushed */

static void take(struct g *g)
{
    CHECK(g->param == g || writes_late);
    CHECK_EQ(add_relaxed(&taken[number(g)], 1), 0);
    add_relaxed(&ntaken, 1);
}

static void thief(void *unused)
{
    static _Thread_local struct runq mine;
    struct g *g;
    (void)unused;
    while (load_relaxed(&ntaken) < CELLS) {
        g = runq_steal(&mine, &ring, true);
        if (g != NULL)
            take(g);
        while ((g = runq_pop(&mine)) != NULL)
            take(g);
    }
}

static void push(struct g *g, struct rand *r)
{
    struct g *out[RUNQ_SIZE / 2];
    if (rand_below(r, 2) == 0)
        g = runq_push_next(&ring, g);
    if (g == NULL || runq_push(&ring, g))
        return;
    uint32_t n = runq_take_half(&ring, out);
    for (uint32_t i = 0; i < n; i++)
        take(out[i]);
    CHECK(runq_push(&ring, g));
}

static void one_heist(struct rand *r)
{
    struct os_thread thieves[3];
    struct g *g;
    for (uint32_t i = 0; i < CELLS; i++)
        store_relaxed(&taken[i], 0);
    store_relaxed(&ntaken, 0);
    for (size_t i = 0; i < ARRAY_LEN(thieves); i++)
        CHECK(os_thread_start(&thieves[i], thief, NULL, 0));
    for (uint32_t i = 0; i < CELLS; i++) {
        cells[i].param = &cells[i];
        push(&cells[i], r);
        if (writes_late)
            cells[i].param = NULL;
        if (rand_below(r, 3) == 0 && (g = runq_pop_next(&ring)) != NULL)
            take(g);
        if (rand_below(r, 3) == 0 && (g = runq_pop(&ring)) != NULL)
            take(g);
    }
    while ((g = runq_pop_next(&ring)) != NULL || (g = runq_pop(&ring)) != NULL)
        take(g);
    for (size_t i = 0; i < ARRAY_LEN(thieves); i++)
        os_thread_join(&thieves[i]);
    CHECK_EQ(load_relaxed(&ntaken), CELLS);
}

static void nothing_is_lost_to_thieves(void)
{
    struct rand r;
    number_cells();
    lock_set_alone(false);
    rand_seed(&r, unit_seed());
    for (int i = 0; i < (unit_is_slow() ? 1 : 20); i++)
        one_heist(&r);
}

static void tsan_sees_who_writes_after_a_push(void)
{
    if (!GR_TSAN)
        unit_skip("not flavour tsan");
    writes_late = true;
    nothing_is_lost_to_thieves();
}

static const struct unit_case all_cases[] = {
    UNIT(blocks_keep_order),
    UNIT(an_empty_queue_is_used_again),
    UNIT(ring_works_alone_and_not),
    UNIT(nothing_is_lost_to_thieves),
    UNIT_EXITS(tsan_sees_who_writes_after_a_push, 66, RACE_REPORT),
};

UNIT_MAIN(all_cases)
