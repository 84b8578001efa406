/* SPDX-License-Identifier: BSD-3-Clause */
/* sched.c - what it costs to run goroutines: to yield, to start and end, to wait for one.
 *
 * Owns: rows 2 to 5 of the table of goals (figures.toml).  The other side is go/sched.go.
 */
#include "bench.h"

struct crowd {
    gr_wg all;
    int64_t yields;
};

static void yielder(void *arg)
{
    struct crowd *c = arg;

    for (int64_t i = 0; i < c->yields; i++)
        gr_yield();
    gr_wg_done(&c->all);
}

static void yield_among(int64_t n, int goroutines)
{
    struct crowd c = {.yields = (n + goroutines - 1) / goroutines};

    gr_wg_add(&c.all, goroutines);
    for (int i = 0; i < goroutines; i++)
        gr_go(yielder, &c);
    gr_wg_wait(&c.all);
}

static void yield_2(int64_t n)
{
    yield_among(n, 2);
}

static void yield_10000(int64_t n)
{
    yield_among(n, 10000);
}

static void done(void *arg)
{
    gr_wg_done(arg);
}

enum { BATCH = 100000 };

static void spawn_batch(int64_t n)
{
    gr_wg all = {0};

    for (int64_t left = n; left > 0; left -= BATCH) {
        int64_t batch = left < BATCH ? left : BATCH;
        gr_wg_add(&all, batch);
        for (int64_t i = 0; i < batch; i++)
            gr_go(done, &all);
        gr_wg_wait(&all);
    }
}

static void spawn_join(int64_t n)
{
    gr_wg one = {0};

    for (int64_t i = 0; i < n; i++) {
        gr_wg_add(&one, 1);
        gr_go(done, &one);
        gr_wg_wait(&one);
    }
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"yield-2", yield_2, NULL, "a yield, between two goroutines"},
        {"yield-10000", yield_10000, NULL, "a yield, among 10,000 goroutines"},
        {"spawn-batch", spawn_batch, NULL,
         "a goroutine created, run and ended, 100,000 at a time"},
        {"spawn-join", spawn_join, NULL, "a goroutine started and waited for"},
        {0},
    };
    return bench_main(argc, argv, "sched", list);
}
