/* SPDX-License-Identifier: BSD-3-Clause */
/* heap_test.c - floor heap: objects are apart, zero and aligned; sweeping keeps what is
 * marked and nothing else; all equations hold, and damage to any of them is named.
 *
 * The collector here is the test: it stops the world and marks what it knows.
 */
#include "heaprt.h"

#include <signal.h>
#include <string.h>

static const gr_type word_type = GR_TYPE_PLAIN(uint64_t);

static void check_world(void)
{
    sched_stop_world("check");
    heap_check();
    sched_start_world();
}

static bool is_zero(const char *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* ---- allocation ---------------------------------------------------------------------- */

static size_t sizes[2048], nsizes;
static gr_type types[2048]; /* types live for ever */

/* Around every class, and large ones. */
static void sizes_choose(void)
{
    nsizes = 0;
    for (uint32_t i = 1; i < HEAP_CLASSES; i++)
        for (int d = -1; d <= 1; d++)
            sizes[nsizes++] = heap_classes[i].bytes + (size_t)(int64_t)d;
    for (size_t b = 1; b < 16; b++)
        sizes[nsizes++] = b;
    for (size_t b = HEAP_SMALL_BYTES + 1; b < (unit_is_slow() ? 300000 : 3000000);
         b = b * 5 / 4)
        sizes[nsizes++] = b;
}

static void every_size_main(void *unused)
{
    static char *at[2048];
    (void)unused;
    sizes_choose();
    for (size_t i = 0; i < nsizes; i++) {
        types[i] = (gr_type){.size = sizes[i], .name = "t"};
        at[i] = i % 2 == 0 ? gr_new(&types[i]) : gr_new_bytes((int64_t)sizes[i]);
        CHECK(is_zero(at[i], sizes[i]));
        CHECK(gr_size_of(at[i]) >= sizes[i]);
        CHECK(gr_size_of(at[i] + sizes[i] - 1) == gr_size_of(at[i]));
        size_t align = min_u64(sizes[i] & -sizes[i], 16);
        CHECK((uintptr_t)at[i] % align == 0);
        CHECK(sizes[i] % 4096 != 0 || (uintptr_t)at[i] % 4096 == 0);
        memset(at[i], (int)(i % 251) + 1, sizes[i]);
    }
    for (size_t i = 0; i < nsizes; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            CHECK_EQ((unsigned char)at[i][k], (unsigned char)(i % 251 + 1));
    check_world();
}

static void every_size(void)
{
    on_one(every_size_main);
}

static void arrays_main(void *unused)
{
    (void)unused;
    char *none = gr_new_array(&pair_type, 0);
    CHECK(none != NULL && gr_size_of(none) == 0 && gr_new_bytes(0) != NULL);
    for (int64_t n = 1; n < 5000; n = n * 3 / 2 + 1) {
        struct pair *p = gr_new_array(&pair_type, n);
        CHECK(is_zero((char *)p, (size_t)n * sizeof *p));
        memset(p, 0x11, (size_t)n * sizeof *p);
    }
    check_world();
}

static void arrays(void)
{
    on_one(arrays_main);
}

/* Which words of a small object the collector would look at. */
static uint64_t bits_of(void *p, size_t words)
{
    struct heap_ref r;
    uint64_t bits = 0;
    CHECK(heap_find(p, &r));
    for (size_t i = 0; i < words; i++) {
        uint32_t at = (uint32_t)((uintptr_t)r.base % HEAP_PAGE_BYTES / 8 + i);
        bits |= (uint64_t)heap_bit(r.meta->ptrs, at) << i;
    }
    return bits;
}

struct wide {
    void *at[40];
};
static const uint64_t wide_bits[] = {0x8000000001};
static const gr_type wide_type = {
    .size = sizeof(struct wide), .nwords = 40, .ptrs = wide_bits, .name = "wide"};

static void types_main(void *unused)
{
    static void *at[3000];
    struct heap_ref r;
    (void)unused;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(at); i++)
            at[i] = i % 3 == 0   ? gr_new(&pair_type)
                    : i % 3 == 1 ? gr_new(&wide_type)
                                 : gr_new_array(&gr_type_pointer, 1 + (int64_t)i % 60);
        for (size_t i = 0; i < ARRAY_LEN(at); i++) {
            size_t n = 1 + i % 60;
            uint64_t want = i % 3 == 0   ? 1
                            : i % 3 == 1 ? wide_bits[0]
                                         : ((uint64_t)1 << n) - 1;
            CHECK_EQ(bits_of(at[i], gr_size_of(at[i]) / 8), want);
        }
        collect(at, ARRAY_LEN(at) / 2 * (size_t)(round % 2));
    }
    void *p = gr_new_array(&pair_type, 100);
    CHECK(heap_find(p, &r) && load_relaxed(&r.meta->types[r.slot]) == &pair_type);
    p = gr_new_array(&pair_type, 10000);
    CHECK(heap_find(p, &r) && load_relaxed(&r.meta->types[0]) == &pair_type);
}

static void types_are_written_down(void)
{
    on_one(types_main);
}

static void tiny_main(void *unused)
{
    static char *at[4000];
    static size_t size[4000];
    struct rand r;
    (void)unused;
    rand_seed(&r, unit_seed());
    size_t distinct = 0;
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        size[i] = 1 + rand_below(&r, 15);
        at[i] = gr_new_bytes((int64_t)size[i]);
        CHECK((uintptr_t)at[i] % (size[i] & -size[i]) == 0);
        CHECK(is_zero(at[i], size[i]));
        memset(at[i], (int)(i % 255) + 1, size[i]);
        distinct += i == 0 || (uintptr_t)at[i] / 16 != (uintptr_t)at[i - 1] / 16;
    }
    CHECK(distinct < ARRAY_LEN(at) * 3 / 4);
    for (size_t i = 0; i < ARRAY_LEN(at); i++)
        for (size_t k = 0; k < size[i]; k++)
            CHECK_EQ((unsigned char)at[i][k], (unsigned char)(i % 255 + 1));
    /* What is in the slot that is being filled when marking begins must not be lost. */
    char *a = gr_new_bytes(1);
    collect((void **)&a, 1);
    char *b = gr_new_bytes(1);
    CHECK((uintptr_t)a / 16 != (uintptr_t)b / 16);
    check_world();
}

static void tiny_ones_share(void)
{
    on_one(tiny_main);
}

static void impossible_main(void *unused)
{
    (void)unused;
    gr_new_array(&word_type, INT64_MAX / 4);
}

static void impossible_length(void)
{
    on_one(impossible_main);
}

static void too_large_main(void *unused)
{
    (void)unused;
    gr_new_array(&word_type, (int64_t)1 << 42);
}

static void too_large_for_the_heap(void)
{
    on_one(too_large_main);
}

static void controlled_main(void *unused)
{
    struct pair *last = NULL;
    (void)unused;
    for (int i = 0; i < 3000; i++) {
        struct pair *p = gr_new(&pair_type);
        CHECK(p->a == NULL && p->b == NULL && p != last);
        p->a = p->b = last;
        last = p;
        gr_new_bytes(i);
    }
}

static void controlled_runs_allocate(void)
{
    run_seeds(controlled_main, 3, GR_END_OK);
    heap_check();
}

/* ---- sweeping ------------------------------------------------------------------------ */

enum { MANY = 6000 };
static char *objects[MANY];
static size_t object_bytes[MANY];
static gr_type object_types[MANY / 2];

static void make(size_t i, struct rand *r)
{
    static const uint32_t most[] = {15, 64, 600, 5000, 40000};
    object_bytes[i] = 1 + rand_below(r, most[rand_below(r, 100) % 17 % ARRAY_LEN(most)]);
    gr_type *t = &object_types[rand_below(r, ARRAY_LEN(object_types))];
    if (t->size == 0)
        *t = (gr_type){.size = object_bytes[i], .nwords = i % 2 && object_bytes[i] >= 8};
    t->word = t->nwords;
    object_bytes[i] = t->size;
    objects[i] = gr_new(t);
    CHECK(is_zero(objects[i], object_bytes[i]));
    memset(objects[i], (int)(i % 255) + 1, object_bytes[i]);
}

static void check_object(size_t i)
{
    for (size_t k = 0; k < object_bytes[i]; k++)
        CHECK_EQ((unsigned char)objects[i][k], (unsigned char)(i % 255 + 1));
}

static void survivors_main(void *unused)
{
    struct rand r;
    (void)unused;
    rand_seed(&r, unit_seed());
    for (int round = 0; round < (unit_is_slow() ? 5 : 25); round++) {
        for (size_t i = 0; i < MANY; i++)
            if (objects[i] == NULL)
                make(i, &r);
        for (size_t i = 0; i < MANY; i++) {
            check_object(i);
            if (rand_below(&r, 4) < (uint32_t)round % 4)
                objects[i] = NULL;
        }
        collect((void **)objects, MANY);
        if (round % 3 == 0)
            heap_sweep_all();
        else if (round % 3 == 1)
            heap_sweep_some(100);
        check_world();
    }
}

static void survivors_keep_their_contents(void)
{
    on_one(survivors_main);
}

static void black_main(void *unused)
{
    static void *fresh[2000];
    (void)unused;
    for (int i = 0; i < 1000; i++)
        gr_new(&pair_type);
    sched_stop_world("test");
    heap_flush();
    heap_mark_begin(false);
    sched_start_world();
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
        fresh[i] = i % 100 == 0 ? gr_new_bytes(50000)
                                : gr_new_array(&pair_type, 1 + (int64_t)i % 50);
    sched_stop_world("test");
    heap_check();
    heap_mark_end(0);
    heap_check();
    sched_start_world();
    heap_sweep_all();
    for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
        CHECK(gr_size_of(fresh[i]) > 0);
    struct gr_mem_stats s;
    sched_stop_world("test");
    heap_stats(&s);
    sched_start_world();
    CHECK_EQ(s.heap_objects, ARRAY_LEN(fresh));
    check_world();
}

static void what_is_new_while_marking_survives(void)
{
    on_one(black_main);
}

static void stats_of(struct gr_mem_stats *s)
{
    sched_stop_world("test");
    heap_stats(s);
    sched_start_world();
}

static void figures_main(void *unused)
{
    struct gr_mem_stats a, b;
    (void)unused;
    gr_new(&pair_type);
    stats_of(&a);
    for (int i = 0; i < 1234; i++)
        gr_new(&wide_type);
    gr_new_bytes(100000);
    gr_new_bytes(3);
    gr_new_bytes(3);
    stats_of(&b);
    CHECK_EQ(b.mallocs - a.mallocs, 1234 + 3);
    CHECK_EQ(b.total_alloc - a.total_alloc, 1234 * 320 + 106496 + 16);
    CHECK_EQ(b.heap_alloc - a.heap_alloc, b.total_alloc - a.total_alloc);
    CHECK_EQ(b.frees, 1); /* the second tiny one: counted at once, it is nobody's slot */
    collect(NULL, 0);
    stats_of(&a);
    CHECK(a.frees == 1 && a.mallocs == b.mallocs && a.heap_alloc == b.heap_alloc);
    heap_sweep_all();
    stats_of(&a);
    CHECK(a.heap_objects == 0 && a.heap_alloc == 0 && a.frees == a.mallocs);
    CHECK_EQ(a.heap_sys, a.heap_inuse + a.heap_idle);
    CHECK(a.heap_released <= a.heap_idle && a.heap_inuse < 100000);
    CHECK_EQ(heap_live(), 0);
    check_world();
}

static void figures_are_exact(void)
{
    on_one(figures_main);
}

/* ---- many at once -------------------------------------------------------------------- */

enum { WORKERS = 8 };
static char *kept[WORKERS][500];
static gr_wg done;
static _Atomic int rounds_left;

static void worker(void *arg)
{
    int64_t me = (int64_t)(intptr_t)arg;
    struct rand r;
    rand_seed(&r, (uint64_t)me + unit_seed());
    while (atomic_load(&rounds_left) > 0) {
        for (size_t i = 0; i < ARRAY_LEN(kept[me]); i++) {
            char *p = kept[me][i];
            for (size_t k = 0; p != NULL && k < 24; k++)
                CHECK_EQ(p[k], me + 1);
            if (rand_below(&r, 2) == 0)
                continue;
            p = rand_below(&r, 200) == 0 ? gr_new_bytes(40000)
                                         : gr_new_bytes(24 + rand_below(&r, 400));
            CHECK(is_zero(p, 24));
            memset(p, (int)me + 1, 24);
            kept[me][i] = p;
        }
        heap_sweep_some(4);
        gr_yield();
    }
    gr_wg_done(&done);
}

static void storm_main(void *unused)
{
    (void)unused;
    atomic_store(&rounds_left, unit_is_slow() ? 20 : 100);
    gr_wg_add(&done, WORKERS);
    for (int64_t i = 0; i < WORKERS; i++)
        gr_go(worker, (void *)(intptr_t)i);
    for (; atomic_load(&rounds_left) > 0; atomic_fetch_sub(&rounds_left, 1)) {
        collect((void **)kept, sizeof kept / sizeof(void *));
        gr_yield();
    }
    gr_wg_wait(&done);
    heap_sweep_all();
    check_world();
}

static void eight_at_once(void)
{
    base_boot();
    env_knobs.asyncpreemptoff = 1; /* this collector does not see what is in registers */
    run_free(8, storm_main, NULL);
}

/* ---- debug modes --------------------------------------------------------------------- */

static void with_poison(void)
{
    base_boot();
    env_knobs.poison = env_knobs.heapcheck = 1;
    on_one(survivors_main);
}

static void shuffled_main(void *unused)
{
    static void *at[100];
    size_t up = 0;
    (void)unused;
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        at[i] = gr_new(&pair_type);
        up += i > 0 && (char *)at[i] == (char *)at[i - 1] + 16;
        for (size_t k = 0; k < i; k++)
            CHECK(at[k] != at[i]);
    }
    CHECK(up < 20);
    survivors_main(NULL);
}

static void shuffled(void)
{
    base_boot();
    env_knobs.heapshuffle = env_knobs.poison = 1;
    on_one(shuffled_main);
}

UNWATCHED static void stale_main(void *unused)
{
    static char *volatile stale;
    (void)unused;
    stale = gr_new_bytes(100);
    collect(NULL, 0);
    heap_sweep_all();
    stale[5] = 1;
    for (int i = 0; i < 1000; i++)
        gr_new_bytes(100);
}

static void write_after_the_end(void)
{
    base_boot();
    env_knobs.poison = 1;
    on_one(stale_main);
}

static void behind_main(void *unused)
{
    static char *volatile p;
    (void)unused;
    if (!GR_ASAN)
        unit_skip("only AddressSanitizer sees it");
    p = gr_new_bytes(100);
    p[100] = 1;
}

static void write_behind_the_end(void)
{
    on_one(behind_main);
}

static const struct unit_case cases[] = {
    UNIT(every_size),
    UNIT(arrays),
    UNIT(types_are_written_down),
    UNIT(tiny_ones_share),
    UNIT_EXITS(impossible_length, 2, "panic: runtime error: makeslice: len out of range"),
    UNIT_EXITS(too_large_for_the_heap, 2, "gr: no room for "),
    UNIT(controlled_runs_allocate),
    UNIT(survivors_keep_their_contents),
    UNIT(what_is_new_while_marking_survives),
    UNIT(figures_are_exact),
    UNIT(eight_at_once),
    UNIT(with_poison),
    UNIT(shuffled),
    UNIT_EXITS(write_after_the_end, 2, "gr: free memory at "),
    UNIT_DIES(write_behind_the_end, SIGABRT),
};
UNIT_MAIN(cases)
