/* SPDX-License-Identifier: BSD-3-Clause */
/* timer.c - how late sleepers wake and loops give way, and what it costs to keep a million
 * timers.
 *
 * Owns: rows 18 to 22 of the table of goals (figures.toml).  The other side is go/timer.go.
 *
 * Who uses the library gives the memory of a timer back himself; what that costs is a
 * figure of its own, next to a collection on the other side.
 */
#include "bench.h"

#define MS 1000000LL
#define HOUR (3600000LL * MS)

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Microseconds by which the median of n sleeps was too long. */
static double lateness_us(int64_t n, int64_t d)
{
    int64_t *late = malloc((size_t)n * sizeof *late);

    for (int64_t i = 0; i < n; i++) {
        int64_t start = gr_now_ns();
        gr_sleep_ns(d);
        late[i] = gr_now_ns() - start - d;
    }
    qsort(late, (size_t)n, sizeof *late, by_value);
    double median = (double)late[n / 2] / 1e3;
    free(late);
    return median;
}

static void sleep_1ms(int64_t n)
{
    bench_print("sleep-1ms", NULL, lateness_us(n, MS));
}

static void sleep_50us(int64_t n)
{
    bench_print("sleep-50us", NULL, lateness_us(n, MS / 20));
}

struct hogs {
    gr_atomic is_over;
    gr_wg all;
};

static void hog(void *arg)
{
    struct hogs *h = arg;
    uint64_t x = 1;

    while (!gr_atomic_load(&h->is_over)) {
        for (int i = 0; i < 1000; i++)
            x = x * 6364136223846793005u + 1442695040888963407u;
        *(volatile uint64_t *)&x = x;
        gr_point();
    }
    gr_wg_done(&h->all);
}

/* Makes no call at all. */
static void hog_tight(void *arg)
{
    struct hogs *h = arg;
    uint64_t x = 1;

    while (!atomic_load_explicit(&h->is_over, memory_order_relaxed))
        x = x * 6364136223846793005u + 1442695040888963407u;
    *(volatile uint64_t *)&x = x;
    gr_wg_done(&h->all);
}

/* The same among hogs, two for each processor, that never yield by themselves. */
static double lateness_among_us(int64_t n, gr_fn fn)
{
    struct hogs h = {0};
    int hogs = 2 * gr_procs(0);

    gr_wg_add(&h.all, hogs);
    for (int i = 0; i < hogs; i++)
        gr_go(fn, &h);
    double late = lateness_us(n, MS);
    gr_atomic_store(&h.is_over, 1);
    gr_wg_wait(&h.all);
    return late;
}

static void sleep_hogs(int64_t n)
{
    bench_print("sleep-hogs", NULL, lateness_among_us(n, hog));
}

static void sleep_tight(int64_t n)
{
    bench_print("sleep-tight", NULL, lateness_among_us(n, hog_tight));
}

/* Microseconds that a yield takes beside one tight loop: the loop's slice, and whatever
 * its end is late. */
static void hog_delay(int64_t n)
{
    struct hogs h = {0};
    int64_t *took = malloc((size_t)n * sizeof *took);

    gr_wg_add(&h.all, 1);
    gr_go(hog_tight, &h);
    gr_yield();
    for (int64_t i = 0; i < n; i++) {
        int64_t start = gr_now_ns();
        gr_yield();
        took[i] = gr_now_ns() - start;
    }
    gr_atomic_store(&h.is_over, 1);
    gr_wg_wait(&h.all);
    qsort(took, (size_t)n, sizeof *took, by_value);
    bench_print("hog-delay", "p50", (double)took[n / 2] / 1e3);
    bench_print("hog-delay", "p99", (double)took[n * 99 / 100] / 1e3);
    free(took);
}

/* ---- many timers ---- */

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void never(void *arg)
{
    (void)arg;
    abort();
}

static void timers_round(int64_t n, int64_t took[3])
{
    gr_timer **t = malloc((size_t)n * sizeof(gr_timer *));
    uint64_t random = 1;
    int64_t clock[4];

    clock[0] = bench_now_ns();
    for (int64_t i = 0; i < n; i++)
        t[i] = gr_timer_func(HOUR + (int64_t)draw(&random), never, NULL);
    clock[1] = bench_now_ns();
    for (int64_t i = 0; i < n; i++)
        gr_timer_stop(t[i]);
    clock[2] = bench_now_ns();
    for (int64_t i = 0; i < n; i++)
        gr_timer_free(t[i]);
    clock[3] = bench_now_ns();
    for (int i = 0; i < 3; i++)
        took[i] = clock[i + 1] - clock[i];
    free(t);
}

/* Nanoseconds to add, to stop and to give back each of n timers whose time is far. */
static void timers(int64_t n)
{
    static const char *const part[] = {"add", "stop", "free"};
    int64_t took[3];

    timers_round(n / 10 + 1, took);
    timers_round(n, took);
    for (int i = 0; i < 3; i++)
        bench_print("timers", part[i], (double)took[i] / (double)n);
}

static void fired(void *arg)
{
    gr_wg_done(arg);
}

/* n timers whose time comes within 10 ms, each with a goroutine when it fires. */
static void timers_fire(int64_t n)
{
    gr_timer **t = malloc((size_t)n * sizeof(gr_timer *));
    uint64_t random = 1;
    gr_wg all = {0};

    gr_wg_add(&all, n);
    for (int64_t i = 0; i < n; i++)
        t[i] = gr_timer_func((int64_t)(draw(&random) % (10 * MS)), fired, &all);
    gr_wg_wait(&all);
    for (int64_t i = 0; i < n; i++)
        gr_timer_free(t[i]);
    free(t);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"sleep-1ms", NULL, sleep_1ms, "us that a sleep of 1 ms is late, median of OPS"},
        {"sleep-50us", NULL, sleep_50us, "us that a sleep of 50 us is late"},
        {"sleep-hogs", NULL, sleep_hogs,
         "us that a sleep of 1 ms is late among hogs that poll"},
        {"sleep-tight", NULL, sleep_tight, "the same among hogs in tight loops"},
        {"hog-delay", NULL, hog_delay, "us that a yield takes beside a tight loop"},
        {"timers", NULL, timers, "a timer with its time far off: add, stop, free"},
        {"timers-fire", timers_fire, NULL, "a timer added, fired and freed"},
        {0},
    };
    return bench_main(argc, argv, "timer", list);
}
