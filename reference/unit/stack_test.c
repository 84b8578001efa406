/* SPDX-License-Identifier: BSD-3-Clause */
/* stack_test.c - floor stack: many stacks, guards of each kind, reuse, trimming. */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "stack/stack.h"

#define MANY 20000

static struct stack many[MANY];

static size_t maps_count(void)
{
    size_t lines = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    CHECK(f != NULL);
    for (int ch; (ch = getc(f)) != EOF;)
        lines += ch == '\n';
    fclose(f);
    return lines;
}

static void touch(const struct stack *s, size_t i)
{
    ((volatile uint64_t *)(void *)s->top)[-1] = i;
}

static void acquire_many(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CHECK(stack_acquire(&many[i], STACK_SMALL));
        CHECK((uintptr_t)many[i].top % 16 == 0 && many[i].lo < many[i].top);
        touch(&many[i], i);
    }
    for (size_t i = 0; i < n; i++)
        CHECK_EQ(((uint64_t *)(void *)many[i].top)[-1], i);
}

static size_t many_count(void)
{
    return GR_ASAN ? 2000 : MANY;
}

static void twenty_thousand(void)
{
    struct stack_stats st;
    size_t before = maps_count();
    acquire_many(many_count());
    /* Sanitizers and emulators have mappings of their own. */
    if (os_guard_kind() == OS_GUARD_MADVISE && !unit_is_slow())
        CHECK(maps_count() < before + 400);
    stack_stats_read(&st);
    CHECK_EQ(st.live, many_count());
    CHECK_EQ(st.unguarded, 0);
    for (size_t i = 0; i < many_count(); i++)
        stack_release(&many[i]);
    stack_stats_read(&st);
    CHECK(st.live == 0 && st.free == many_count());
    stack_trim();
    acquire_many(many_count());
    stack_stats_read(&st);
    CHECK(st.live == many_count() && st.free == 0);
}

/* With mprotect the system's count of mappings ends before 40000 stacks do. */
static void guards_degrade(void)
{
    static struct stack s[40000];
    struct stack_stats st;
    CHECK(failure_arm("guard_madvise"));
    if (GR_ASAN)
        unit_skip("a stack per mapping is too much to scan for leaks");
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        CHECK(stack_acquire(&s[i], STACK_SMALL));
    stack_stats_read(&st);
    CHECK(s[0].is_guarded && !s[ARRAY_LEN(s) - 1].is_guarded);
    CHECK(st.unguarded > 0 && st.unguarded < ARRAY_LEN(s));
    void *p = malloc(1 << 20);
    CHECK(p != NULL);
    free(p);
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        stack_release(&s[i]);
}

static void classes_have_their_sizes(void)
{
    static const size_t want[] = {64u << 10, 256u << 10, 8u << 20};
    for (size_t c = 0; c < ARRAY_LEN(want); c++) {
        struct stack s;
        CHECK(stack_acquire(&s, (enum stack_class)c));
        size_t got = (size_t)(s.top - s.lo) + os_page_bytes();
        CHECK(got <= want[c] * SAN_STACK_FACTOR);
        CHECK(got > want[c] * SAN_STACK_FACTOR - 1024);
        memset(s.lo, 1, 64);
        stack_release(&s);
    }
}

/* By the low bits of its number, the page where a large stack ends is one of many, and none
 * is the end of many stacks. */
static void large_tops_are_spread(void)
{
    enum { STACKS = 512, PAGES = 128 };
    static struct stack s[STACKS];
    uint32_t ends[PAGES] = {0}, used = 0, most = 0;
    for (size_t i = 0; i < STACKS; i++) {
        CHECK(stack_acquire(&s[i], STACK_LARGE));
        uint32_t n = ++ends[(uintptr_t)s[i].top / os_page_bytes() % PAGES];
        used += n == 1;
        most = n > most ? n : most;
    }
    uint32_t room = os_page_bytes() == 4096 ? PAGES : 8;
    CHECK(used >= room * 7 / 8 && most <= 4 * STACKS / room);
    stack_release_many(s, STACKS);
}

static void last_out_first_in(void)
{
    struct stack a, b, c;
    CHECK(stack_acquire(&a, STACK_SMALL) && stack_acquire(&b, STACK_SMALL));
    char *a_lo = a.lo, *a_top = a.top, *b_lo = b.lo;
    CHECK(a.top - a.lo != b.top - b.lo);
    stack_release(&b);
    stack_release(&a);
    CHECK(a.lo == NULL);
    CHECK(stack_acquire(&c, STACK_SMALL));
    CHECK(c.lo == a_lo && c.top == a_top);
    CHECK(stack_acquire(&c, STACK_SMALL));
    CHECK(c.lo == b_lo);
}

static void no_address_space(void)
{
    struct stack s;
    CHECK(failure_arm("memory_reserve"));
    CHECK(!stack_acquire(&s, STACK_SMALL));
    CHECK(failure_arm("memory_reserve:0"));
    CHECK(stack_acquire(&s, STACK_SMALL));
}

/* Fills one slab, then refuses the next two sizes asked for. */
static void smaller_slab_when_refused(void)
{
    struct stack s;
    struct stack_stats st;
    size_t slots = ((size_t)64 << 20) / (((size_t)256 << 10) * SAN_STACK_FACTOR);
    for (size_t i = 0; i < slots; i++)
        CHECK(stack_acquire(&s, STACK_MEDIUM));
    stack_stats_read(&st);
    CHECK_EQ(st.slabs, 1);
    CHECK(failure_arm("memory_reserve:2"));
    for (size_t i = 0; i < slots / 4 + 1; i++)
        CHECK(stack_acquire(&s, STACK_MEDIUM));
    CHECK(!FAILURE(memory_reserve));
    stack_stats_read(&st);
    CHECK_EQ(st.slabs, 3);
}

static struct fiber home, diver;
static struct stack dive_stack;

static NOINLINE uint64_t dive(uint64_t n)
{
    volatile char frame[200];
    frame[n % sizeof frame] = (char)n;
    return n == 0 ? 0 : dive(n - 1) + (uint64_t)frame[n % sizeof frame];
}

static void dive_for_ever(void *arg)
{
    (void)arg;
    CHECK(dive(1u << 30) == 0);
}

static void start_diving(void)
{
    CHECK(stack_acquire(&dive_stack, STACK_SMALL));
    fiber_adopt(&home);
    fiber_init(&diver, dive_stack.lo, dive_stack.top, dive_for_ever, NULL);
    fiber_switch(&home, &diver);
}

static bool judge(const struct os_fault *f)
{
    CHECK(f->signal == SIGSEGV);
    if (stack_owns_guard(&dive_stack, f->addr))
        fatal(GR_FATAL_STACK_OVERFLOW);
    return false;
}

static void overflow_is_told(void)
{
    struct os_altstack alt;
    os_fault_init(judge);
    CHECK(os_altstack_init(&alt));
    start_diving();
}

static void overflow_is_told_by_mprotect(void)
{
    CHECK(failure_arm("guard_madvise"));
    overflow_is_told();
}

static void touch_guard(void)
{
    struct stack s;
    CHECK(stack_acquire(&s, STACK_SMALL));
    s.lo[0] = 1;
    s.lo[-1] = 1;
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

static void guard_bites_after_trim(void)
{
    struct stack s;
    CHECK(stack_acquire(&s, STACK_SMALL));
    stack_release(&s);
    stack_trim();
    touch_guard();
}

static void canary_tells(void)
{
    struct stack s;
    CHECK(failure_arm("guard_madvise") && failure_arm("guard_mprotect"));
    CHECK(stack_acquire(&s, STACK_SMALL) && !s.is_guarded);
    CHECK(stack_check(&s));
    s.lo[3] ^= 1;
    CHECK(!stack_check(&s));
    stack_release(&s);
}

static NOINLINE void leave_poison(void *arg)
{
    char local[100];
    memset(local, 1, sizeof local);
    __asm__ volatile("" ::"r"(local) : "memory");
    /* Not fiber_switch_last: before a call that never returns ASan tidies up by itself. */
    fiber_switch(arg, &home);
}

/* A goroutine that never returned leaves ASan's red zones behind. */
static void abandoned_frames_are_forgotten(void)
{
    struct stack s;
    CHECK(stack_acquire(&s, STACK_SMALL));
    fiber_adopt(&home);
    fiber_init(&diver, s.lo, s.top, leave_poison, &diver);
    fiber_switch(&home, &diver);
    fiber_fini(&diver);
    stack_release(&s);
    CHECK(stack_acquire(&s, STACK_SMALL));
    memset(s.lo, 0, (size_t)(s.top - s.lo));
}

#if GR_RACECHECK
void __tsan_write8(void *addr);

static void write_stack(void *arg)
{
    __tsan_write8(arg);
    fiber_switch_last(&diver, &home);
}
#endif

/* Two goroutines that had one stack, one after the other, did not race for it. */
static void heirs_do_not_race(void)
{
#if GR_RACECHECK
    struct stack s;
    fiber_adopt(&home);
    for (int i = 0; i < 3; i++) {
        if (i == 2)
            stack_renew(&s);
        else
            CHECK(stack_acquire(&s, STACK_SMALL));
        fiber_init(&diver, s.lo, s.top, write_stack, s.top - 2048);
        fiber_switch(&home, &diver);
        fiber_fini(&diver);
        if (i == 0)
            stack_release(&s);
    }
#else
    unit_skip("not flavour racecheck");
#endif
}

/* Released in any mixture of classes. */
static void released_together(void)
{
    struct stack_stats st;
    struct stack s[6];
    for (int i = 0; i < 6; i++)
        CHECK(stack_acquire(&s[i], i % 4 < 2 ? STACK_LARGE : STACK_SMALL));
    stack_release_many(s, 6);
    stack_stats_read(&st);
    CHECK(st.live == 0 && st.large == 0 && st.free >= 6);
    for (int i = 0; i < 6; i++)
        CHECK(s[i].lo == NULL);
}

static void guard_range(void)
{
    struct stack s;
    CHECK(stack_acquire(&s, STACK_SMALL));
    uintptr_t lo = (uintptr_t)s.lo;
    CHECK(stack_owns_guard(&s, lo - 1));
    CHECK(stack_owns_guard(&s, lo - os_page_bytes() - (64u << 10)));
    CHECK(!stack_owns_guard(&s, lo - os_page_bytes() - (64u << 10) - 1));
    CHECK(!stack_owns_guard(&s, lo) && !stack_owns_guard(&s, 0));
}

static void churn(void *arg)
{
    struct stack s[8];
    for (int i = 0; i < (unit_is_slow() ? 100 : 2000); i++) {
        for (size_t j = 0; j < 8; j++) {
            CHECK(stack_acquire(&s[j], STACK_SMALL));
            touch(&s[j], (uintptr_t)arg);
        }
        for (size_t j = 0; j < 8; j++) {
            CHECK_EQ(((uint64_t *)(void *)s[j].top)[-1], (uintptr_t)arg);
            stack_release(&s[j]);
        }
    }
}

static void threads_share_the_pool(void)
{
    struct os_thread t[4];
    struct stack_stats st;
    for (uintptr_t i = 0; i < 4; i++)
        CHECK(os_thread_start(&t[i], churn, (void *)(i + 1), 0));
    for (int i = 0; i < 4; i++)
        os_thread_join(&t[i]);
    stack_stats_read(&st);
    CHECK(st.live == 0 && st.free <= 32);
}

static const struct unit_case cases[] = {
    UNIT(twenty_thousand),
    UNIT(guards_degrade),
    UNIT(classes_have_their_sizes),
    UNIT(large_tops_are_spread),
    UNIT(last_out_first_in),
    UNIT(no_address_space),
    UNIT(smaller_slab_when_refused),
    UNIT_EXITS(overflow_is_told, 2, "fatal error: stack overflow\n"),
    UNIT_EXITS(overflow_is_told_by_mprotect, 2, "fatal error: stack overflow\n"),
    UNIT_DIES(guard_bites, SIGSEGV),
    UNIT_DIES(guard_bites_mprotect, SIGSEGV),
    UNIT_DIES(guard_bites_after_trim, SIGSEGV),
    UNIT_EXITS(canary_tells, 2, "fatal error: stack overflow\n"),
    UNIT(abandoned_frames_are_forgotten),
    UNIT(heirs_do_not_race),
    UNIT(released_together),
    UNIT(guard_range),
    UNIT(threads_share_the_pool),
};

UNIT_MAIN(cases)
