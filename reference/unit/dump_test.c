/* SPDX-License-Identifier: BSD-3-Clause */
/* dump_test.c - goroutine dumps: heads, frames and their names, levels, how a dying program
 * shows itself.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "rt.h"
#include "sched/sched.h"

static gr_chan *never;
static char dumped[1 << 20];

/* What gr_dump writes now. */
static const char *dump_text(void)
{
    int fd = memfd_create("dump", 0);
    CHECK(fd >= 0);
    gr_dump(fd);
    ssize_t n = pread(fd, dumped, sizeof dumped - 1, 0);
    CHECK(n > 0);
    dumped[n] = '\0';
    close(fd);
    return dumped;
}

/* The texts occur in this order. */
static void check_order(const char *s, const char *const *want)
{
    for (; *want != NULL; want++) {
        const char *at = strstr(s, *want);
        if (at == NULL)
            fmt_fd(2, "not found: %s\nin: %s\n", *want, s);
        CHECK(at != NULL);
        s = at + strlen(*want);
    }
}

static size_t count(const char *s, const char *what)
{
    size_t n = 0;
    while ((s = strstr(s, what)) != NULL) {
        n++;
        s += strlen(what);
    }
    return n;
}

#define CHECK_ORDER(s, ...) check_order(s, (const char *const[]){__VA_ARGS__, NULL})

/* On one processor, everybody else has had a turn. */
static void let_park(void)
{
    for (int i = 0; i < 10; i++)
        gr_yield();
}

static NOINLINE void wait_inside(void)
{
    recv(never);
    __asm__ volatile("");
}

static NOINLINE void waiter_fn(void *unused)
{
    (void)unused;
    wait_inside();
    __asm__ volatile("");
}

static NOINLINE void start_waiter(void)
{
    gr_go(waiter_fn, NULL);
    __asm__ volatile("");
}

static void names_frames(void *unused)
{
    (void)unused;
    never = gr_chan_make(8, 0);
    start_waiter();
    let_park();
    const char *s = dump_text();
    CHECK_ORDER(s, "\ngoroutine 1 [running]:\n", "dump_text(...)\n\t/",
                "\nnames_frames(...)\n\t/", "\ngoroutine 2 [chan receive]:\n",
                "wait_inside(...)\n\t/", "\nwaiter_fn(...)\n\t/", "dump_test:0x", " +0x",
                "\ncreated by start_waiter in goroutine 1\n\t/");
    CHECK(strstr(s, "sched_park") == NULL && strstr(s, "spawn_entry") == NULL);
}

static void frames_have_names(void)
{
    run_free(1, names_frames, NULL);
}

static void names_all_frames(void *unused)
{
    never = gr_chan_make(8, 0);
    start_waiter();
    let_park();
    env_knobs.traceback = 2;
    CHECK_ORDER(dump_text(), "dump_text(", "spawn_entry", "goroutine 2 [chan receive]:\n",
                "chan_wait(", "waiter_fn(...)", "spawn_entry");
    (void)unused;
}

static void level_system_shows_runtime(void)
{
    run_free(1, names_all_frames, NULL);
}

/* A goroutine of the runtime's own. */
static void own(void *parked)
{
    *(bool *)parked = true;
    sched_park(NULL, NULL, PARK_SLEEP);
    __asm__ volatile("");
}

static void dumps_own(void *unused)
{
    bool is_parked = false;
    (void)unused;
    sched_spawn_system(own, &is_parked);
    while (!is_parked)
        gr_yield();
    gr_yield();
    CHECK(strstr(dump_text(), "[sleep]") == NULL);
    env_knobs.traceback = 2;
    CHECK_ORDER(dump_text(), "goroutine 1 [running]:", "[sleep]:\n", "own(...)");
}

static void own_goroutines_are_hidden(void)
{
    run_free(1, dumps_own, NULL);
}

static void not_started(void *unused)
{
    (void)unused;
}

static void dumps_runnable(void *unused)
{
    (void)unused;
    gr_go(not_started, NULL);
    CHECK_ORDER(dump_text(), "goroutine 2 [runnable]:\nnot_started(...)\n",
                "created by dumps_runnable in goroutine 1\n");
}

static void runnable_shows_its_function(void)
{
    run_free(1, dumps_runnable, NULL);
}

static void spinner(void *flag)
{
    store_release((_Atomic bool *)flag, true); /* pairs with the acquire in the dumper */
    for (;;)
        gr_point();
}

static void dumps_running(void *unused)
{
    static _Atomic bool is_running;
    (void)unused;
    gr_go(spinner, &is_running);
    while (!load_acquire(&is_running)) /* pairs with the release in spinner */
        gr_point();
    while (strstr(dump_text(), "goroutine 2 [running]") == NULL)
        gr_point(); /* it may be preempted at any time */
    CHECK_ORDER(dumped, "goroutine 2 [running]:\n"
                        "\tgoroutine running on other thread; stack unavailable\n"
                        "created by dumps_running in goroutine 1\n");
}

static void running_elsewhere_has_no_frames(void)
{
    run_free(2, dumps_running, NULL);
}

/* The first and the last fifty. */
static NOINLINE int deep_dump(int n)
{
    volatile int here = n;
    if (n == 0)
        dump_text();
    else
        deep_dump(n - 1);
    return here;
}

static void dumps_deep(void *unused)
{
    (void)unused;
    deep_dump(499);
    CHECK_ORDER(dumped, "\ndump_text(", "\ndeep_dump(", "\n...40", " frames elided...\n",
                "\ndeep_dump(", "\ndumps_deep(");
    CHECK_EQ(count(dumped, "(...)\n"), 100);
    deep_dump(90);
    CHECK(strstr(dumped, "elided") == NULL);
    CHECK_EQ(count(dumped, "\ndeep_dump("), 91);
}

static void middle_is_elided(void)
{
    run_free(1, dumps_deep, NULL);
}

/* On a clock that jumps. */
static void dumps_minutes(void *unused)
{
    (void)unused;
    never = gr_chan_make(8, 0);
    gr_go(waiter_fn, NULL);
    let_park();
    gr_sleep_ns(INT64_C(185) * 1000000000);
    gr_go(waiter_fn, NULL);
    let_park();
    CHECK_ORDER(dump_text(), "goroutine 3 [chan receive]:\n", "wait_inside");
    CHECK_ORDER(dump_text(), "goroutine 2 [chan receive, 3 minutes]:\n", "wait_inside");
}

static void waits_are_told_in_minutes(void)
{
    env_knobs.faketime = 1;
    run_free(1, dumps_minutes, NULL);
}

/* Others are born, parked, woken and buried while somebody dumps. */
static atomic_u32 is_over;

static void churn_child(void *c)
{
    int64_t v = 0;
    gr_chan_recv(c, &v);
}

static void churn(void *unused)
{
    gr_chan *c = gr_chan_make(8, 0);
    (void)unused;
    while (load_relaxed(&is_over) == 0) {
        gr_go(churn_child, c);
        send(c, 1);
    }
    add_relaxed(&is_over, 1);
}

static void dumps_churn(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++)
        gr_go(churn, NULL);
    for (int i = 0; i < (unit_is_slow() ? 20 : 300); i++) {
        CHECK_ORDER(dump_text(), "goroutine 1 [running]:\n", "dump_text(");
        gr_yield();
    }
    store_relaxed(&is_over, 1);
    while (load_relaxed(&is_over) < 5)
        gr_yield();
}

static void dumps_while_others_run(void)
{
    run_free(4, dumps_churn, NULL);
}

/* ---- deaths ---- */

static void dies_locked(void *level)
{
    char e[128];
    CHECK(env_parse_traceback(level, e, sizeof e));
    never = gr_chan_make(8, 0);
    start_waiter();
    let_park();
    gr_mutex m = {0};
    gr_mutex_unlock(&m);
}

static void dies_panicking(void *level)
{
    char e[128];
    CHECK(env_parse_traceback(level, e, sizeof e));
    never = gr_chan_make(8, 0);
    start_waiter();
    let_park();
    gr_panic(gr_int(5));
}

/* A program that dies, in a process of its own: its end and what it wrote. */
static int death_of(gr_fn fn, const char *level)
{
    int status = 0, fd = memfd_create("death", 0);
    CHECK(fd >= 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(fd, 2);
        run_free(1, fn, (void *)(uintptr_t)level);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    ssize_t n = pread(fd, dumped, sizeof dumped - 1, 0);
    CHECK(n >= 0);
    dumped[n] = '\0';
    close(fd);
    return status;
}

/* An emulator's process of several threads may not survive its own SIGABRT: it hangs. */
static bool can_abort(void)
{
    return getenv("UNIT_SLOW") == NULL;
}

static void levels_of_fatal_errors(void)
{
    CHECK_EQ(WEXITSTATUS(death_of(dies_locked, "single")), 2);
    CHECK_ORDER(dumped,
                "fatal error: sync: unlock of unlocked mutex\n\ngoroutine 1 [running]:",
                "\ndies_locked(", "\n\ngoroutine 2 [chan receive]:", "\nwait_inside(");
    CHECK_EQ(WEXITSTATUS(death_of(dies_locked, "none")), 2);
    CHECK_STR(dumped, "fatal error: sync: unlock of unlocked mutex\n");
    if (!can_abort())
        return;
    CHECK_EQ(WTERMSIG(death_of(dies_locked, "crash")), SIGABRT);
    CHECK_ORDER(dumped, "\nspawn_entry(", "goroutine 2 [", "\nspawn_entry(");
}

static void levels_of_panics(void)
{
    CHECK_EQ(WEXITSTATUS(death_of(dies_panicking, "single")), 2);
    CHECK_ORDER(dumped, "panic: 5\n\ngoroutine 1 [running]:\ngr_panic(",
                "\ndies_panicking(");
    CHECK(strstr(dumped, "goroutine 2") == NULL);
    CHECK_EQ(WEXITSTATUS(death_of(dies_panicking, "all")), 2);
    CHECK_ORDER(dumped, "goroutine 1 [running]:", "\n\ngoroutine 2 [chan receive]:");
    CHECK(strstr(dumped, "spawn_entry") == NULL);
    CHECK_EQ(WEXITSTATUS(death_of(dies_panicking, "none")), 2);
    CHECK_STR(dumped, "panic: 5\n");
    if (can_abort())
        CHECK_EQ(WTERMSIG(death_of(dies_panicking, "crash")), SIGABRT);
}

#define WAITER_LINE "\n  G2: status=waiting(chan receive)\n"

/* Goes on until three lines are there, with the waiter if they have details. */
static void traced(void *unused)
{
    static char lines[1 << 16];
    size_t seen;
    (void)unused;
    never = gr_chan_make(8, 0);
    start_waiter();
    do {
        gr_sleep_ns(1000000);
        ssize_t n = pread(2, lines, sizeof lines - 1, 0);
        CHECK(n >= 0);
        lines[n] = '\0';
        seen = count(lines, "\nSCHED ");
    } while (seen < 2 || (env_knobs.scheddetail != 0 && !strstr(lines, WAITER_LINE)));
}

static void lines_about_the_scheduler(void)
{
    env_knobs.schedtrace = 5;
    CHECK_EQ(death_of(traced, NULL), 0);
    CHECK_ORDER(dumped, "SCHED 0ms: gomaxprocs=1 idleprocs=", " threads=",
                " spinningthreads=", " idlethreads=", " runqueue=", " [", "]\nSCHED ");
    CHECK(strstr(dumped, "  P0:") == NULL);
}

static void details_about_the_scheduler(void)
{
    env_knobs.schedtrace = 5;
    env_knobs.scheddetail = 1;
    CHECK_EQ(death_of(traced, NULL), 0);
    CHECK_ORDER(dumped, "SCHED ",
                "\n  P0: status=", " schedtick=", " runqsize=", "\nSCHED ");
    CHECK(strstr(dumped, WAITER_LINE) != NULL);
    CHECK(strstr(dumped, "\n  G1: status=") != NULL);
}

static NOINLINE int dig(int n)
{
    volatile char here[100] = {0};
    here[n % 100] = 1;
    return n < 0 ? 0 : dig(n + 1) + here[n % 100];
}

static void dies_deep(void *unused)
{
    (void)unused;
    gr_stack_max((size_t)1 << 20);
    dig(0);
    __asm__ volatile("");
}

/* From where it ran over to where it began. */
static void overflow_shows_both_ends(void)
{
    CHECK_EQ(WEXITSTATUS(death_of(dies_deep, NULL)), 2);
    CHECK_ORDER(dumped,
                "runtime: goroutine stack exceeds 1048576-byte limit\n"
                "fatal error: stack overflow\n\ngoroutine 1 [running]:\n",
                "dig(", "frames elided...\n", "\ndig(", "\ndies_deep(");
}

static const struct unit_case cases[] = {
    UNIT(frames_have_names),
    UNIT(level_system_shows_runtime),
    UNIT(own_goroutines_are_hidden),
    UNIT(runnable_shows_its_function),
    UNIT(running_elsewhere_has_no_frames),
    UNIT(middle_is_elided),
    UNIT(waits_are_told_in_minutes),
    UNIT(dumps_while_others_run),
    UNIT(levels_of_fatal_errors),
    UNIT(levels_of_panics),
    UNIT(overflow_shows_both_ends),
    UNIT(lines_about_the_scheduler),
    UNIT(details_about_the_scheduler),
};

UNIT_MAIN(cases)
