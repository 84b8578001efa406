/* SPDX-License-Identifier: BSD-3-Clause */
/* weak_test.c - weak pointers keep nothing, and never give what is gone. */
#include "rt.h"

#include "gc/collect.h"

struct box {
    struct box *next;
    int64_t id;
};
static const gr_type box_type = GR_TYPE(struct box, GR_AT(struct box, next));

#define SLOTS 64
static struct box *tops[SLOTS];
GR_ROOT(tops);
static gr_weak *weaks[SLOTS];
GR_ROOT(weaks);

static atomic_u32 done;
static _Atomic bool stop;

static struct box *box_new(int64_t id)
{
    struct box *b = gr_new(&box_type);
    b->id = id;
    return b;
}

static void cycles(int n)
{
    for (int i = 0; i < n; i++) {
        gr_stack_scrub();
        gr_gc();
    }
}

static NOINLINE void fill(void)
{
    for (int i = 0; i < SLOTS; i++) {
        gr_store(&tops[i], box_new(i));
        gr_store(&weaks[i], gr_weak_new(tops[i]));
    }
}

static NOINLINE int count_alive(void)
{
    int n = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct box *b = gr_weak_get(weaks[i]);
        CHECK(b == NULL || b->id == i);
        n += b != NULL;
    }
    return n;
}

static void values(void *unused)
{
    (void)unused;
    fill();
    cycles(3);
    CHECK_EQ(count_alive(), SLOTS);
    for (int i = 0; i < SLOTS; i++)
        CHECK(gr_weak_get(weaks[i]) == tops[i]);
    for (int i = 0; i < SLOTS; i += 2)
        gr_store(&tops[i], NULL);
    cycles(3);
    int alive = count_alive();
    CHECK(alive >= SLOTS / 2 && alive <= SLOTS / 2 + 2);
}

static int64_t global;

static void equality(void *unused)
{
    (void)unused;
    gr_store(&tops[0], box_new(1));
    gr_weak *w = gr_weak_new(tops[0]);
    CHECK(w == gr_weak_new(tops[0]));
    CHECK(w != gr_weak_new(&tops[0]->id));
    CHECK(gr_weak_get(gr_weak_new(&tops[0]->id)) == &tops[0]->id);
    cycles(2);
    CHECK(w == gr_weak_new(tops[0]));
    CHECK(gr_weak_new(NULL) == NULL && gr_weak_get(NULL) == NULL);
    gr_weak *g = gr_weak_new(&global);
    cycles(2);
    CHECK(g == gr_weak_new(&global) && gr_weak_get(g) == &global);
}

static void look(void *object, void *arg)
{
    (void)object;
    CHECK(gr_weak_get(arg) == NULL);
    add_relaxed(&done, 1);
}

static NOINLINE void make_finalized(void)
{
    struct box *b = box_new(1);
    gr_store(&weaks[0], gr_weak_new(b));
    gr_finalizer(b, look, weaks[0]);
}

static void nil_before_finalizer(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++)
        make_finalized();
    /* The last one may be kept by a stale word; when the others are served is not ours. */
    while (load_relaxed(&done) < 3) {
        cycles(1);
        gr_yield();
    }
}

/* Some make strong pointers of weak ones, some drop strong ones, cycles go on. */
static void reader(void *arg)
{
    uint64_t r = (uintptr_t)arg + unit_seed();
    struct box *held[4] = {0};
    while (!load_relaxed(&stop)) {
        uint64_t i = splitmix64(&r) % SLOTS;
        struct box *b = gr_weak_get(gr_pointer_load(&weaks[i]));
        CHECK(b == NULL || b->id == (int64_t)i);
        held[r % 4] = b;
        for (int k = 0; k < 4; k++)
            CHECK(held[k] == NULL || held[k]->id < SLOTS);
    }
    add_acq_rel(&done, 1);
}

static void dropper(void *arg)
{
    uint64_t r = (uintptr_t)arg + 1000 + unit_seed();
    while (!load_relaxed(&stop)) {
        uint64_t i = splitmix64(&r) % SLOTS;
        struct box *b = r % 2 == 0 ? box_new((int64_t)i) : NULL;
        if (b != NULL)
            gr_pointer_store(&weaks[i], gr_weak_new(b));
        gr_pointer_store(&tops[i], b);
        for (int k = 0; k < 50; k++)
            box_new(SLOTS + 1);
    }
    add_acq_rel(&done, 1);
}

static void racing(void *unused)
{
    (void)unused;
    fill();
    for (uintptr_t i = 0; i < 3; i++) {
        gr_go(reader, (void *)i);
        gr_go(dropper, (void *)i);
    }
    for (int i = 0; i < (unit_is_slow() ? 10 : 50); i++)
        gr_gc();
    store_relaxed(&stop, true);
    while (load_acquire(&done) < 6)
        gr_yield();
}

static void value_p2(void)
{
    run_free(2, values, NULL);
}
static void value_controlled(void)
{
    run_seeded(values, NULL, 1, GR_END_OK);
}
static void equal_p2(void)
{
    run_free(2, equality, NULL);
}
static void equal_controlled(void)
{
    run_seeded(equality, NULL, 1, GR_END_OK);
}
static void nil_before_finalizer_p2(void)
{
    run_free(2, nil_before_finalizer, NULL);
}
static void strong_race_p1(void)
{
    run_free(1, racing, NULL);
}
static void strong_race_p4(void)
{
    run_free(4, racing, NULL);
}

static const struct unit_case cases[] = {
    UNIT(value_p2),
    UNIT(value_controlled),
    UNIT(equal_p2),
    UNIT(equal_controlled),
    UNIT(strong_race_p1),
    UNIT(strong_race_p4),
    UNIT(nil_before_finalizer_p2),
};
UNIT_MAIN(cases)
