/* SPDX-License-Identifier: BSD-3-Clause */
/* basics.c - what the commonest operations cost: `basics NAME OPS` does one of them OPS
 * times and prints nanoseconds for one, a number on a line of its own.
 *
 * Owns: the reference's side of `gauntlet bench`.  Not here: repetition, medians and the
 * comparison (the command); the other side is go/basics.go, loop by loop the same.
 *
 * A tenth of the work is done before the clock starts, so that stacks, threads and caches
 * are there.  The number of processors is the environment's (GR_PROCS), for it decides how
 * the runtime boots.
 *
 *   ping-pong       a value there and one back, by two unbuffered channels
 *   buffered        a send and a receive by one goroutine, on a channel with room
 *   spawn-join      a goroutine started and waited for
 *   select-2-ready  a select with both cases ready, and the send that makes it so again
 *   mutex           lock and unlock, alone
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gr.h"

struct pair {
    gr_chan *there, *back;
    uint64_t n;
};

static void echo(void *arg)
{
    struct pair *p = arg;
    int64_t v;

    for (uint64_t i = 0; i < p->n; i++) {
        gr_chan_recv(p->there, &v);
        gr_chan_send(p->back, &v);
    }
}

static void ping_pong(uint64_t n)
{
    struct pair p = {gr_chan_make(sizeof(int64_t), 0), gr_chan_make(sizeof(int64_t), 0), n};
    int64_t v = 1;

    gr_go(echo, &p);
    for (uint64_t i = 0; i < n; i++) {
        gr_chan_send(p.there, &v);
        gr_chan_recv(p.back, &v);
    }
    gr_chan_free(p.there);
    gr_chan_free(p.back);
}

static void buffered(uint64_t n)
{
    gr_chan *c = gr_chan_make(sizeof(int64_t), 16);
    int64_t v = 1;

    for (uint64_t i = 0; i < n; i++) {
        gr_chan_send(c, &v);
        gr_chan_recv(c, &v);
    }
    gr_chan_free(c);
}

static void done(void *arg)
{
    gr_wg_done(arg);
}

static void spawn_join(uint64_t n)
{
    gr_wg wg = {0};

    for (uint64_t i = 0; i < n; i++) {
        gr_wg_add(&wg, 1);
        gr_go(done, &wg);
        gr_wg_wait(&wg);
    }
}

static void select_2_ready(uint64_t n)
{
    gr_chan *a = gr_chan_make(sizeof(int64_t), 1), *b = gr_chan_make(sizeof(int64_t), 1);
    int64_t v = 1;

    gr_chan_send(a, &v);
    gr_chan_send(b, &v);
    for (uint64_t i = 0; i < n; i++) {
        struct gr_case cases[2] = {{.dir = GR_RECV, .ch = a, .elem = &v},
                                   {.dir = GR_RECV, .ch = b, .elem = &v}};
        gr_chan_send(gr_select(cases, 2, false) == 0 ? a : b, &v);
    }
    gr_chan_free(a);
    gr_chan_free(b);
}

static void mutex(uint64_t n)
{
    gr_mutex m = {0};

    for (uint64_t i = 0; i < n; i++) {
        gr_mutex_lock(&m);
        gr_mutex_unlock(&m);
    }
}

static const struct basic {
    const char *name;
    void (*work)(uint64_t n);
} basics[] = {
    {"ping-pong", ping_pong},           {"buffered", buffered}, {"spawn-join", spawn_join},
    {"select-2-ready", select_2_ready}, {"mutex", mutex},
};

enum { NBASICS = sizeof basics / sizeof basics[0] };

struct job {
    const struct basic *basic;
    uint64_t ops;
};

static void measure(void *arg)
{
    struct job *job = arg;

    job->basic->work(job->ops / 10 + 1);
    int64_t start = gr_now_ns();
    job->basic->work(job->ops);
    printf("%.2f\n", (double)(gr_now_ns() - start) / (double)job->ops);
}

static int usage(void)
{
    fprintf(stderr, "usage: basics NAME OPS, OPS from 1 to 1000000000, NAME one of\n");
    for (int i = 0; i < NBASICS; i++)
        fprintf(stderr, "  %s\n", basics[i].name);
    return 2;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    char *end = NULL;

    if (argc != 3)
        return usage();
    for (int i = 0; i < NBASICS; i++)
        if (strcmp(argv[1], basics[i].name) == 0)
            job.basic = &basics[i];
    job.ops = strtoull(argv[2], &end, 10);
    if (job.basic == NULL || *end || argv[2][0] == '-' || job.ops < 1 ||
        job.ops > 1000000000)
        return usage();
    return gr_main(measure, &job);
}
