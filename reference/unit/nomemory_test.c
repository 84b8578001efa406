/* SPDX-License-Identifier: BSD-3-Clause */
/* nomemory_test.c - the heap without memory, at each place where it asks for some: a clear
 * end, or none; and descriptors of types that are wrong.
 */
#define _GNU_SOURCE
#include "heaprt.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char said[4096];

/* A program in a process of its own, with this failure; its status, and what it wrote. */
static int end_of(gr_fn fn, const char *failure)
{
    int status = 0, fd = memfd_create("end", 0);
    CHECK(fd >= 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(fd, 2);
        CHECK(failure_arm(failure));
        run_free(1, fn, NULL);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    ssize_t n = pread(fd, said, sizeof said - 1, 0);
    CHECK(n >= 0);
    said[n] = '\0';
    close(fd);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Objects of all kinds, stamped, some of them dropped and swept. */
static void work(void *unused)
{
    static char *at[600];
    (void)unused;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(at); i++) {
            size_t bytes = i % 20 == 0 ? 100000 : 8 + i * 7 % 3000;
            at[i] = gr_new_bytes((int64_t)bytes);
            CHECK(at[i][0] == 0 && at[i][bytes - 1] == 0);
            memset(at[i], 1, bytes);
            gr_new(&pair_type);
        }
        collect((void **)at, ARRAY_LEN(at) / 2);
    }
}

/* Until the failure comes too late to be met.  Gives: how many were met. */
static int each_failure(const char *name)
{
    int n = 0;
    for (;; n++) {
        char spec[64];
        snprintf(spec, sizeof spec, "%s:1+%d", name, n);
        int status = end_of(work, spec);
        if (status == 0)
            return n;
        CHECK_EQ(status, 2);
        CHECK(strstr(said, "fatal error: runtime: out of memory\n") != NULL);
    }
}

static void each_growth_may_fail(void)
{
    CHECK(each_failure("heap_grow") >= 3);
    CHECK_EQ(end_of(work, "heap_grow"), 2);
    CHECK(strncmp(said, "gr: no room for ", 16) == 0);
}

/* A reservation of the heap that is refused is tried again, smaller; one of another floor
 * is the end. */
static void each_reservation_may_fail(void)
{
    for (int n = 0; n < 24; n++) {
        char spec[64];
        snprintf(spec, sizeof spec, "memory_reserve:1+%d", n);
        int status = end_of(work, spec);
        CHECK(status == 0 ||
              strstr(said, "fatal error: runtime: out of memory\n") != NULL ||
              strncmp(said, "gr: ", 4) == 0);
    }
}

static void no_space_at_all(void)
{
    base_boot();
    CHECK(failure_arm("memory_reserve"));
    heap_boot();
}

static void less_space(void)
{
    base_boot();
    CHECK(failure_arm("memory_strict"));
    heap_boot();
    CHECK(heap_bytes >= (size_t)64 << 20 && heap_bytes <= (size_t)256 << 20);
    on_one(work);
}

static int nstarved;

static void give_up_garbage(void)
{
    nstarved++;
    collect(NULL, 0);
    heap_sweep_all();
}

static void starving_main(void *unused)
{
    (void)unused;
    heap_hooks.starved = give_up_garbage;
    gr_new_bytes(1);
    CHECK(failure_arm("heap_grow"));
    for (int i = 0; i < 100; i++)
        gr_new_bytes(1 << 20);
    CHECK(nstarved >= 20 && nstarved <= 60);
    for (int i = 0; i < 3000; i++)
        gr_new_bytes(3000);
    CHECK(nstarved <= 70);
}

static void garbage_is_collected_first(void)
{
    on_one(starving_main);
}

static void controlled_main(void *unused)
{
    (void)unused;
    for (;;)
        gr_new_bytes(300);
}

/* A fatal error in a controlled run is a verdict: nothing may be left locked. */
static void a_verdict_leaves_no_lock(void)
{
    CHECK(failure_arm("heap_grow+1"));
    run_seeded(controlled_main, NULL, 1, GR_END_FATAL);
    CHECK(failure_arm("heap_grow:0"));
    run_seeded(work, NULL, 1, GR_END_OK);
}

#define PROGRAM_OF(name_, ...)                                                             \
    static void name_##_main(void *unused)                                                 \
    {                                                                                      \
        static const gr_type t = {__VA_ARGS__, .name = #name_};                            \
        (void)unused;                                                                      \
        gr_new(&t);                                                                        \
    }                                                                                      \
    static void name_(void)                                                                \
    {                                                                                      \
        on_one(name_##_main);                                                              \
    }
PROGRAM_OF(enormous, .size = (size_t)1 << 41)
PROGRAM_OF(long_one, .size = 20, .nwords = 3)
PROGRAM_OF(tableless, .size = 800, .nwords = 100)
PROGRAM_OF(uncounted, .size = 64, .nwords = 4, .word = 16)

static const struct unit_case cases[] = {
    UNIT(each_growth_may_fail),
    UNIT(each_reservation_may_fail),
    UNIT_EXITS(no_space_at_all, 2, "gr: the heap needs 64 MB of address space"),
    UNIT(less_space),
    UNIT(garbage_is_collected_first),
    UNIT(a_verdict_leaves_no_lock),
    UNIT_EXITS(enormous, 2, "gr: the type enormous at 0x"),
    UNIT_EXITS(long_one, 2, "gr: the type long_one at 0x"),
    UNIT_EXITS(tableless, 2, "gr: the type tableless at 0x"),
    UNIT_EXITS(uncounted, 2, "gr: the type uncounted at 0x"),
};
UNIT_MAIN(cases)
