/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"

/* A series is a channel of its coefficients, rational numbers; who reads it closes it by
 * dropping it: the writers are left waiting when the program ends. */
struct rat {
    int64_t num, den;
};

/* As many coefficients as are shown at all: the tangent feeds itself and runs ahead of its
 * reader as far as its queues let it, and the next ones are too large for 64 bits. */
enum { TERMS = 13 };

static int64_t gcd(int64_t a, int64_t b)
{
    return b == 0 ? (a < 0 ? -a : a) : gcd(b, a % b);
}

static struct rat rat(int64_t num, int64_t den)
{
    int64_t g = gcd(num, den);
    return (struct rat){num / g, den / g};
}

static struct rat add(struct rat a, struct rat b)
{
    int64_t g = gcd(a.den, b.den);
    return rat(a.num * (b.den / g) + b.num * (a.den / g), a.den / g * b.den);
}

static struct rat mul(struct rat a, struct rat b)
{
    struct rat x = rat(a.num, b.den), y = rat(b.num, a.den); /* no product is too large */
    return rat(x.num * y.num, x.den * y.den);
}

struct op {
    gr_chan *a, *b, *out;
    struct rat k;
};

static gr_chan *series(gr_fn fn, struct op op)
{
    struct op *mine = malloc(sizeof *mine);
    *mine = op;
    mine->out = gr_chan_make(sizeof(struct rat), 0);
    gr_go(fn, mine);
    return mine->out;
}

static struct rat get(gr_chan *c)
{
    struct rat r;
    gr_chan_recv(c, &r);
    return r;
}

static void put(gr_chan *c, struct rat r)
{
    gr_chan_send(c, &r);
}

static void constant_fn(void *arg)
{
    struct op *op = arg;
    for (;;)
        put(op->out, op->k);
}

/* One series for two readers: each has its own goroutine and a queue between them. */
static void split_fn(void *arg)
{
    struct op *op = arg;
    for (;;) {
        struct rat r = get(op->a);
        put(op->b, r);
        put(op->out, r);
    }
}

static gr_chan *split(gr_chan *a, gr_chan **second)
{
    *second = gr_chan_make(sizeof(struct rat), 64);
    return series(split_fn, (struct op){.a = a, .b = *second});
}

/* The n-th coefficient of a product needs n + 1 of each factor. */
static void product_fn(void *arg)
{
    struct op *op = arg;
    struct rat a[TERMS], b[TERMS];
    for (int n = 0; n < TERMS; n++) {
        struct rat sum = {0, 1};
        a[n] = get(op->a);
        b[n] = get(op->b);
        for (int i = 0; i <= n; i++)
            sum = add(sum, mul(a[i], b[n - i]));
        put(op->out, sum);
    }
}

static void derive_fn(void *arg)
{
    struct op *op = arg;
    get(op->a);
    for (int n = 1;; n++)
        put(op->out, mul(get(op->a), rat(n, 1)));
}

static void integrate_fn(void *arg)
{
    struct op *op = arg;
    put(op->out, op->k);
    for (int n = 1;; n++)
        put(op->out, mul(get(op->a), rat(1, n)));
}

static void one_plus_fn(void *arg)
{
    struct op *op = arg;
    put(op->out, add(get(op->a), rat(1, 1)));
    for (;;)
        put(op->out, get(op->a));
}

/* A channel that passes on what comes from another one that is made later. */
static void pass_fn(void *arg)
{
    struct op *op = arg;
    for (;;)
        put(op->b, get(op->a));
}

/* tan = integral of 1 + tan * tan: the series feeds itself. */
static gr_chan *tangent(void)
{
    gr_chan *back = gr_chan_make(sizeof(struct rat), 64), *left, *right, *result;
    left = split(back, &right);
    gr_chan *square = series(product_fn, (struct op){.a = left, .b = right});
    gr_chan *sum = series(one_plus_fn, (struct op){.a = square});
    gr_chan *tan = series(integrate_fn, (struct op){.a = sum, .k = {0, 1}});
    gr_chan *loop = split(tan, &result);
    series(pass_fn, (struct op){.a = loop, .b = back});
    return result;
}

static void show(const char *name, gr_chan *c, int n, bool with_den)
{
    printf("%s:", name);
    for (int i = 0; i < n; i++) {
        struct rat r = get(c);
        printf(" %d", (int)r.num);
        if (with_den)
            printf("/%d", (int)r.den);
    }
    printf("\n");
}

static gr_chan *ones(void)
{
    return series(constant_fn, (struct op){.k = {1, 1}});
}

static void body(void *arg)
{
    (void)arg;
    show("1/(1-x) squared", series(product_fn, (struct op){.a = ones(), .b = ones()}), 12,
         false);
    gr_chan *square = series(product_fn, (struct op){.a = ones(), .b = ones()});
    show("its derivative", series(derive_fn, (struct op){.a = square}), 12, false);
    show("tangent", tangent(), 10, true);
}

int main(void)
{
    return gr_main(body, NULL);
}
