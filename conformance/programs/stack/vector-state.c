/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gr.h"

#define MEMBERS 8
#define TERMS 2000000

typedef double pair __attribute__((vector_size(16)));

struct sums {
    double scalar;
    pair vector;
};

static struct sums found[MEMBERS];
static gr_wg all;

/* Many values are live in registers at once; half of the members yield now and then, the
 * others can only be preempted. */
static struct sums series(int k, bool yields)
{
    double a = k + 1, b = 0.5 * k, c = 0;
    pair v = {k, k + 0.25}, w = {1.0 / (k + 1), 0.75}, s = {0, 0};
    for (int i = 1; i <= TERMS; i++) {
        c += a / i - b;
        b = b * 0.999 + 1e-3;
        s += v * w;
        v = v * 0.9999 + (pair){1e-4, 2e-4};
        if (yields && i % 100000 == 0)
            gr_yield();
    }
    return (struct sums){c, s};
}

static void member(void *arg)
{
    intptr_t k = (intptr_t)arg;
    found[k] = series((int)k, k % 2 == 0);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&all, MEMBERS);
    for (intptr_t k = 0; k < MEMBERS; k++)
        gr_go(member, (void *)k);
    gr_wg_wait(&all);
    int right = 0;
    for (int k = 0; k < MEMBERS; k++) {
        struct sums alone = series(k, false);
        right += memcmp(&alone.scalar, &found[k].scalar, sizeof alone.scalar) == 0 &&
                 memcmp(&alone.vector, &found[k].vector, sizeof alone.vector) == 0;
    }
    printf("%d sums are right\n", right);
}

int main(void)
{
    return gr_main(body, NULL);
}
