/* SPDX-License-Identifier: BSD-3-Clause */
/* squeeze_test.c - stacks of goroutines that wait: what lies on them survives squeezing and
 * trimming, what others exchange with them arrives, and memory goes back.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/os.h"
#include "rt.h"
#include "sched/sched.h"

#define KB ((size_t)1 << 10)

static uint64_t squeezed_so_far(void)
{
    struct gr_stats st;
    gr_stats_read(&st);
    return st.squeezed;
}

static void need_squeezing(void)
{
    if (GR_ASAN || !os_barrier_init())
        unit_skip("nothing is squeezed here");
}

/* ---- what is on the stack survives --------------------------------------------------- */

struct big {
    int64_t v[13];
};

static gr_chan *words, *bigs, *tokens, *never;
static gr_mutex mutex;
static gr_wg finished;

static struct big big_of(int64_t x)
{
    struct big b;
    for (int i = 0; i < 13; i++)
        b.v[i] = x + i;
    return b;
}

static void one_word(int64_t i)
{
    int64_t v = -1;
    send(words, i);
    CHECK(gr_chan_recv(tokens, &v));
    CHECK_EQ(v, 42);
}

/* More than a stash holds. */
static void one_big(int64_t i)
{
    struct big out = big_of(i), in = {{0}};
    gr_chan_send(bigs, &out);
    CHECK(gr_chan_recv(bigs, &in));
    for (int k = 0; k < 13; k++)
        CHECK_EQ(in.v[k], in.v[0] + k);
}

static void one_select(int64_t i)
{
    int64_t in = -1, out = i, nothing = -1;
    struct gr_case c[] = {{.ch = tokens, .dir = GR_RECV, .elem = &in},
                          {.ch = words, .dir = GR_SEND, .elem = &out},
                          {.ch = never, .dir = GR_RECV, .elem = &nothing}};
    int which = gr_select(c, 3, false);
    CHECK(which == 0 || which == 1);
    CHECK_EQ(in, which == 0 ? 42 : -1);
    CHECK(out == i && nothing == -1);
}

static void one_wait(int64_t i)
{
    gr_mutex_lock(&mutex);
    if (i % 3 == 0)
        gr_sleep_ns(100000);
    gr_mutex_unlock(&mutex);
    gr_sleep_ns(1 + i % 500000);
}

/* Waits at different depths, each frame with something to lose. */
static NOINLINE void at_depth(int depth, int64_t i)
{
    volatile int64_t mine[6];
    for (int k = 0; k < 6; k++)
        mine[k] = i * 7 + k + depth;
    if (depth > 0)
        at_depth(depth - 1, i);
    else if (i % 4 == 0)
        one_word(i);
    else if (i % 4 == 1)
        one_select(i);
    else if (i % 4 == 2)
        one_big(i);
    else
        one_wait(i);
    for (int k = 0; k < 6; k++)
        CHECK_EQ(mine[k], i * 7 + k + depth);
}

static void worker(void *arg)
{
    int64_t from = (int64_t)(uintptr_t)arg;
    for (int64_t i = from; i < from + (unit_is_slow() ? 20 : 200); i++)
        at_depth((int)(i % 40), i);
    gr_wg_done(&finished);
}

static void take_words(void *unused)
{
    (void)unused;
    for (int64_t v; gr_chan_recv(words, &v);)
        CHECK(v >= 0);
}

static void give_tokens(void *unused)
{
    (void)unused;
    for (;;)
        send(tokens, 42);
}

/* The last one may wait for a partner that has ended. */
static void swap_bigs(void *unused)
{
    struct big b;
    (void)unused;
    for (;;) {
        gr_chan_recv(bigs, &b);
        gr_chan_send(bigs, &b);
    }
}

static void storm(void *unused)
{
    (void)unused;
    words = gr_chan_make(8, 0);
    tokens = gr_chan_make(8, 0);
    bigs = gr_chan_make(sizeof(struct big), 1);
    never = gr_chan_make(8, 0);
    gr_go(take_words, NULL);
    gr_go(give_tokens, NULL);
    gr_go(swap_bigs, NULL);
    int workers = 64;
    gr_wg_add(&finished, workers);
    for (uintptr_t i = 0; i < (uintptr_t)workers; i++)
        gr_go(worker, (void *)(i * 1000));
    gr_wg_wait(&finished);
    CHECK(squeezed_so_far() > 0);
}

static void stacks_survive_p1(void)
{
    need_squeezing();
    env_knobs.squeeze = 2;
    run_free(1, storm, NULL);
}

static void stacks_survive_p4(void)
{
    need_squeezing();
    env_knobs.squeeze = 2;
    run_free(4, storm, NULL);
}

static void stacks_survive_one_by_one(void)
{
    CHECK(failure_arm("process_madvise"));
    stacks_survive_p4();
}

/* ---- who is squeezed ----------------------------------------------------------------- */

static void wait_for_ever(void *unused)
{
    (void)unused;
    recv(never);
}

static void settle_down(void)
{
    for (int i = 0; i < 20; i++)
        gr_yield();
}

static void squeezes_by_option(void *unused)
{
    (void)unused;
    never = gr_chan_make(8, 0);
    for (int i = 0; i < 10; i++) {
        gr_go(wait_for_ever, NULL);
        gr_go_opt(wait_for_ever, NULL, GR_NOESCAPE);
    }
    settle_down();
    gr_stack_trim();
    CHECK_EQ(squeezed_so_far(), 10);
    gr_stack_trim();
    CHECK_EQ(squeezed_so_far(), 10);
}

static void only_with_option(void)
{
    need_squeezing();
    run_free(1, squeezes_by_option, NULL);
}

static void refused_barrier(void *unused)
{
    (void)unused;
    never = gr_chan_make(8, 0);
    gr_go_opt(wait_for_ever, NULL, GR_NOESCAPE);
    settle_down();
    gr_stack_trim();
    CHECK_EQ(squeezed_so_far(), 0);
}

static void none_without_barrier(void)
{
    CHECK(failure_arm("barrier"));
    run_free(1, refused_barrier, NULL);
}

/* ---- trimming ------------------------------------------------------------------------ */

static uintptr_t deepest;
static gr_chan *go_on;

static NOINLINE void go_deep(int kb)
{
    volatile char page[KB];
    page[0] = page[KB - 1] = (char)kb;
    if (kb > 0)
        go_deep(kb - 1);
    else
        deepest = (uintptr_t)page;
    CHECK(page[0] == (char)kb && page[KB - 1] == (char)kb);
}

static void was_deep(void *arg)
{
    volatile int64_t here[100];
    for (int i = 0; i < 100; i++)
        here[i] = i * 3;
    go_deep((int)(uintptr_t)arg);
    CHECK_EQ(recv(go_on), 5);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(here[i], i * 3);
    go_deep((int)(uintptr_t)arg);
    gr_wg_done(&finished);
}

static size_t resident_near(uintptr_t at, size_t bytes)
{
    static unsigned char in_core[1024];
    size_t page = os_page_bytes(), n = 0;
    CHECK(mincore((void *)align_down(at, page), bytes, in_core) == 0);
    for (size_t i = 0; i < bytes / page; i++)
        n += in_core[i] & 1;
    return n * page;
}

static void trims(void *kb)
{
    go_on = gr_chan_make(8, 0);
    gr_wg_add(&finished, 1);
    gr_go(was_deep, kb);
    settle_down();
    size_t deep = align_down((uintptr_t)kb * KB / 2, os_page_bytes());
    CHECK(resident_near(deepest, deep) >= deep - os_page_bytes());
    gr_stack_trim();
    CHECK_EQ(resident_near(deepest, deep), 0);
    send(go_on, 5);
    gr_wg_wait(&finished);
}

static void trims_first_bytes(void)
{
    need_squeezing();
    run_free(1, trims, (void *)(uintptr_t)(unit_is_slow() ? 100 : 48));
}

static void trims_grown(void)
{
    need_squeezing();
    run_free(1, trims, (void *)(uintptr_t)1000);
}

/* ---- dumps, memory ------------------------------------------------------------------- */

static NOINLINE void waits_inside(void)
{
    recv(never);
    __asm__ volatile("");
}

static void waits_outside(void *unused)
{
    (void)unused;
    waits_inside();
    __asm__ volatile("");
}

static void dumps_squeezed(void *unused)
{
    static char text[1 << 16];
    (void)unused;
    never = gr_chan_make(8, 0);
    gr_go_opt(waits_outside, NULL, GR_NOESCAPE);
    settle_down();
    gr_stack_trim();
    CHECK_EQ(squeezed_so_far(), 1);
    int fd = memfd_create("dump", 0);
    gr_dump(fd);
    CHECK(pread(fd, text, sizeof text - 1, 0) > 0);
    char *at = strstr(text, "goroutine 2 [chan receive]:\n");
    CHECK(at != NULL && (at = strstr(at, "waits_inside(")) != NULL);
    CHECK(strstr(at, "waits_outside(") != NULL);
}

static void dump_walks_the_image(void)
{
    need_squeezing();
    run_free(1, dumps_squeezed, NULL);
}

static size_t resident_now(void)
{
    size_t all, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL && fscanf(f, "%zu %zu", &all, &resident) == 2);
    fclose(f);
    return resident * os_page_bytes();
}

static atomic_u32 started;

static void brief(void *unused)
{
    (void)unused;
    int64_t v;
    add_relaxed(&started, 1);
    gr_chan_recv(never, &v);
    gr_wg_done(&finished);
}

#define CROWD 20000

static void crowd(void *unused)
{
    (void)unused;
    never = gr_chan_make(8, 0);
    size_t before = resident_now();
    gr_wg_add(&finished, CROWD);
    for (int i = 0; i < CROWD; i++)
        gr_go_opt(brief, NULL, GR_NOESCAPE);
    while (load_relaxed(&started) < CROWD)
        gr_yield();
    settle_down();
    size_t plain = resident_now() - before;
    gr_stack_trim();
    size_t packed = resident_now() - before;
    CHECK_EQ(squeezed_so_far(), CROWD);
    CHECK(plain / CROWD > 4096 && packed / CROWD < 1300);
    gr_chan_close(never);
    gr_wg_wait(&finished);
}

static void memory_goes_back(void)
{
    need_squeezing();
    if (unit_is_slow() || os_page_bytes() != 4096)
        unit_skip("sanitizers and emulators have memory of their own");
    run_free(1, crowd, NULL);
}

static const struct unit_case cases[] = {
    UNIT(stacks_survive_p1), UNIT(stacks_survive_p4),    UNIT(stacks_survive_one_by_one),
    UNIT(only_with_option),  UNIT(none_without_barrier), UNIT(trims_first_bytes),
    UNIT(trims_grown),       UNIT(dump_walks_the_image), UNIT(memory_goes_back),
};

UNIT_MAIN(cases)
