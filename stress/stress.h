/* SPDX-License-Identifier: BSD-3-Clause */
/* stress.h - the frame of a stress program: options, rounds, seeds, and the one line that
 * it prints.
 *
 * A stress program states a claim, repeats rounds of seeded work until its budget is used
 * up, checks itself after every round, and prints
 *
 *     chan_storm: seed=7 rounds=120 ops=960000 verdict=pass -- every value is received
 * exactly once
 *
 * or, on a violation, the round's own seed and what was wrong, with exit status 1.  `--seed
 * S --rounds 1` with the seed of the failing round runs that round again.
 *
 * Time only bounds how many rounds are done; it decides no verdict.
 *
 *   I1  The seed of round r is the r-th value of the generator started with --seed; round 0
 * uses --seed itself. I2  stress_fail may be called by any goroutine, once or often: the
 * first call wins and ends the process.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gr.h"

struct stress_options {
    uint64_t seed;
    uint64_t rounds; /* 0: until the seconds are used up */
    int64_t budget_ns;
    int procs; /* 0: changes from round to round */
    int noise;
};

struct stress_random {
    uint64_t state;
};

static inline uint64_t stress_next(struct stress_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t stress_below(struct stress_random *r, uint64_t n)
{
    return stress_next(r) % n;
}

/* One round: does seeded work, checks it, returns the operations done. */
typedef uint64_t stress_round(uint64_t seed);

static const char *stress_name, *stress_claim;
static _Atomic uint64_t stress_round_seed;

/* Ends the process with status 1 and the command that repeats the round. */
#define stress_fail(...)                                                                   \
    do {                                                                                   \
        char text_[200];                                                                   \
        snprintf(text_, sizeof text_, __VA_ARGS__);                                        \
        stress_fail_text(text_);                                                           \
    } while (0)

static inline _Noreturn void stress_fail_text(const char *text)
{
    static atomic_flag failed = ATOMIC_FLAG_INIT;
    char line[512];

    if (atomic_flag_test_and_set(&failed))
        for (;;)
            pause();
    int n = snprintf(
        line, sizeof line,
        "%s: seed=%llu verdict=FAIL %s -- claim: %s\nagain: %s --seed %llu --rounds 1\n",
        stress_name, (unsigned long long)stress_round_seed, text, stress_claim, stress_name,
        (unsigned long long)stress_round_seed);
    if (write(STDOUT_FILENO, line, (size_t)n) < 0)
        _exit(2);
    _exit(1);
}

struct stress_job {
    struct stress_options options;
    stress_round *round;
};

static inline void stress_run(void *arg)
{
    struct stress_job *job = arg;
    struct stress_options *o = &job->options;
    struct stress_random seeds = {o->seed};
    int64_t end = gr_now_ns() + o->budget_ns;
    uint64_t ops = 0, rounds = 0, seed = o->seed;

    do {
        stress_round_seed = seed;
        gr_procs(o->procs ? o->procs : 1 + (int)(seed % 4));
        gr_noise(o->noise, seed);
        ops += job->round(seed);
        seed = stress_next(&seeds);
        rounds++;
    } while (o->rounds ? rounds < o->rounds : gr_now_ns() < end);
    gr_noise(0, 0);
    printf("%s: seed=%llu rounds=%llu ops=%llu verdict=pass -- %s\n", stress_name,
           (unsigned long long)o->seed, (unsigned long long)rounds, (unsigned long long)ops,
           stress_claim);
    fflush(stdout);
}

static inline _Noreturn void stress_usage(int status)
{
    fprintf(status ? stderr : stdout,
            "usage: %s [--seed N] [--rounds N | --seconds S] [--procs N] [--noise 0..2]\n"
            "claim: %s\n",
            stress_name, stress_claim);
    exit(status);
}

/* main of a stress program. */
static inline int stress_main(int argc, char **argv, const char *name, const char *claim,
                              stress_round *round)
{
    struct stress_job job = {.options = {.seed = 1, .budget_ns = 2000000000},
                             .round = round};
    struct stress_options *o = &job.options;

    stress_name = name;
    stress_claim = claim;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            stress_usage(0);
        if (i + 1 == argc)
            stress_usage(2);
        char *end, *value = argv[++i];
        double number = strtod(value, &end);
        if (*end || end == value || number < 0)
            stress_usage(2);
        if (strcmp(argv[i - 1], "--seed") == 0)
            o->seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i - 1], "--rounds") == 0)
            o->rounds = (uint64_t)number;
        else if (strcmp(argv[i - 1], "--seconds") == 0)
            o->budget_ns = (int64_t)(number * 1e9);
        else if (strcmp(argv[i - 1], "--procs") == 0)
            o->procs = (int)number;
        else if (strcmp(argv[i - 1], "--noise") == 0)
            o->noise = (int)number;
        else
            stress_usage(2);
    }
    return gr_main(stress_run, &job);
}

#endif
