/* SPDX-License-Identifier: BSD-3-Clause */
/* stack.c - what it costs to have very many goroutines, and to use much stack.
 *
 * Owns: rows 23 to 26 of the table of goals (figures.toml).  The other side is go/stack.go.
 */
#include <unistd.h>

#include "bench.h"

struct parked {
    gr_chan *gate;
    gr_atomic there;
    gr_wg all;
};

static void park(void *arg)
{
    struct parked *p = arg;

    gr_atomic_add(&p->there, 1);
    gr_chan_recv(p->gate, NULL);
    gr_wg_done(&p->all);
}

/* n goroutines that wait on one channel.  Gives: the nanoseconds until they do. */
static int64_t park_all(struct parked *p, int64_t n, unsigned options)
{
    int64_t start = bench_now_ns();

    gr_wg_add(&p->all, n);
    for (int64_t i = 0; i < n; i++)
        gr_go_opt(park, p, options);
    while (gr_atomic_load(&p->there) < n)
        gr_yield();
    return bench_now_ns() - start;
}

/* Closes the channel.  Gives: the nanoseconds until all are woken and gone. */
static int64_t release_all(struct parked *p)
{
    int64_t start = bench_now_ns();

    gr_chan_close(p->gate);
    gr_wg_wait(&p->all);
    int64_t end = bench_now_ns();
    gr_chan_free(p->gate);
    return end - start;
}

static void parked(int64_t n)
{
    struct parked p = {.gate = gr_chan_make(0, 0)};
    double before = bench_resident();
    int64_t spawn = park_all(&p, n, 0);
    double after = bench_resident();

    bench_print("parked", "bytes", (after - before) / (double)n);
    bench_print("parked", "spawn", (double)spawn / (double)n);
    bench_print("parked", "wake", (double)release_all(&p) / (double)n);
}

/* The same when the stacks of those that wait have been packed, as they are by themselves
 * after some seconds: who spawned them has promised that nothing on them is written to
 * meanwhile.  The other side has no such promise, and is measured as it is. */
static void squeezed(int64_t n)
{
    struct parked p = {.gate = gr_chan_make(0, 0)};
    struct gr_stats stats;
    double before = bench_resident();

    park_all(&p, n, GR_NOESCAPE);
    gr_stack_trim();
    double after = bench_resident();
    gr_stats_read(&stats);
    if (stats.squeezed < (uint64_t)n) {
        fprintf(stderr, "stack: %llu of %lld stacks were squeezed\n",
                (unsigned long long)stats.squeezed, (long long)n);
        exit(2);
    }
    bench_print("squeezed", "bytes", (after - before) / (double)n);
    bench_print("squeezed", "wake", (double)release_all(&p) / (double)n);
}

/* A frame of a kilobyte that is written to. */
static GR_NOINLINE int64_t deep(int depth)
{
    volatile char frame[960];

    for (size_t i = 0; i < sizeof frame; i += 64)
        frame[i] = (char)depth;
    return depth == 0 ? frame[0] : deep(depth - 1) + frame[64];
}

enum { FRAMES = 64 };

static void go_deep(void *arg)
{
    deep(FRAMES);
    gr_wg_done(arg);
}

static void deep_stack(int64_t n)
{
    gr_wg one = {0};

    for (int64_t i = 0; i < n; i++) {
        gr_wg_add(&one, 1);
        gr_go(go_deep, &one);
        gr_wg_wait(&one);
    }
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"parked", NULL, parked, "OPS goroutines that wait: bytes, spawn, wake and exit"},
        {"squeezed", NULL, squeezed, "the same with packed stacks: bytes, wake and exit"},
        {"deep-stack", deep_stack, NULL, "a goroutine that uses 64 KiB of stack"},
        {0},
    };
    return bench_main(argc, argv, "stack", list);
}
