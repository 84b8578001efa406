/* SPDX-License-Identifier: BSD-3-Clause */
/* control_test.c - controlled runs: replay, reach of the strategies, virtual
 * time, nothing left over. */
#define _GNU_SOURCE
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gr/control.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/sched.h"
#include "stack/stack.h"

static int scale(int n)
{
    return unit_is_slow() ? n / 20 : n;
}

static struct gr_verdict run(struct gr_control opt, gr_fn fn, void *arg)
{
    struct gr_verdict v;
    gr_control_run(&opt, fn, arg, &v);
    return v;
}

static void drop(struct gr_verdict v)
{
    free(v.tape);
}

static const enum gr_strategy every[] = {GR_STRAT_ZERO, GR_STRAT_RANDOM, GR_STRAT_PCT,
                                         GR_STRAT_ROBIN};

static void nothing(void *unused)
{
    (void)unused;
}

/* ---- traces ---- */

static char trace[4096];
static size_t ntrace;

static void log_char(char c)
{
    CHECK(ntrace + 1 < sizeof trace);
    trace[ntrace++] = c;
    trace[ntrace] = 0;
}

static void trace_begin(void)
{
    ntrace = 0;
    trace[0] = 0;
}

static int left;

static void letters(void *arg)
{
    const char *text = arg;
    for (; *text != 0; text++) {
        gr_point();
        log_char(*text);
    }
    left--;
}

static void three_tasks(void *unused)
{
    (void)unused;
    left = 3;
    gr_go(letters, (void *)"abcdef");
    gr_go(letters, (void *)"ABCDEF");
    gr_go(letters, (void *)"123456");
    while (left > 0)
        gr_yield();
    log_char((char)('0' + choose(CHOICE_SELECT, 7)));
}

/* Same options, same run; the tape alone gives the same run too; and the tape replays to
 * itself. */
static void replay_is_exact(void)
{
    char first[sizeof trace];
    for (int i = 0; i < scale(2000); i++) {
        struct gr_control opt = {.strategy = every[i % 4],
                                 .seed = unit_seed() + (uint64_t)i};
        opt.depth = 3;
        opt.expected_steps = 20;
        trace_begin();
        struct gr_verdict a = run(opt, three_tasks, NULL);
        CHECK_EQ(a.end, GR_END_OK);
        strcpy(first, trace);
        trace_begin();
        struct gr_verdict b = run(opt, three_tasks, NULL);
        CHECK_STR(trace, first);
        trace_begin();
        struct gr_control by_tape = {.tape = a.tape, .tape_len = a.tape_len};
        struct gr_verdict c = run(by_tape, three_tasks, NULL);
        CHECK_STR(trace, first);
        CHECK(a.steps == b.steps && a.steps == c.steps);
        CHECK(a.tape_len == b.tape_len && a.tape_len == c.tape_len);
        CHECK(memcmp(a.tape, b.tape, a.tape_len) == 0);
        CHECK(memcmp(a.tape, c.tape, a.tape_len) == 0);
        drop(a), drop(b), drop(c);
    }
}

static void any_bytes_are_a_tape(void)
{
    uint64_t r = unit_seed();
    uint8_t bytes[64];
    for (int i = 0; i < scale(5000); i++) {
        size_t n = splitmix64(&r) % sizeof bytes;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)splitmix64(&r);
        trace_begin();
        struct gr_control opt = {.tape = bytes, .tape_len = n};
        struct gr_verdict v = run(opt, three_tasks, NULL);
        CHECK_EQ(v.end, GR_END_OK);
        CHECK_EQ(ntrace, 19);
        drop(v);
    }
}

static void two_tasks(void *unused)
{
    (void)unused;
    left = 2;
    gr_go(letters, (void *)"abc");
    gr_go(letters, (void *)"ABC");
    while (left > 0)
        gr_yield();
}

static int distinct(char seen[][8], int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(seen[i], trace) == 0)
            return n;
    strcpy(seen[n], trace);
    return n + 1;
}

/* All 20 interleavings of three and three steps are reached by the random walk. */
static void every_interleaving_is_reached(void)
{
    static char seen[32][8];
    int n = 0;
    for (uint64_t i = 0; i < 3000 && n < 20; i++) {
        trace_begin();
        drop(run((struct gr_control){.strategy = GR_STRAT_RANDOM, .seed = i}, two_tasks,
                 NULL));
        n = distinct(seen, n);
    }
    CHECK_EQ(n, 20);
}

/* An ordering bug of depth 2: B's last step before A's first.  PCT finds it often. */
static void pct_finds_depth_two(void)
{
    int found = 0;
    for (uint64_t i = 0; i < 400; i++) {
        trace_begin();
        struct gr_control opt = {.strategy = GR_STRAT_PCT, .seed = i, .expected_steps = 16};
        drop(run(opt, two_tasks, NULL));
        found += strncmp(trace, "ABC", 3) == 0;
    }
    CHECK(found >= 40);
}

static void zero_is_plain(void)
{
    trace_begin();
    drop(run((struct gr_control){.strategy = GR_STRAT_ZERO}, two_tasks, NULL));
    CHECK_STR(trace, "abcABC");
    trace_begin();
    drop(run((struct gr_control){.strategy = GR_STRAT_ROBIN}, two_tasks, NULL));
    CHECK_STR(trace, "abAcBC");
}

/* ---- choices ---- */

static void picks_waiter(void *arg)
{
    *(uint32_t *)arg |= 1u << choose(CHOICE_WAITER, 3);
}

static void waiters_only_when_asked(void)
{
    uint32_t seen = 0;
    for (uint64_t i = 0; i < 100; i++)
        drop(run((struct gr_control){.strategy = GR_STRAT_RANDOM, .seed = i}, picks_waiter,
                 &seen));
    CHECK_EQ(seen, 1);
    for (uint64_t i = 0; i < 100; i++)
        drop(run(
            (struct gr_control){.strategy = GR_STRAT_RANDOM, .seed = i, .any_waiter = true},
            picks_waiter, &seen));
    CHECK_EQ(seen, 7);
}

/* ---- time ---- */

static void naps(void *arg)
{
    const char *name = arg;
    int64_t d = (name[0] - '0') * INT64_C(1000000000);
    int64_t before = gr_now_ns();
    gr_sleep_ns(d);
    CHECK_EQ(gr_now_ns() - before, d);
    log_char(name[1]);
    left--;
}

static void three_naps(void *names)
{
    char(*name)[3] = names;
    left = 3;
    for (int i = 0; i < 3; i++)
        gr_go(naps, name[i]);
    while (left > 0)
        gr_sleep_ns(INT64_C(10000000000));
}

static void clock_is_virtual(void)
{
    static char names[3][3] = {"3c", "1a", "2b"};
    for (uint64_t i = 0; i < 100; i++) {
        trace_begin();
        struct gr_control opt = {.strategy = every[i % 4], .seed = i};
        struct gr_verdict v = run(opt, three_naps, names);
        CHECK_EQ(v.end, GR_END_OK);
        CHECK_STR(trace, "abc");
        drop(v);
    }
}

static void ties_in_every_order(void)
{
    static char names[3][3] = {"2a", "2b", "2c"};
    static char seen[32][8];
    int n = 0;
    for (uint64_t i = 0; i < 2000 && n < 6; i++) {
        trace_begin();
        drop(run((struct gr_control){.strategy = GR_STRAT_RANDOM, .seed = i}, three_naps,
                 names));
        n = distinct(seen, n);
    }
    CHECK_EQ(n, 6);
}

static void nap_and_letters(void *unused)
{
    (void)unused;
    static char nap[] = "1n";
    left = 2;
    gr_go(naps, nap);
    gr_go(letters, (void *)"ab");
    while (left > 0)
        gr_yield();
}

/* The nap ends before, between and after the letters when deadlines may come early. */
static void deadlines_may_come_early(void)
{
    struct gr_control opt = {.strategy = GR_STRAT_RANDOM};
    static char seen[8][8];
    int n = 0;
    trace_begin();
    drop(run(opt, nap_and_letters, NULL));
    CHECK_STR(trace, "ab");
    opt.any_time = true;
    for (; opt.seed < 1000 && n < 3; opt.seed++) {
        trace_begin();
        struct gr_verdict v = run(opt, nap_and_letters, NULL);
        CHECK_EQ(v.end, GR_END_OK);
        drop(v);
        n = distinct(seen, n);
    }
    CHECK_EQ(n, 3);
}

static void procs_are_a_number(void *unused)
{
    (void)unused;
    CHECK_EQ(gr_procs(3), 1);
    CHECK_EQ(gr_procs(0), 3);
}

static void procs_are_remembered(void)
{
    for (int i = 0; i < 2; i++)
        drop(run((struct gr_control){.seed = 1}, procs_are_a_number, NULL));
}

/* ---- nothing is left ---- */

static void worker(void *unused)
{
    (void)unused;
    gr_point();
    sched_park(NULL, NULL, PARK_CHAN_SEND);
}

static void leaky(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++)
        gr_go(i % 2 ? worker : letters, (void *)"");
    gr_sleep_ns(5);
    gr_go(worker, NULL);
}

static size_t resident_pages(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL && fscanf(f, "%lu %lu", &size, &resident) == 2);
    fclose(f);
    return resident;
}

static int dropped;
static void count_drop(struct g *g)
{
    dropped += load_relaxed(&g->stack_at) != STACK_NONE || load_relaxed(&g->state) > 0;
}

static void runs_leave_nothing(void)
{
    struct gr_control opt = {.strategy = GR_STRAT_RANDOM};
    struct stack_stats s;
    size_t before = 0;
    sched_on_drop(count_drop);
    for (int i = 0; i < scale(20000); i++) {
        opt.seed = (uint64_t)i;
        struct gr_verdict v = run(opt, leaky, NULL);
        CHECK_EQ(v.end, GR_END_OK);
        CHECK(v.leaked >= 1);
        drop(v);
        if (i == 200)
            before = resident_pages();
    }
    stack_stats_read(&s);
    CHECK_EQ(s.live, 0);
    CHECK(dropped >= scale(20000));
    if (!unit_is_slow())
        CHECK(resident_pages() < before + 200);
}

static void many_goroutines(void *unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++)
        gr_go(letters, (void *)"");
    while (gr_num_goroutines() > 1)
        gr_yield();
}

static void three_hundred(void)
{
    for (size_t i = 0; i < ARRAY_LEN(every); i++) {
        struct gr_verdict v =
            run((struct gr_control){.strategy = every[i]}, many_goroutines, NULL);
        CHECK_EQ(v.end, GR_END_OK);
        drop(v);
    }
}

static void *on_thread(void *unused)
{
    (void)unused;
    drop(run((struct gr_control){.strategy = GR_STRAT_RANDOM}, three_tasks, NULL));
    return NULL;
}

static void any_thread(void)
{
    for (int i = 0; i < 10; i++) {
        pthread_t t;
        CHECK_EQ(pthread_create(&t, NULL, on_thread, NULL), 0);
        pthread_join(t, NULL);
        trace_begin();
    }
}

static void free_after_control(void)
{
    trace_begin();
    drop(run((struct gr_control){.strategy = GR_STRAT_RANDOM}, two_tasks, NULL));
    CHECK(!sched_controlled());
    CHECK_EQ(gr_main(nothing, NULL), 0);
    trace_begin();
    drop(run((struct gr_control){.strategy = GR_STRAT_RANDOM}, two_tasks, NULL));
    CHECK_EQ(ntrace, 6);
}

static const struct unit_case cases[] = {
    UNIT(replay_is_exact),
    UNIT(any_bytes_are_a_tape),
    UNIT(every_interleaving_is_reached),
    UNIT(pct_finds_depth_two),
    UNIT(zero_is_plain),
    UNIT(waiters_only_when_asked),
    UNIT(clock_is_virtual),
    UNIT(ties_in_every_order),
    UNIT(deadlines_may_come_early),
    UNIT(procs_are_remembered),
    UNIT(runs_leave_nothing),
    UNIT(three_hundred),
    UNIT(any_thread),
    UNIT(free_after_control),
};
UNIT_MAIN(cases)
