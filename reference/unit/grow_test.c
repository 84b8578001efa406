/* SPDX-License-Identifier: BSD-3-Clause */
/* grow_test.c - large stacks: growth in place, its limit, what is left of a deep one, and
 * who gets one.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "os/os.h"
#include "stack/stack.h"

#define KB ((size_t)1 << 10)
#define MB ((size_t)1 << 20)

static struct fiber home, diver;
static struct stack dive_stack;

static NOINLINE size_t depth_now(void)
{
    return (size_t)(dive_stack.top - (char *)__builtin_frame_address(0));
}

/* Frames of some 300 bytes down to `bytes` below the top, each checked on the way back. */
static NOINLINE uint64_t dive_to(size_t bytes, uint64_t n)
{
    volatile uint64_t frame[30];
    frame[n % ARRAY_LEN(frame)] = n;
    uint64_t below = depth_now() < bytes ? dive_to(bytes, n + 1) : 0;
    CHECK_EQ(frame[n % ARRAY_LEN(frame)], n);
    return below + 1;
}

static size_t dive_bytes;

static void dive_and_come_back(void *arg)
{
    (void)arg;
    CHECK(dive_to(dive_bytes, 0) > 10);
    fiber_switch(&diver, &home);
    CHECK(dive_to(dive_bytes, 0) > 10);
    fiber_switch_last(&diver, &home);
}

static bool may_grow, may_overflow;

static bool judge(const struct os_fault *f)
{
    CHECK(f->signal == SIGSEGV && stack_owns_guard(&dive_stack, f->addr));
    if (may_grow && stack_grow_insig(&dive_stack, f->addr))
        return true;
    CHECK(may_overflow);
    fatal(GR_FATAL_STACK_OVERFLOW);
}

static void begin(void)
{
    static struct os_altstack alt;
    os_fault_init(judge);
    may_grow = true;
    CHECK(os_altstack_init(&alt));
    fiber_adopt(&home);
    CHECK(stack_acquire(&dive_stack, STACK_LARGE));
}

static void dive(size_t bytes)
{
    dive_bytes = bytes;
    fiber_init(&diver, stack_bottom(&dive_stack), dive_stack.top, dive_and_come_back, NULL);
    fiber_switch(&home, &diver);
}

static size_t grown_so_far(void)
{
    struct stack_stats st;
    stack_stats_read(&st);
    return st.grown;
}

static size_t resident_bytes(const char *lo, const char *hi)
{
    static unsigned char in_core[65536];
    size_t page = os_page_bytes(), pages = (size_t)(hi - lo) / page, n = 0;
    CHECK(pages <= sizeof in_core &&
          mincore((void *)(uintptr_t)lo, pages * page, in_core) == 0);
    for (size_t i = 0; i < pages; i++)
        n += in_core[i] & 1;
    return n * page;
}

static size_t deep_bytes(void)
{
    return SAN_FIBERS ? 4 * MB : 32 * MB;
}

/* Grows while it runs, step by step; deep pages go back at release, first ones stay. */
static void grows_and_settles(void)
{
    begin();
    char *first_lo = dive_stack.lo, *top = dive_stack.top;
    CHECK_EQ(stack_depth(&dive_stack), STACK_FIRST_BYTES);
    dive(deep_bytes());
    CHECK(stack_is_grown(&dive_stack) && dive_stack.top == top);
    size_t steps = grown_so_far();
    CHECK(steps >= 2 && steps <= 6);
    char *deep = dive_stack.lo;
    CHECK(resident_bytes(deep, first_lo) >= deep_bytes() - STACK_FIRST_BYTES - MB);
    fiber_switch(&home, &diver);
    CHECK_EQ(grown_so_far(), steps);
    fiber_fini(&diver);
    stack_release(&dive_stack);
    if (!unit_is_slow())
        CHECK_EQ(resident_bytes(deep, first_lo), 0);
    CHECK(stack_acquire(&dive_stack, STACK_LARGE));
    CHECK(dive_stack.lo == first_lo && dive_stack.top == top);
    dive(deep_bytes());
    CHECK(grown_so_far() > steps);
}

static void grows_by_mprotect(void)
{
    CHECK(failure_arm("guard_madvise"));
    grows_and_settles();
}

/* The guard stands where the limit says, and lets nobody by when it has moved there. */
static void overflows_at_limit(void)
{
    begin();
    CHECK(stack_max(MB) > 4 * MB);
    CHECK_EQ(stack_max(0), MB);
    dive(MB - 16 * KB);
    fiber_switch(&home, &diver);
    CHECK_EQ(stack_depth(&dive_stack), MB);
    may_overflow = true;
    dive(MB + 1);
}

static void limit_is_bounded(void)
{
    size_t most = stack_max(1);
    CHECK(most == stack_max(0) ? false : stack_max(SIZE_MAX / 2) == STACK_FIRST_BYTES);
    CHECK_EQ(stack_max(0), most);
}

static void guard_bites_after_settle(void)
{
    begin();
    dive(2 * MB);
    fiber_switch(&home, &diver);
    stack_settle(&dive_stack);
    CHECK_EQ(stack_depth(&dive_stack), STACK_FIRST_BYTES);
    may_grow = false;
    may_overflow = true;
    dive_stack.lo[0] = 1;
    CHECK(stack_owns_guard(&dive_stack, (uintptr_t)dive_stack.lo - 1));
    dive_stack.lo[-(ptrdiff_t)(200 * KB)] = 1;
}

/* All large ones, then small ones; large ones again as soon as one is back. */
static void large_ones_first(void)
{
    struct stack_stats st;
    static struct stack many[5000];
    struct stack s[8];
    size_t n = 0, got;
    do {
        got = stack_acquire_many(s, 1);
        CHECK(got == 1 && n < ARRAY_LEN(many));
        many[n++] = s[0];
    } while (s[0].class == STACK_LARGE);
    stack_stats_read(&st);
    CHECK_EQ(st.large, n - 1);
    CHECK(n - 1 == (SAN_FIBERS ? 1024 : 4096));
    CHECK(!stack_is_second_best(&many[n - 1]));
    got = stack_acquire_many(s, 8);
    CHECK(got >= 1 && s[0].class == STACK_SMALL);
    stack_release_many(many, 3);
    CHECK(stack_is_second_best(&s[0]) && !stack_is_second_best(&many[4]));
    CHECK_EQ(stack_acquire_many(s, 8), 3);
    CHECK(s[0].class == STACK_LARGE && s[2].class == STACK_LARGE);
}

/* Under ulimit -v (or strict accounting) large stacks are few, and leave room. */
static void few_in_little_space(void)
{
    struct stack_stats st;
    struct stack s;
    if (unit_is_slow())
        unit_skip("sanitizers and emulators need address space of their own");
    struct rlimit r = {.rlim_cur = 1024 * MB, .rlim_max = RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &r) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(stack_acquire_many(&s, 1) == 1);
    stack_stats_read(&st);
    CHECK(st.large >= 16 && st.large <= 64);
    void *p = malloc(256 * MB);
    CHECK(p != NULL);
    free(p);
}

static void few_in_strict_memory(void)
{
    struct stack_stats st;
    struct stack s;
    CHECK(failure_arm("memory_strict"));
    for (int i = 0; i < 1000; i++)
        CHECK(stack_acquire_many(&s, 1) == 1);
    stack_stats_read(&st);
    CHECK_EQ(st.large, 32);
}

static const struct unit_case cases[] = {
    UNIT(grows_and_settles),
    UNIT(grows_by_mprotect),
    UNIT_EXITS(overflows_at_limit, 2, "fatal error: stack overflow\n"),
    UNIT(limit_is_bounded),
    UNIT_EXITS(guard_bites_after_settle, 2, "fatal error: stack overflow\n"),
    UNIT(large_ones_first),
    UNIT(few_in_little_space),
    UNIT(few_in_strict_memory),
};

UNIT_MAIN(cases)
