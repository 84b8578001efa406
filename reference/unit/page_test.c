/* SPDX-License-Identifier: BSD-3-Clause */
/* page_test.c - the page heap against a model that is an array of bytes. */
#include "unit.h"

#include <string.h>
#include <sys/mman.h>

#include "heap/page.h"
#include "os/os.h"

enum { MODEL_PAGES = 16 * PAGE_CHUNK, RUNS = 4000 };

static char owner[MODEL_PAGES]; /* 0: free */
static bool is_dirty[MODEL_PAGES];

static bool used(size_t page)
{
    return owner[page] != 0;
}

/* The lowest run of n free pages below the top, by looking at each page; 0: none. */
static size_t model_find(size_t n)
{
    size_t run = 0;
    for (size_t p = 1; p < page_top(); p++) {
        run = owner[p] == 0 ? run + 1 : 0;
        if (run == n)
            return p - n + 1;
    }
    return 0;
}

static void boot(void)
{
    heap_bytes = MODEL_PAGES * HEAP_PAGE_BYTES;
    heap_base = os_reserve(heap_bytes, OS_HUGE_BYTES);
    heap_metas = os_reserve(MODEL_PAGES * sizeof *heap_metas, HEAP_PAGE_BYTES);
    CHECK(page_boot(MODEL_PAGES));
}

static size_t take(size_t n)
{
    bool is_zero = false, is_clean = true;
    size_t want = model_find(n);
    size_t at = page_take(n, n == 1, &is_zero);
    CHECK(want == 0 || at == want);
    if (at == 0)
        return 0;
    for (size_t i = at; i < at + n; i++) {
        CHECK(owner[i] == 0);
        owner[i] = 1;
        is_clean = is_clean && !is_dirty[i];
        is_dirty[i] = true;
    }
    CHECK_EQ(is_zero, is_clean);
    memset(heap_page_at(at), 0xee, n * HEAP_PAGE_BYTES);
    return at;
}

static void give(size_t at, size_t n)
{
    memset(&owner[at], 0, n);
    page_give(at, n);
}

static size_t random_pages(struct rand *r)
{
    return rand_below(r, 50) == 0 ? 1 + rand_below(r, 2 * PAGE_CHUNK)
                                  : 1 + rand_below(r, 9);
}

static void lowest_fit_wins(void)
{
    static struct {
        size_t at, n;
    } runs[RUNS];
    struct rand r;
    size_t nruns = 0;
    rand_seed(&r, unit_seed());
    boot();
    for (int i = 0; i < RUNS; i++) {
        size_t n = random_pages(&r), at = rand_below(&r, 5) < 3 ? take(n) : 0;
        if (at != 0) {
            runs[nruns].at = at;
            runs[nruns++].n = n;
        } else if (nruns > 0) {
            size_t k = rand_below(&r, (uint32_t)nruns);
            give(runs[k].at, runs[k].n);
            runs[k] = runs[--nruns];
        }
        if (i % 256 == 0)
            page_check(used);
    }
    page_check(used);
}

static void runs_cross_chunks(void)
{
    boot();
    size_t a = take(PAGE_CHUNK - 100), b = take(50), c = take(3 * PAGE_CHUNK);
    CHECK(a == 1 && b == a + PAGE_CHUNK - 100 && c == b + 50);
    give(c, 3 * PAGE_CHUNK);
    CHECK_EQ(take(2 * PAGE_CHUNK + 1), c);
    page_check(used);
}

static void full_is_zero(void)
{
    boot();
    CHECK_EQ(take(MODEL_PAGES), 0);
    CHECK_EQ(take(MODEL_PAGES - 1), 1);
    CHECK_EQ(take(1), 0);
    give(1, MODEL_PAGES - 1);
    CHECK_EQ(take(1), 1);
    page_check(used);
}

static void refusal_is_no_harm(void)
{
    boot();
    CHECK(failure_arm("heap_grow:1"));
    CHECK_EQ(take(1), 0);
    CHECK_EQ(take(1), 1);
    page_check(used);
}

/* Whether the system has the meta of that page, which had something in it. */
static bool meta_is_gone(size_t page)
{
    return heap_metas[page].slot_bytes == 0;
}

static void scavenged_pages_are_zero(void)
{
    struct page_stats s;
    boot();
    size_t a = take(64), b = take(7), c = take(64), d = take(1);
    for (size_t i = a; i <= d; i++)
        heap_metas[i].slot_bytes = 1;
    give(a, 64);
    give(c, 64);
    page_stats(&s);
    size_t had = s.clean;
    /* The highest first, and not more than asked for. */
    CHECK_EQ(page_scavenge(0, 16 * HEAP_PAGE_BYTES), 16 * HEAP_PAGE_BYTES);
    page_stats(&s);
    CHECK_EQ(s.clean, had + 16);
    CHECK(*heap_page_at(c + 63) == 0 && *heap_page_at(c) != 0);
    size_t align = max_u64(1, os_page_bytes() >> HEAP_PAGE_SHIFT);
    size_t all = page_scavenge(0, SIZE_MAX);
    CHECK(all <= 112 * HEAP_PAGE_BYTES &&
          all + 4 * align * HEAP_PAGE_BYTES >= 112 * HEAP_PAGE_BYTES);
    CHECK(*heap_page_at(c) == 0 && *heap_page_at(b) != 0 && *heap_page_at(d) != 0);
    if (os_page_bytes() <= 8 * sizeof *heap_metas)
        CHECK(meta_is_gone(a + 32) && meta_is_gone(c + 32));
    for (size_t i = b; i < b + 7; i++)
        CHECK(!meta_is_gone(i));
    CHECK(!meta_is_gone(d));
    page_check(used);
    for (size_t i = align_up(a, align); i < align_down(a + 64, align); i++)
        is_dirty[i] = false;
    for (size_t i = align_up(c, align); i < align_down(c + 64, align); i++)
        is_dirty[i] = false;
    CHECK_EQ(take(64), a);
    page_check(used);
}

static void short_runs_and_what_is_retained_stay(void)
{
    struct page_stats s;
    boot();
    size_t a = take(7), b = take(1), c = take(100);
    give(a, 7);
    CHECK_EQ(page_scavenge(0, SIZE_MAX), 0);
    give(c, 100);
    page_stats(&s);
    uint64_t has = (s.top - s.clean) * HEAP_PAGE_BYTES;
    CHECK_EQ(page_scavenge(has, SIZE_MAX), 0);
    CHECK_EQ(page_scavenge(has - 32 * HEAP_PAGE_BYTES, SIZE_MAX), 32 * HEAP_PAGE_BYTES);
    page_check(used);
    (void)b;
}

enum { BLOCK_PAGES = PAGE_CHUNK / 2 };

/* Takes so many pages, one by one.  Gives: how many huge ones were asked for. */
static size_t take_many(size_t n, bool is_dense)
{
    struct page_stats before, after;
    bool is_zero;
    page_stats(&before);
    for (size_t i = 0; i < n; i++)
        CHECK(page_take(1, is_dense, &is_zero) != 0);
    page_stats(&after);
    return after.huge - before.huge;
}

/* One for each block whose first page is dense, as most of those before. */
static void huge_where_dense(void)
{
    boot();
    CHECK_EQ(take_many(PAGE_CHUNK - 1, true), 0); /* the first ones: small programs */
    CHECK_EQ(take_many(1, true), 1);
    CHECK_EQ(take_many(BLOCK_PAGES, true), 1);
    CHECK_EQ(take_many(BLOCK_PAGES - 1, true), 0);
    CHECK_EQ(take_many(4 * BLOCK_PAGES, false), 0);
    CHECK_EQ(take_many(1, true), 0);
    CHECK_EQ(take_many(4 * BLOCK_PAGES - 1, true), 3);
    CHECK_EQ(take_many(1, false), 0);
    CHECK_EQ(take_many(1, true), 0); /* that block is touched */
}

/* Pages of the system that are in memory, in n pages at `at`. */
static size_t resident(size_t at, size_t n)
{
    static unsigned char is_in[MODEL_PAGES * HEAP_PAGE_BYTES / 4096];
    size_t bytes = n * HEAP_PAGE_BYTES, found = 0;
    CHECK_EQ(mincore(heap_page_at(at), bytes, is_in), 0);
    for (size_t i = 0; i < bytes / os_page_bytes(); i++)
        found += is_in[i] & 1;
    return found;
}

static size_t clean(void)
{
    struct page_stats s;
    page_stats(&s);
    return s.clean;
}

/* With none ready the next block but one comes first; then the next; two are enough. */
static void two_are_ready_ahead(void)
{
    boot();
    CHECK_EQ(take_many(PAGE_CHUNK - 1, true), 0);
    size_t first = page_top(), top = first + PAGE_CHUNK;
    CHECK(page_ahead());
    CHECK_EQ(page_top(), top);
    CHECK_EQ(resident(first, BLOCK_PAGES), 0);
    CHECK(resident(first + BLOCK_PAGES, BLOCK_PAGES) > 0);
    CHECK_EQ(clean(), BLOCK_PAGES);
    CHECK(!page_ahead());
    CHECK(resident(first, BLOCK_PAGES) > 0);
    CHECK_EQ(clean(), 0);
    CHECK(!page_ahead());
    CHECK_EQ(page_top(), top);
}

/* Whoever takes a part of a block, it is zero, and no longer counts as ready. */
static void ready_ones_are_taken(void)
{
    bool is_zero = false;
    boot();
    take_many(PAGE_CHUNK - 1, true);
    size_t first = page_top();
    while (page_ahead())
        ;
    CHECK_EQ(page_take(1, true, &is_zero), first);
    CHECK(is_zero);
    CHECK_EQ(clean(), BLOCK_PAGES - 1);
    CHECK(!page_ahead()); /* in place of it the one after the other ready one */
    CHECK_EQ(clean(), BLOCK_PAGES - 1 + BLOCK_PAGES);
    CHECK_EQ(page_take(2 * BLOCK_PAGES - 2, false, &is_zero), first + 1);
    CHECK(is_zero);
    CHECK_EQ(clean(), 1 + BLOCK_PAGES);
    CHECK(!page_ahead()); /* the other one is not ready any more */
    CHECK_EQ(clean(), 1);
}

static void ready_ones_go_back_first(void)
{
    boot();
    size_t a = take(1), b = take(PAGE_CHUNK - 2);
    while (page_ahead())
        ;
    size_t first = page_top() - PAGE_CHUNK;
    give(b, PAGE_CHUNK - 2);
    CHECK_EQ(page_scavenge(0, 1), OS_HUGE_BYTES);
    CHECK_EQ(resident(first + BLOCK_PAGES, BLOCK_PAGES), 0);
    CHECK(resident(first, BLOCK_PAGES) > 0);
    CHECK_EQ(page_scavenge(0, 1), OS_HUGE_BYTES);
    CHECK_EQ(resident(first, BLOCK_PAGES), 0);
    CHECK(resident(b, 1) > 0);
    page_check(used);
    (void)a;
}

static void nothing_is_ready_of_a_full_heap(void)
{
    bool is_zero;
    boot();
    CHECK(page_take(MODEL_PAGES - 1, true, &is_zero) != 0);
    CHECK(!page_ahead());
}

static void damage_of_a_counter(void)
{
    boot();
    size_t a = take(10);
    owner[a + 3] = 0;
    page_check(used);
}

static void damage_of_a_page(void)
{
    boot();
    size_t a = take(10);
    owner[a + 10] = 1;
    page_check(used);
}

static const struct unit_case cases[] = {
    UNIT(lowest_fit_wins),
    UNIT(runs_cross_chunks),
    UNIT(full_is_zero),
    UNIT(refusal_is_no_harm),
    UNIT(scavenged_pages_are_zero),
    UNIT(short_runs_and_what_is_retained_stay),
    UNIT(huge_where_dense),
    UNIT(two_are_ready_ahead),
    UNIT(ready_ones_are_taken),
    UNIT(ready_ones_go_back_first),
    UNIT(nothing_is_ready_of_a_full_heap),
    UNIT_EXITS(damage_of_a_counter, 2,
               "fatal error: runtime: heap: a page is neither free nor in a span\n"),
    UNIT_EXITS(damage_of_a_page, 2,
               "fatal error: runtime: heap: a page of a span is free\n"),
};
UNIT_MAIN(cases)
