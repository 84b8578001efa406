/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdatomic.h>

#include "collect.h"

#define ROUNDS 10
#define HOGS 2

static bool has_loops;
static gr_atomic is_over, started;
static gr_wg askers, others;
static int nowhere;

static void collects(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        gr_gc();
    gr_wg_done(&askers);
}

static void changes_procs(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        gr_procs(1 + i % 4);
    gr_wg_done(&askers);
}

static void asks_figures(void *unused)
{
    struct gr_mem_stats s;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        gr_mem_stats(&s);
    gr_wg_done(&askers);
}

static void dumps(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        gr_dump(nowhere);
    gr_wg_done(&askers);
}

static void allocates(void *unused)
{
    (void)unused;
    while (gr_atomic_load(&is_over) == 0)
        for (int i = 0; i < 100; i++)
            object_new(i);
    gr_wg_done(&others);
}

static void waits(void *unused)
{
    (void)unused;
    while (gr_atomic_load(&is_over) == 0)
        gr_yield();
    gr_wg_done(&others);
}

static void together(void)
{
    static const gr_fn asks[] = {collects, changes_procs, asks_figures, dumps};
    gr_wg_add(&askers, 8);
    gr_wg_add(&others, 2);
    gr_go(allocates, NULL);
    gr_go(waits, NULL);
    for (int i = 0; i < 8; i++)
        gr_go(asks[i % 4], NULL);
    gr_wg_wait(&askers);
    gr_atomic_store(&is_over, 1);
    gr_wg_wait(&others);
    puts("collections, changes, figures and dumps: all over");
}

/* No call once it has begun. */
static void loops(void *unused)
{
    (void)unused;
    gr_atomic_add(&started, 1);
    while (atomic_load_explicit(&is_over, memory_order_relaxed) == 0)
        ;
    gr_wg_done(&others);
}

static void beside_loops(void)
{
    gr_wg_add(&others, HOGS);
    for (int i = 0; i < HOGS; i++)
        gr_go(loops, NULL);
    while (gr_atomic_load(&started) < HOGS)
        gr_yield();
    gr_gc();
    puts("a collection beside loops without calls: over");
    gr_atomic_store(&is_over, 1);
    gr_wg_wait(&others);
}

static void body(void *unused)
{
    (void)unused;
    if (has_loops)
        beside_loops();
    else
        together();
}

int main(int argc, char **argv)
{
    (void)argv;
    has_loops = argc > 1;
    nowhere = open("/dev/null", O_WRONLY);
    need(nowhere >= 0, "/dev/null");
    return gr_main(body, NULL);
}
