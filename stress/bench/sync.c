/* SPDX-License-Identifier: BSD-3-Clause */
/* sync.c - what a mutex costs: alone, fought for, and held while others want it.
 *
 * Owns: rows 15 to 17 of the table of goals (figures.toml).  The other side is go/sync.go.
 */
#include "bench.h"

static void mutex(int64_t n)
{
    gr_mutex m = {0};

    for (int64_t i = 0; i < n; i++) {
        gr_mutex_lock(&m);
        gr_mutex_unlock(&m);
    }
}

struct fight {
    gr_mutex m;
    gr_wg all;
    int64_t each, count;
};

static void fighter(void *arg)
{
    struct fight *f = arg;

    for (int64_t i = 0; i < f->each; i++) {
        gr_mutex_lock(&f->m);
        f->count++;
        gr_mutex_unlock(&f->m);
    }
    gr_wg_done(&f->all);
}

static void holder(void *arg)
{
    struct fight *f = arg;

    for (int64_t i = 0; i < f->each; i++) {
        gr_mutex_lock(&f->m);
        f->count++;
        gr_yield();
        gr_mutex_unlock(&f->m);
    }
    gr_wg_done(&f->all);
}

static void fight_among(int64_t n, int goroutines, gr_fn fn)
{
    struct fight f = {.each = (n + goroutines - 1) / goroutines};

    gr_wg_add(&f.all, goroutines);
    for (int i = 0; i < goroutines; i++)
        gr_go(fn, &f);
    gr_wg_wait(&f.all);
    if (f.count != f.each * goroutines)
        abort();
}

static void mutex_16(int64_t n)
{
    fight_among(n, 16, fighter);
}

static void mutex_1000(int64_t n)
{
    fight_among(n, 1000, fighter);
}

static void mutex_yield(int64_t n)
{
    fight_among(n, 8, holder);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"mutex", mutex, NULL, "lock and unlock, alone"},
        {"mutex-16", mutex_16, NULL, "lock and unlock, 16 goroutines fighting"},
        {"mutex-1000", mutex_1000, NULL, "lock and unlock, 1,000 goroutines fighting"},
        {"mutex-yield", mutex_yield, NULL, "lock, yield and unlock, 8 goroutines fighting"},
        {0},
    };
    return bench_main(argc, argv, "sync", list);
}
