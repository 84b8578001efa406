/* SPDX-License-Identifier: BSD-3-Clause */
/* random.c - random programs, with and without reduction. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lit.h"
#include "random.h"

static uint64_t rng;
static char text[8192];
static size_t len;

void random_seed(uint64_t seed)
{
    rng = seed * 0x9e3779b97f4a7c15u + 1;
    random_below(2);
    len = 0;
}

unsigned random_below(unsigned n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (unsigned)((rng * 0x2545f4914f6cdd1du >> 33) % n);
}

void random_add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    len += (size_t)vsnprintf(text + len, sizeof text - len, format, args);
    va_end(args);
}

static void print_model(const struct lit_program *p, const struct lit_model *m,
                        const char *how)
{
    static char line[4096];
    printf("  %s: leak %d die %d hang %d diverges %d '%s'", how, m->can_leak, m->can_die,
           m->can_hang, m->diverges, m->unmodelled);
    for (int o = 0; o < p->nobjects; o++) {
        printf("%s%s", m->racy[o] ? " race on " : "", m->racy[o] ? p->objects[o].name : "");
    }
    printf("\n");
    for (int i = 0; i < m->noutcomes; i++) {
        lit_outcome_text(p, &m->outcomes[i], line, sizeof line);
        printf("    %s\n", line);
    }
}

static bool same(const struct lit_program *p, const struct lit_model *a,
                 const struct lit_model *b)
{
    static char x[4096], y[4096];
    if (!a->unmodelled[0] != !b->unmodelled[0]) {
        return false;
    }
    if (a->unmodelled[0]) {
        return true;
    }
    bool eq = a->noutcomes == b->noutcomes && a->can_leak == b->can_leak &&
              a->can_die == b->can_die && a->can_hang == b->can_hang &&
              a->diverges == b->diverges && a->max_leaked == b->max_leaked;
    for (int o = 0; o < p->nobjects; o++) {
        eq &= a->racy[o] == b->racy[o];
    }
    for (int i = 0; eq && i < a->noutcomes; i++) {
        lit_outcome_text(p, &a->outcomes[i], x, sizeof x);
        lit_outcome_text(p, &b->outcomes[i], y, sizeof y);
        eq = strcmp(x, y) == 0;
    }
    return eq;
}

/* 1: compared and equal, 0: over the bound, -1: different. */
static int try_program(const struct lit_program *p, bool fifo)
{
    struct lit_explore_options less = {.fifo_waiters = fifo, .max_states = 20000};
    struct lit_explore_options all = less;
    all.no_reduction = true;
    struct lit_model *a = lit_explore(p, &less), *b = lit_explore(p, &all);
    int result = !a->complete || !b->complete ? 0 : same(p, a, b) ? 1 : -1;
    if (result < 0) {
        printf("%s", text);
        print_model(p, a, "reduced");
        print_model(p, b, "in full");
    }
    lit_model_free(a);
    lit_model_free(b);
    return result;
}

int random_main(int argc, char **argv, long runs, void (*make_program)(uint64_t seed))
{
    long compared = 0, tried = 0;
    uint64_t seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--runs") == 0) {
            runs = atol(argv[i + 1]);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[i + 1], NULL, 10);
        }
    }
    for (; compared < runs && tried < 4 * runs + 16; tried++) {
        struct lit_error err;
        make_program(seed + (uint64_t)tried);
        struct lit_program *p = lit_parse("random.lit", text, len, &err);
        int result = p ? try_program(p, (seed + (uint64_t)tried) % 4 == 3) : -1;
        if (!p) {
            printf("%s%d:%d: %s\n", text, err.line, err.column, err.text);
        }
        lit_program_free(p);
        if (result < 0) {
            printf("not ok; again: %s --seed %llu --runs 1\n", argv[0],
                   (unsigned long long)(seed + (uint64_t)tried));
            return 1;
        }
        compared += result;
    }
    printf("%ld random programs compared, %ld over the bound\n", compared,
           tried - compared);
    return compared < runs;
}
