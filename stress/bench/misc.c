/* SPDX-License-Identifier: BSD-3-Clause */
/* misc.c - calls that may block, calls that are deferred, panics, the clock, and how long
 * the machine itself keeps threads from their processors.
 *
 * Owns: rows 39 to 42 of the table of goals (figures.toml).  The other side is go/misc.go.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

enum { TURNS = 40 };

static int64_t plain_ns(int64_t n)
{
    int64_t start = bench_now_ns();

    for (int64_t i = 0; i < n; i++)
        syscall(SYS_getppid);
    return bench_now_ns() - start;
}

static int64_t bracketed_ns(int64_t n)
{
    int64_t start = bench_now_ns();

    for (int64_t i = 0; i < n; i++) {
        gr_block_begin();
        syscall(SYS_getppid);
        gr_block_end();
    }
    return bench_now_ns() - start;
}

static void *look(void *arg)
{
    int64_t *longest = arg, last = gr_now_ns(), end = last + *longest, gap = 0;

    while (last < end) {
        int64_t now = gr_now_ns();
        gap = now - last > gap ? now - last : gap;
        last = now;
    }
    *longest = gap;
    return NULL;
}

/* Microseconds that one of as many plain threads as there are processors was kept from its
 * own, in n ms in which they do nothing but look at the clock.  No step of any program can
 * be expected to be shorter: rows 36 and 37 are read beside it. */
static void gap(int64_t n)
{
    enum { MOST = 64 };
    int64_t longest[MOST], worst = 0;
    pthread_t threads[MOST];
    int procs = gr_procs(0) < MOST ? gr_procs(0) : MOST;

    for (int i = 0; i < procs; i++) {
        longest[i] = n * 1000000;
        if (pthread_create(&threads[i], NULL, look, &longest[i]) != 0) {
            fputs("gap: a thread cannot be started\n", stderr);
            exit(2);
        }
    }
    for (int i = 0; i < procs; i++) {
        gr_block_begin();
        pthread_join(threads[i], NULL);
        gr_block_end();
        worst = longest[i] > worst ? longest[i] : worst;
    }
    bench_print("gap", NULL, (double)worst / 1e3);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What a bracket adds to a system call: the calls with and without take turns, and the
 * fastest turns are compared.  At least a tenth of a nanosecond is told. */
static void bracket(int64_t n)
{
    int64_t plain = INT64_MAX, bracketed = INT64_MAX, each = n / TURNS + 1;

    for (int i = 0; i < TURNS; i++) {
        plain = least(plain, plain_ns(each));
        bracketed = least(bracketed, bracketed_ns(each));
    }
    double over = (double)(bracketed - plain) / (double)each;
    bench_print("bracket", NULL, over > 0.1 ? over : 0.1);
}

static int64_t count;

static void bump(void *arg)
{
    ++*(int64_t *)arg;
}

static GR_NOINLINE void defer_once(void)
{
    GR_FUNC;
    GR_DEFER(bump, &count);
}

static void defer_one(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        defer_once();
}

enum { DEFERS = 100 };

static GR_NOINLINE void defer_many(void)
{
    GR_FUNC;
    for (int i = 0; i < DEFERS; i++)
        GR_DEFER(bump, &count);
}

static void defer_loop(int64_t n)
{
    for (int64_t i = 0; i < n; i += DEFERS)
        defer_many();
}

static void stop_panic(void *arg)
{
    (void)arg;
    if (gr_recover().kind == GR_INT)
        count++;
}

static GR_NOINLINE int64_t fall(int depth)
{
    if (depth == 0 && count >= 0)
        gr_panic(gr_int(1));
    if (depth == 0)
        return 0;
    int64_t below = fall(depth - 1);
    __asm__ volatile("" : "+r"(below)); /* or the compiler makes a loop of it */
    return below + depth;
}

static GR_NOINLINE void catch_below(int depth)
{
    GR_FUNC;
    GR_DEFER(stop_panic, NULL);
    count += fall(depth);
}

static void panic_1(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        catch_below(0);
}

static void panic_20(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        catch_below(19);
}

static int64_t volatile now;

static void clock_now(int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        now = gr_now_ns();
}

static void clock_since(int64_t n)
{
    int64_t start = gr_now_ns();

    for (int64_t i = 0; i < n; i++)
        now = gr_now_ns() - start;
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"bracket", NULL, bracket, "what a bracket adds to a system call"},
        {"defer", defer_one, NULL, "a call of a function that defers a call"},
        {"defer-loop", defer_loop, NULL, "a call deferred in a loop of 100"},
        {"panic", panic_1, NULL, "a panic one frame below the function that recovers"},
        {"panic-20", panic_20, NULL, "the same 20 frames below"},
        {"clock", clock_now, NULL, "the time now; Go's has the time of day as well"},
        {"gap", NULL, gap, "us that a plain thread was kept from its processor in OPS ms"},
        {"clock-since", clock_since, NULL,
         "the time since a moment, monotonic on both sides"},
        {0},
    };
    return bench_main(argc, argv, "misc", list);
}
