/* SPDX-License-Identifier: BSD-3-Clause */
/* os_test.c - floor os: memory, guards of each kind, threads, futex, clock, faults. */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/os.h"

static size_t page;

static char *pages(size_t n)
{
    page = os_page_bytes();
    char *at = os_reserve(n * page, page);
    CHECK(at != NULL);
    return at;
}

static void reserves_zeroed_and_aligned(void)
{
    size_t big = (size_t)2 << 20;
    char *at = os_reserve(3 * os_page_bytes(), big);
    CHECK(at != NULL && (uintptr_t)at % big == 0);
    CHECK_EQ(at[0], 0);
    memset(at, 7, 3 * os_page_bytes());
    os_dontneed(at, os_page_bytes());
    CHECK_EQ(at[0], 0);
    CHECK_EQ(at[os_page_bytes()], 7);
    os_renew(at, 2 * os_page_bytes());
    CHECK_EQ(at[os_page_bytes()], 0);
    os_release(at, 3 * os_page_bytes());
    CHECK(failure_arm("memory_reserve:1"));
    CHECK(os_reserve(4096, 4096) == NULL);
}

/* The kernel's view: a write from a guarded page must fail. */
static bool kernel_can_read(const char *at)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    bool can = write(fds[1], at, 1) == 1;
    CHECK(can || errno == EFAULT);
    close(fds[0]);
    close(fds[1]);
    return can;
}

static void check_guard_comes_and_goes(void)
{
    char *at = pages(3);
    at[page] = 1;
    CHECK(os_guard_install(at + page, page));
    CHECK(!kernel_can_read(at + page));
    CHECK(kernel_can_read(at) && kernel_can_read(at + 2 * page));
    if (os_guard_kind() == OS_GUARD_MADVISE) {
        os_dontneed(at, 3 * page);
        CHECK(!kernel_can_read(at + page));
    }
    os_guard_remove(at + page, page);
    CHECK(kernel_can_read(at + page));
}

static void guard_best(void)
{
    char *at = pages(1);
    if (madvise(at, page, 102) == 0 && !kernel_can_read(at))
        CHECK_EQ(os_guard_kind(), OS_GUARD_MADVISE);
    check_guard_comes_and_goes();
}

/* No huge page behind a small stack, no reservation in a core dump. */
static void reservations_are_advised(void)
{
    char line[512];
    char *at = pages(16);
    bool is_ours = false, is_found = false;
    if (getenv("UNIT_SLOW") != NULL)
        unit_skip("an emulator invents its own smaps");
    FILE *f = fopen("/proc/self/smaps", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned long lo, hi;
        if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
            is_ours = lo <= (uintptr_t)at && (uintptr_t)at < hi;
        if (!is_ours || strncmp(line, "VmFlags:", 8) != 0)
            continue;
        is_found = true;
        CHECK(strstr(line, " dd") != NULL);
        CHECK(strstr(line, " nh") != NULL);
    }
    if (!is_found)
        unit_skip("no VmFlags in /proc/self/smaps");
}

static void guard_by_mprotect(void)
{
    CHECK(failure_arm("guard_madvise"));
    CHECK_EQ(os_guard_kind(), OS_GUARD_MPROTECT);
    check_guard_comes_and_goes();
}

static void guard_none(void)
{
    char *at = pages(1);
    CHECK(failure_arm("guard_madvise") && failure_arm("guard_mprotect"));
    CHECK_EQ(os_guard_kind(), OS_GUARD_NONE);
    CHECK(!os_guard_install(at, page));
    CHECK(kernel_can_read(at));
}

static void touch_guard(void)
{
    char *at = pages(2);
    CHECK(os_guard_install(at, page));
    *(volatile char *)(at + page - 1) = 1;
}

static void guard_bites(void)
{
    touch_guard();
}

static void guard_bites_mprotect(void)
{
    CHECK(failure_arm("guard_madvise"));
    touch_guard();
}

static atomic_u32 word;

static void wake_later(void *arg)
{
    (void)arg;
    store_seq(&word, 1);
    os_futex_wake(&word, 1);
}

static void threads_and_futex(void)
{
    struct os_thread t;
    uint32_t me = os_thread_number();
    CHECK(os_thread_start(&t, wake_later, NULL, 0));
    while (load_seq(&word) == 0)
        os_futex_wait(&word, 0, -1);
    os_thread_join(&t);
    CHECK(me != 0 && me == os_thread_number());
    CHECK(!os_futex_wait(&word, 1, 1000));
    CHECK(os_futex_wait(&word, 0, 1000));
    CHECK(os_cpu_count() >= 1);
    CHECK(failure_arm("thread_start:1"));
    CHECK(!os_thread_start(&t, wake_later, NULL, 0));
    CHECK(os_thread_start(&t, wake_later, NULL, (size_t)1 << 20));
    os_thread_join(&t);
}

static void clock_goes_forward(void)
{
    int64_t a = os_now_ns(), cpu = os_cpu_ns();
    CHECK(a > 0);
    CHECK(os_coarse_ns() <= a && os_coarse_ns() > a - 1000000000);
    while (os_now_ns() == a)
        ;
    CHECK(os_now_ns() > a && os_cpu_ns() >= cpu);
}

static sigjmp_buf back;
static struct os_fault seen;
static void *other_top;

static NORETURN void after_fault(void *arg)
{
    char here;
    CHECK(arg == &seen);
    if (other_top != NULL)
        CHECK((char *)other_top - &here < (1 << 20) && &here < (char *)other_top);
    siglongjmp(back, 1);
}

static bool redirect(const struct os_fault *f)
{
    seen = *f;
    os_fault_redirect(f, after_fault, &seen, other_top);
    return true;
}

static void fault_at(uintptr_t addr)
{
    struct os_altstack alt;
    os_fault_init(redirect);
    CHECK(os_altstack_init(&alt));
    for (volatile int i = 0; i < 3; i++) {
        memset(&seen, 0, sizeof seen);
        if (sigsetjmp(back, 1) == 0) {
            *(volatile char *)addr = 1;
            CHECK(false);
        }
        CHECK_EQ(seen.signal, SIGSEGV);
        CHECK_EQ(seen.addr, addr);
        CHECK(seen.pc != 0 && seen.sp != 0 && seen.is_kernel_sent);
    }
    os_altstack_fini(&alt);
}

static void fault_redirects_in_place(void)
{
    char *at = pages(1);
    CHECK(os_guard_install(at, page));
    fault_at((uintptr_t)at + 8);
}

static void fault_redirects_to_another_stack(void)
{
    char *at = pages(64), *stack = pages(64);
    CHECK(os_guard_install(at, page));
    if (unit_is_slow())
        unit_skip("longjmp between stacks: sanitizers and emulators object");
    other_top = stack + 64 * page;
    fault_at((uintptr_t)at + 8);
}

static bool decline(const struct os_fault *f)
{
    seen = *f;
    return false;
}

static void fault_declined_kills(void)
{
    os_fault_init(decline);
    touch_guard();
}

static void fault_sent_by_kill_kills(void)
{
    os_fault_init(decline);
    raise(SIGFPE);
}

#if defined(__x86_64__)
static void division_faults(void)
{
    volatile int zero = 0, one = 1;
    os_fault_init(redirect);
    if (sigsetjmp(back, 1) == 0) {
        __asm__ volatile("cltd; idivl %0" : : "r"(zero), "a"(one) : "edx");
        CHECK(false);
    }
    CHECK_EQ(seen.signal, SIGFPE);
}
#else
static void division_faults(void)
{
    unit_skip("division by zero gives 0 here");
}
#endif

static NOINLINE int named_function(int n)
{
    return n + 1;
}

/* Its own functions have names, others and nonsense have not. */
static void symbols_have_names(void)
{
    struct os_symbol s;
    char path[256];
    uintptr_t at = (uintptr_t)named_function;
    CHECK_EQ(named_function(1), 2);
    for (int twice = 0; twice < 2; twice++) {
        CHECK(os_symbol(at, &s) && s.offset == 0);
        CHECK_STR(s.name, "named_function");
        CHECK(os_symbol(at + 1, &s) && s.offset == 1 &&
              s.file_address % 4096 == (at + 1) % 4096);
    }
    CHECK(!os_symbol(0, &s) && s.name == NULL);
    CHECK(!os_symbol((uintptr_t)&s, &s));
    CHECK(!os_symbol(UINTPTR_MAX, &s));
    CHECK(os_program_path(path, sizeof path) > 0 && strstr(path, "os_test") != NULL);
    CHECK(os_program_path(path, 4) == 3 && path[3] == '\0');
}

static const struct unit_case cases[] = {
    UNIT(reserves_zeroed_and_aligned),
    UNIT(reservations_are_advised),
    UNIT(guard_best),
    UNIT(guard_by_mprotect),
    UNIT(guard_none),
    UNIT_DIES(guard_bites, SIGSEGV),
    UNIT_DIES(guard_bites_mprotect, SIGSEGV),
    UNIT(threads_and_futex),
    UNIT(clock_goes_forward),
    UNIT(symbols_have_names),
    UNIT(fault_redirects_in_place),
    UNIT(fault_redirects_to_another_stack),
    UNIT_DIES(fault_declined_kills, SIGSEGV),
    UNIT_DIES(fault_sent_by_kill_kills, SIGFPE),
    UNIT(division_faults),
};

UNIT_MAIN(cases)
