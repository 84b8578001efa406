/* SPDX-License-Identifier: BSD-3-Clause */
/* algo.c - small programs that people compare runtimes with: a ring, fork and join,
 * sorting, a sieve.
 *
 * Owns: rows 27 to 30 of the table of goals (figures.toml).  The other side is go/algo.go.
 */
#include "bench.h"

/* ---- a ring of 1,000 goroutines, a token that is passed n times ---- */

enum { RING = 1000 };

struct seat {
    gr_chan *in, *out;
    gr_wg *all;
};

static void pass(void *arg)
{
    struct seat *s = arg;
    int64_t token;

    for (;;) {
        gr_chan_recv(s->in, &token);
        if (token <= 0)
            break;
        token--;
        gr_chan_send(s->out, &token);
    }
    /* The token has run out: it goes round once more, below zero, and ends everybody. */
    token--;
    if (token > -RING)
        gr_chan_send(s->out, &token);
    gr_wg_done(s->all);
}

static void ring(int64_t n)
{
    static struct seat seat[RING];
    gr_chan *c[RING];
    gr_wg all = {0};

    for (int i = 0; i < RING; i++)
        c[i] = gr_chan_make(sizeof(int64_t), 0);
    gr_wg_add(&all, RING);
    for (int i = 0; i < RING; i++) {
        seat[i] = (struct seat){c[i], c[(i + 1) % RING], &all};
        gr_go(pass, &seat[i]);
    }
    gr_chan_send(c[0], &n);
    gr_wg_wait(&all);
    for (int i = 0; i < RING; i++)
        gr_chan_free(c[i]);
}

/* ---- fork and join ---- */

struct fib {
    gr_wg *joined;
    int64_t n, value;
};

static int64_t fib_of(int64_t n);

static void fib_fork(void *arg)
{
    struct fib *f = arg;

    f->value = fib_of(f->n);
    gr_wg_done(f->joined);
}

static int64_t fib_of(int64_t n)
{
    if (n < 2)
        return n;
    gr_wg joined = {0};
    struct fib left = {&joined, n - 1, 0};
    gr_wg_add(&joined, 1);
    gr_go(fib_fork, &left);
    int64_t right = fib_of(n - 2);
    gr_wg_wait(&joined);
    return left.value + right;
}

static int64_t fib_plain(int64_t n)
{
    return n < 2 ? n : fib_plain(n - 1) + fib_plain(n - 2);
}

/* Nanoseconds for one fork; fib(n) makes fib(n + 1) - 1 of them. */
static void fib(int64_t n)
{
    if (n < 6 || n > 40) {
        fprintf(stderr, "fib %lld: OPS is n here, from 6 to 40\n", (long long)n);
        exit(2);
    }
    fib_of(n - 5);
    int64_t start = bench_now_ns();
    int64_t value = fib_of(n);
    int64_t took = bench_now_ns() - start;
    if (value != fib_plain(n))
        abort();
    bench_print("fib", NULL, (double)took / (double)(fib_plain(n + 1) - 1));
}

/* ---- quicksort, forking down to some thousand elements ---- */

enum { ALONE = 4096, SHORT = 16 };

struct part {
    int32_t *a;
    int64_t n;
    gr_wg *all;
};

static void insertion_sort(int32_t *a, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        int32_t x = a[i];
        int64_t j = i;
        for (; j > 0 && a[j - 1] > x; j--)
            a[j] = a[j - 1];
        a[j] = x;
    }
}

static inline void swap(int32_t *a, int64_t i, int64_t j)
{
    int32_t t = a[i];
    a[i] = a[j];
    a[j] = t;
}

/* Hoare's partition about the median of three; gives the length of the left part. */
static int64_t partition(int32_t *a, int64_t n)
{
    int64_t mid = n / 2, i = -1, j = n;

    if (a[mid] < a[0])
        swap(a, mid, 0);
    if (a[n - 1] < a[0])
        swap(a, n - 1, 0);
    if (a[n - 1] < a[mid])
        swap(a, n - 1, mid);
    int32_t pivot = a[mid];
    for (;;) {
        do
            i++;
        while (a[i] < pivot);
        do
            j--;
        while (a[j] > pivot);
        if (i >= j)
            return j + 1;
        swap(a, i, j);
    }
}

static void sort_alone(int32_t *a, int64_t n)
{
    while (n > SHORT) {
        int64_t left = partition(a, n);
        sort_alone(a, left);
        a += left;
        n -= left;
    }
    insertion_sort(a, n);
}

static void sort_part(void *arg)
{
    struct part *p = arg;
    int32_t *a = p->a;
    int64_t n = p->n;

    while (n > ALONE) {
        int64_t left = partition(a, n);
        struct part *fork = malloc(sizeof *fork);
        *fork = (struct part){a, left, p->all};
        gr_wg_add(p->all, 1);
        gr_go(sort_part, fork);
        a += left;
        n -= left;
    }
    sort_alone(a, n);
    gr_wg_done(p->all);
    free(p);
}

static void fill(int32_t *a, int64_t n)
{
    uint64_t x = 1;

    for (int64_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        a[i] = (int32_t)(x >> 32);
    }
}

static int64_t sort_ns(int32_t *a, int64_t n)
{
    gr_wg all = {0};
    struct part *whole = malloc(sizeof *whole);

    *whole = (struct part){a, n, &all};
    gr_wg_add(&all, 1);
    int64_t start = bench_now_ns();
    gr_go(sort_part, whole);
    gr_wg_wait(&all);
    return bench_now_ns() - start;
}

/* Milliseconds for n numbers. */
static void quicksort(int64_t n)
{
    int32_t *a = malloc((size_t)n * sizeof *a);

    fill(a, (n + 9) / 10);
    sort_ns(a, (n + 9) / 10);
    fill(a, n);
    int64_t took = sort_ns(a, n);
    for (int64_t i = 1; i < n; i++)
        if (a[i - 1] > a[i])
            abort();
    bench_print("quicksort", NULL, (double)took / 1e6);
    free(a);
}

/* ---- the sieve: a goroutine for each prime, a channel between neighbours ---- */

struct filter {
    gr_chan *in, *out;
    int64_t prime;
};

static void count_up(void *arg)
{
    gr_chan *out = arg;

    for (int64_t i = 2;; i++)
        gr_chan_send(out, &i);
}

static void filter(void *arg)
{
    struct filter *f = arg;
    int64_t v;

    for (;;) {
        gr_chan_recv(f->in, &v);
        if (v % f->prime != 0)
            gr_chan_send(f->out, &v);
    }
}

/* The n-th prime.  The chain is left waiting, as in the classic program. */
static int64_t sieve_to(int64_t n)
{
    gr_chan *c = gr_chan_make(sizeof(int64_t), 0);
    int64_t prime = 0;

    gr_go(count_up, c);
    for (int64_t i = 0; i < n; i++) {
        gr_chan_recv(c, &prime);
        struct filter *f = malloc(sizeof *f);
        *f = (struct filter){c, gr_chan_make(sizeof(int64_t), 0), prime};
        gr_go(filter, f);
        c = f->out;
    }
    return prime;
}

/* Milliseconds for the first n primes. */
static void sieve(int64_t n)
{
    sieve_to(n / 10 + 1);
    int64_t start = bench_now_ns();
    int64_t prime = sieve_to(n);
    int64_t took = bench_now_ns() - start;
    if (n == 1000 && prime != 7919)
        abort();
    bench_print("sieve", NULL, (double)took / 1e6);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"ring", ring, NULL, "a pass of the token in a ring of 1,000 goroutines"},
        {"fib", NULL, fib, "a fork and its join, in fib(OPS)"},
        {"quicksort", NULL, quicksort, "ms to sort OPS 32-bit numbers, forking"},
        {"sieve", NULL, sieve, "ms for the first OPS primes, a goroutine for each"},
        {0},
    };
    return bench_main(argc, argv, "algo", list);
}
