/* SPDX-License-Identifier: BSD-3-Clause */
/* stress.h - the frame of a stress program: options, rounds, seeds, and the one line that
 * it prints.
 *
 * A stress program states a claim, repeats rounds of seeded work until its budget is used
 * up, checks itself after every round, and prints
 *
 *     chan_storm: seed=7 rounds=120 ops=960000 verdict=pass -- the claim
 *
 * or, on a violation, the round's own seed and what was wrong, with exit status 1.  `--seed
 * S --rounds 1` with the seed of the failing round runs that round again.
 *
 * Time only bounds how many rounds are done; it decides no verdict.
 *
 *   I1  The seed of round r is the r-th value of the generator started with --seed; round
 *       0 uses --seed itself.
 *   I2  stress_fail may be called by any goroutine, once or often: the first call wins and
 *       ends the process.
 *   I3  Everything that a round does at random comes from its seed, the number of
 *       processors included, unless --procs fixes it.
 */
#ifndef STRESS_H
#define STRESS_H

#include <errno.h>
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
static void (*stress_finish)(void); /* set by a program with more to tell at the end */
static char stress_more[60];        /* options besides the seed, for `again` */
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
        "%s: seed=%llu verdict=FAIL %s -- claim: %s\nagain: %s --seed %llu --rounds 1%s\n",
        stress_name, (unsigned long long)stress_round_seed, text, stress_claim, stress_name,
        (unsigned long long)stress_round_seed, stress_more);
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
    if (stress_finish)
        stress_finish();
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

static inline _Noreturn void stress_refuse(const char *option, const char *value,
                                           const char *expected)
{
    fprintf(stderr, "%s: %s %s: expected %s\n", stress_name, option, value, expected);
    stress_usage(2);
}

static inline uint64_t stress_number(const char *option, const char *value, uint64_t least,
                                     uint64_t most)
{
    char *end = NULL, expected[80];
    errno = 0;
    uint64_t n = strtoull(value, &end, 10);

    if (*value < '0' || *value > '9' || *end || errno || n < least || n > most) {
        snprintf(expected, sizeof expected, "a number from %llu to %llu",
                 (unsigned long long)least, (unsigned long long)most);
        stress_refuse(option, value, expected);
    }
    return n;
}

static inline int64_t stress_seconds(const char *value)
{
    char *end = NULL;
    double seconds = strtod(value, &end);

    if (end == value || *end || !(seconds >= 0 && seconds <= 1e6))
        stress_refuse("--seconds", value, "seconds from 0 to 1000000");
    return (int64_t)(seconds * 1e9);
}

static inline void stress_option(struct stress_options *o, const char *name,
                                 const char *value)
{
    if (strcmp(name, "--seed") == 0)
        o->seed = stress_number(name, value, 0, UINT64_MAX);
    else if (strcmp(name, "--rounds") == 0)
        o->rounds = stress_number(name, value, 1, UINT64_MAX);
    else if (strcmp(name, "--seconds") == 0)
        o->budget_ns = stress_seconds(value);
    else if (strcmp(name, "--procs") == 0)
        o->procs = (int)stress_number(name, value, 1, 256);
    else if (strcmp(name, "--noise") == 0)
        o->noise = (int)stress_number(name, value, 0, 2);
    else
        stress_refuse(name, value, "an option that it has");
}

/* main of a stress program. */
static inline int stress_main(int argc, char **argv, const char *name, const char *claim,
                              stress_round *round)
{
    struct stress_job job = {.options = {.seed = 1, .budget_ns = 2000000000},
                             .round = round};

    stress_name = name;
    stress_claim = claim;
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0)
            stress_usage(0);
        if (i + 1 == argc)
            stress_refuse(argv[i], "(nothing)", "a value");
        stress_option(&job.options, argv[i], argv[i + 1]);
    }
    int n = job.options.procs ? snprintf(stress_more, sizeof stress_more, " --procs %d",
                                         job.options.procs)
                              : 0;
    if (job.options.noise)
        snprintf(stress_more + n, sizeof stress_more - (size_t)n, " --noise %d",
                 job.options.noise);
    return gr_main(stress_run, &job);
}

#endif
