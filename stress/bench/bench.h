/* SPDX-License-Identifier: BSD-3-Clause */
/* bench.h - the frame of a benchmark: `THEME NAME OPS` does the work of one name OPS times
 * and prints a line `NAME VALUE` for each of its figures.
 *
 * Owns: arguments, warm-up, the clock around the work.  Not here: repetition, medians, the
 * comparison and the goals (`gauntlet bench`, figures.toml).  The other side is go/, a file
 * for each theme, loop by loop the same.
 *
 * A tenth of the work is done before the clock starts, so that stacks, threads and caches
 * are there.  The number of processors is the environment's (GR_PROCS), for it decides how
 * the runtime boots.
 *
 *   I1  Both sides do the same operations in the same order and the same number of
 *       goroutines; each is written as its own users would write it.
 *   I2  What a run prints is measured by itself: no constant of another run goes in.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gr.h"

enum { BENCH_OPS_MAX = 1000000000 };

/* One name. Either work is timed by the frame: nanoseconds for one operation; or report
 * takes its own times and prints its figures by bench_print. */
struct bench {
    const char *name;
    void (*work)(int64_t n);
    void (*report)(int64_t n);
    const char *about;
};

struct bench_job {
    const struct bench *bench;
    int64_t ops;
};

/* The clock of all figures: wall time, or CPU time of the process when BENCH_CLOCK=cpu,
 * which others on the machine disturb less. */
static inline int64_t bench_now_ns(void)
{
    static int is_cpu = -1;
    struct rusage u;

    if (is_cpu < 0) {
        const char *clock = getenv("BENCH_CLOCK");
        is_cpu = clock && strcmp(clock, "cpu") == 0;
    }
    if (!is_cpu)
        return gr_now_ns();
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

/* Memory of this process that is there, in bytes, by the kernel's own count. */
static inline double bench_resident(void)
{
    long long all, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f == NULL || fscanf(f, "%lld %lld", &all, &resident) != 2) {
        fprintf(stderr, "bench: /proc/self/statm cannot be read: is /proc mounted?\n");
        exit(2);
    }
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Part is NULL for a name with one figure. */
static inline void bench_print(const char *name, const char *part, double value)
{
    printf("%s%s%s %.6g\n", name, part ? "." : "", part ? part : "", value);
}

static inline void bench_run(void *arg)
{
    struct bench_job *job = arg;
    const struct bench *b = job->bench;

    if (b->report) {
        b->report(job->ops);
        fflush(stdout);
        return;
    }
    b->work(job->ops / 10 + 1);
    int64_t start = bench_now_ns();
    b->work(job->ops);
    int64_t took = bench_now_ns() - start;
    bench_print(b->name, NULL, (double)took / (double)job->ops);
    fflush(stdout);
}

static inline int bench_usage(const char *theme, const struct bench *list, int status)
{
    FILE *to = status ? stderr : stdout;

    fprintf(to, "usage: %s NAME OPS | --list | --help; OPS from 1 to %d, NAME one of\n",
            theme, BENCH_OPS_MAX);
    for (const struct bench *b = list; b->name; b++)
        fprintf(to, "  %-14s %s\n", b->name, b->about);
    return status;
}

/* main of a theme; the list ends with an entry of zeros. */
static inline int bench_main(int argc, char **argv, const char *theme,
                             const struct bench *list)
{
    struct bench_job job = {0};
    char *end = NULL;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return bench_usage(theme, list, 0);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (const struct bench *b = list; b->name; b++)
            puts(b->name);
        return 0;
    }
    if (argc != 3)
        return bench_usage(theme, list, 2);
    for (const struct bench *b = list; b->name; b++)
        if (strcmp(argv[1], b->name) == 0)
            job.bench = b;
    errno = 0;
    job.ops = strtoll(argv[2], &end, 10);
    if (!job.bench || *end || errno || job.ops < 1 || job.ops > BENCH_OPS_MAX)
        return bench_usage(theme, list, 2);
    return gr_main(bench_run, &job);
}

#endif
