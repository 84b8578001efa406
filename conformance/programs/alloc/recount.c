/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define WORKERS 4
#define ROUNDS 20
#define OBJECTS 1500 /* of each small size, a round */

static const int64_t sizes[] = {16, 48, 112, 1024, 8192, 100000};
#define SIZES ((int)(sizeof sizes / sizeof *sizes))
static gr_wg over;

/* Of large ones fewer. */
static int64_t count_of(int64_t size)
{
    return size <= 112 ? OBJECTS : OBJECTS * 16 / size + 1;
}

static void allocates(void *unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        for (int k = 0; k < SIZES; k++)
            for (int64_t i = count_of(sizes[k]); i > 0; i--)
                gr_new_bytes(sizes[k]);
        gr_yield();
    }
    gr_wg_done(&over);
}

/* What a class adds to a size is no more than a quarter. */
static void compare(const struct gr_mem_stats *a, const struct gr_mem_stats *b)
{
    uint64_t objects = 0, bytes = 0;
    for (int k = 0; k < SIZES; k++) {
        uint64_t n = (uint64_t)count_of(sizes[k]) * ROUNDS * WORKERS;
        objects += n;
        bytes += n * (uint64_t)sizes[k];
    }
    uint64_t made = b->mallocs - a->mallocs, took = b->total_alloc - a->total_alloc;
    need(made >= objects && made <= objects + 1000, "objects are not what was made");
    need(took >= bytes && took <= bytes + bytes / 4, "bytes are not what was made");
}

static void body(void *unused)
{
    static struct gr_mem_stats a, b, c;
    (void)unused;
    collect();
    gr_mem_stats(&a);
    gr_wg_add(&over, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        gr_go(allocates, NULL);
    gr_wg_wait(&over);
    gr_mem_stats(&b);
    compare(&a, &b);
    puts("what was made is counted");
    collect();
    gr_mem_stats(&c);
    need(c.frees - a.frees + 1000 >= b.mallocs - a.mallocs, "objects are not freed");
    need(c.heap_objects <= a.heap_objects + 1000, "more objects than at first");
    need(c.heap_alloc <= a.heap_alloc + (1 << 20), "more bytes than at first");
    puts("what was freed is counted");
}

int main(void)
{
    return gr_main(body, NULL);
}
