/* SPDX-License-Identifier: BSD-3-Clause */
/* fresh_test.c - inside floor sched: the queue of births, against a plain array;
 * thieves. */
#include "unit.h"

#include "os/os.h"
#include "sched/fresh.h"

#define BIRTHS 20000

static struct fresh queue;

static void push(struct fresh *f, uint64_t number)
{
    fresh_push(f, &(struct birth){.goid = number});
}

/* ---- shown to the collector ---------------------------------------------------------- */

static uint64_t shown;

static void count_shade(const void *word)
{
    shown += (uintptr_t)word;
}

static void count_birth(const struct birth *b)
{
    count_shade(b->arg);
}

/* Births that are on their way from one queue to another were shown before, so a look at
 * both, one after the other, misses none. */
static void steals_are_shown(void)
{
    struct fresh mine;
    struct birth b;
    fresh_init(&queue);
    fresh_init(&mine);
    base_boot();
    gc_hooks.shade = count_shade;
    for (uintptr_t i = 1; i <= 300; i++)
        fresh_push(&queue, &(struct birth){.goid = i, .arg = (void *)i});
    CHECK(fresh_steal(&mine, &queue) > 0);
    CHECK_EQ(shown, 0);
    fresh_show(&queue, count_birth);
    fresh_show(&mine, count_birth);
    CHECK_EQ(shown, 300 * 301 / 2);
    while (fresh_pop(&mine, &b))
        continue;
    while (load_relaxed(&queue.n) > 1) { /* blocks, and at last halves of one */
        store_relaxed(&gc_is_marking, true);
        shown = 0;
        uint32_t n = fresh_steal(&mine, &queue);
        store_relaxed(&gc_is_marking, false);
        CHECK(n > 0);
        while (fresh_pop(&mine, &b))
            shown -= (uintptr_t)b.arg;
        CHECK_EQ(shown, 0);
    }
}

/* ---- one owner ----------------------------------------------------------------------- */

/* What must be in the queue: shadow[lo..hi), oldest first. */
static uint64_t shadow[4 * BIRTHS];
static uint64_t lo, hi, next_number;

static void see_one(const struct birth *b, void *at)
{
    uint64_t *from_top = at;
    CHECK_EQ(b->goid, shadow[--*from_top]);
}

static void check_whole(void)
{
    uint64_t from_top = hi;
    CHECK_EQ(load_relaxed(&queue.n), hi - lo);
    CHECK_EQ(fresh_is_empty(&queue), hi == lo);
    fresh_look(&queue, see_one, &from_top);
    CHECK_EQ(from_top, lo);
}

static void take_some(struct rand *r)
{
    struct birth b;
    for (uint32_t n = rand_below(r, 200); n > 0; n--) {
        bool is_oldest = rand_below(r, 4) == 0;
        bool got = is_oldest ? fresh_pop_oldest(&queue, &b) : fresh_pop(&queue, &b);
        CHECK_EQ(got, hi > lo);
        if (got)
            CHECK_EQ(b.goid, is_oldest ? shadow[lo++] : shadow[--hi]);
    }
}

/* The loot is the oldest part, in order, and not less than half of a block. */
static void steal_some(void)
{
    struct fresh mine;
    struct birth b;
    fresh_init(&mine);
    uint32_t n = fresh_steal(&mine, &queue);
    CHECK_EQ(n > 0, hi > lo);
    CHECK_EQ(load_relaxed(&mine.n), n);
    for (uint32_t i = 0; i < n; i++) {
        CHECK(fresh_pop_oldest(&mine, &b));
        CHECK_EQ(b.goid, shadow[lo++]);
    }
    CHECK(!fresh_pop(&mine, &b) && fresh_is_empty(&mine));
}

static void like_an_array(void)
{
    struct rand r;
    rand_seed(&r, unit_seed());
    lo = hi = 0;
    fresh_init(&queue);
    while (next_number % BIRTHS != BIRTHS - 1) {
        for (uint32_t n = rand_below(&r, 300); n > 0 && next_number % BIRTHS != BIRTHS - 1;
             n--) {
            shadow[hi++] = next_number;
            push(&queue, next_number++);
        }
        take_some(&r);
        if (rand_below(&r, 3) == 0)
            steal_some();
        check_whole();
    }
    next_number++;
}

static void keeps_both_ends(void)
{
    lock_set_alone(true);
    like_an_array();
    lock_set_alone(false);
    like_an_array();
}

/* ---- thieves ------------------------------------------------------------------------- */

static atomic_u32 taken[BIRTHS];
static atomic_u32 ntaken;

static void take(const struct birth *b)
{
    CHECK_EQ(add_relaxed(&taken[b->goid], 1), 0);
    CHECK((uintptr_t)b->arg == b->goid + 1);
    add_relaxed(&ntaken, 1);
}

static void thief(void *at)
{
    struct fresh *mine = at;
    struct birth b;
    fresh_init(mine);
    while (load_relaxed(&ntaken) < BIRTHS) {
        fresh_steal(mine, &queue);
        while (fresh_pop(mine, &b))
            take(&b);
    }
}

static void nothing_is_lost_to_thieves(void)
{
    struct os_thread threads[3];
    static struct fresh theirs[3];
    struct rand r;
    struct birth b;
    rand_seed(&r, unit_seed());
    lock_set_alone(false);
    fresh_init(&queue);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        CHECK(os_thread_start(&threads[i], thief, &theirs[i], 0));
    for (uint64_t i = 0; i < BIRTHS; i++) {
        fresh_push(&queue, &(struct birth){.goid = i, .arg = (void *)(uintptr_t)(i + 1)});
        if (rand_below(&r, 3) == 0 && fresh_pop(&queue, &b))
            take(&b);
        if (rand_below(&r, 9) == 0 && fresh_pop_oldest(&queue, &b))
            take(&b);
    }
    while (fresh_pop(&queue, &b))
        take(&b);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        os_thread_join(&threads[i]);
    CHECK_EQ(load_relaxed(&ntaken), BIRTHS);
}

static const struct unit_case cases[] = {
    UNIT(steals_are_shown),
    UNIT(keeps_both_ends),
    UNIT(nothing_is_lost_to_thieves),
};
UNIT_MAIN(cases)
