/* SPDX-License-Identifier: BSD-3-Clause */
/* heap.c - allocation: zeroed objects full of pointers, each dropped for the next one.
 *
 * Owns: rows 31 and 32 of the table of goals (figures.toml).  The other side is go/heap.go.
 */
#include "bench.h"

#define ONES UINT64_MAX
#define POINTERS(n, ...)                                                                   \
    {                                                                                      \
        .size = (n) * sizeof(void *), .nwords = (n), __VA_ARGS__, .name = "block"          \
    }

static const uint64_t ones_512[] = {ONES, ONES, ONES, ONES, ONES, ONES, ONES, ONES};
static const gr_type block_16 = POINTERS(2, .word = 0x3);
static const gr_type block_64 = POINTERS(8, .word = 0xff);
static const gr_type block_256 = POINTERS(32, .word = 0xffffffff);
static const gr_type block_4096 = POINTERS(512, .ptrs = ones_512);

static void *sink;
GR_ROOT(sink);

static void alloc_16(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        gr_store(&sink, gr_new(&block_16));
}

static void alloc_64(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        gr_store(&sink, gr_new(&block_64));
}

static void alloc_256(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        gr_store(&sink, gr_new(&block_256));
}

static void alloc_4096(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        gr_store(&sink, gr_new(&block_4096));
}

enum { SIDES = 2 };

/* One for each side, on lines of their own. */
static struct {
    void *sink;
    char pad[120];
} sides[SIDES];
GR_ROOT(sides);

struct side {
    void **sink;
    int64_t n;
    gr_wg *wg;
};

static void alloc_side(void *arg)
{
    struct side *s = arg;

    for (int64_t i = 0; i < s->n; i++)
        gr_store(s->sink, gr_new(&block_64));
    gr_wg_done(s->wg);
}

/* Nanoseconds are those of one object, whoever made it. */
static void alloc_64_both(int64_t n)
{
    struct side side[SIDES];
    gr_wg wg = {0};

    gr_wg_add(&wg, SIDES);
    for (int i = 0; i < SIDES; i++) {
        side[i] = (struct side){&sides[i].sink, n / SIDES, &wg};
        gr_go(alloc_side, &side[i]);
    }
    gr_wg_wait(&wg);
}

static const struct bench list[] = {
    {"alloc-16", alloc_16, NULL, "objects of 16 bytes, all pointers"},
    {"alloc-64", alloc_64, NULL, "of 64 bytes"},
    {"alloc-256", alloc_256, NULL, "of 256 bytes"},
    {"alloc-4096", alloc_4096, NULL, "of 4096 bytes"},
    {"alloc-64-both", alloc_64_both, NULL, "of 64 bytes, by two goroutines"},
    {0},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, "heap", list);
}
