/* SPDX-License-Identifier: BSD-3-Clause */
/* arch_test.c - floor arch: switching stacks, fibers under sanitizers, saved frames. */
#define _GNU_SOURCE
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "os/os.h"

#define STACK_BYTES ((size_t)64 << 10)

static struct fiber home, away;

static void *new_stack(void)
{
    char *lo = os_reserve(STACK_BYTES * SAN_STACK_FACTOR, os_page_bytes());
    CHECK(lo != NULL);
    return lo;
}

static void start(struct fiber *f, void (*entry)(void *), void *arg)
{
    char *lo = new_stack();
    fiber_init(f, lo, lo + STACK_BYTES * SAN_STACK_FACTOR, entry, arg);
}

static int steps;

static void echo(void *arg)
{
    CHECK(arg == &steps);
    for (;;) {
        steps++;
        fiber_switch(&away, &home);
    }
}

static void switches_there_and_back(void)
{
    fiber_adopt(&home);
    start(&away, echo, &steps);
    for (int i = 1; i <= 100000; i++) {
        fiber_switch(&home, &away);
        CHECK_EQ(steps, i);
    }
}

static uint64_t bits_of(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

/* More values alive across the switch than there are callee-saved registers. */
static NOINLINE uint64_t juggle(struct fiber *self, struct fiber *other, uint64_t seed)
{
    uint64_t x[12];
    double d[8];
    for (int i = 0; i < 12; i++)
        x[i] = splitmix64(&seed);
    for (int i = 0; i < 8; i++)
        d[i] = (double)(x[i] >> 40);
    uint64_t a = x[0], b = x[1], c = x[2], e = x[3], f = x[4], g = x[5], h = x[6];
    double p = d[0], q = d[1], r = d[2], s = d[3];
    for (int round = 0; round < 50; round++) {
        fiber_switch(self, other);
        a += b, b ^= c, c += e, e ^= f, f += g, g ^= h, h += a;
        p += q, q += r, r += s, s += p;
    }
    return a ^ b ^ c ^ e ^ f ^ g ^ h ^ bits_of(p + q + r + s);
}

/* The same without a switch. */
static uint64_t juggled(uint64_t seed)
{
    uint64_t x[12];
    double d[8];
    for (int i = 0; i < 12; i++)
        x[i] = splitmix64(&seed);
    for (int i = 0; i < 8; i++)
        d[i] = (double)(x[i] >> 40);
    for (int round = 0; round < 50; round++) {
        x[0] += x[1], x[1] ^= x[2], x[2] += x[3], x[3] ^= x[4];
        x[4] += x[5], x[5] ^= x[6], x[6] += x[0];
        d[0] += d[1], d[1] += d[2], d[2] += d[3], d[3] += d[0];
    }
    return x[0] ^ x[1] ^ x[2] ^ x[3] ^ x[4] ^ x[5] ^ x[6] ^
           bits_of(d[0] + d[1] + d[2] + d[3]);
}

static uint64_t away_result;

static void juggle_away(void *arg)
{
    away_result = juggle(&away, &home, *(uint64_t *)arg);
    fiber_switch_last(&away, &home);
}

static void keeps_registers(void)
{
    uint64_t seeds[2] = {unit_seed(), unit_seed() + 1};
    fiber_adopt(&home);
    start(&away, juggle_away, &seeds[1]);
    uint64_t mine = juggle(&home, &away, seeds[0]);
    fiber_switch(&home, &away);
    CHECK_EQ(mine, juggled(seeds[0]));
    CHECK_EQ(away_result, juggled(seeds[1]));
}

/* Aligned vector stores fault when the stack is not aligned at the function's start. */
static void spill_vectors(void *arg)
{
    typedef float v4 __attribute__((vector_size(16)));
    volatile v4 v[4];
    char text[64];
    int *aligned = arg;
    for (int i = 0; i < 4; i++)
        v[i] = (v4){(float)i, 1, 2, 3};
    snprintf(text, sizeof text, "%.1f", (double)v[3][0]);
    *aligned = (uintptr_t)&v[0] % 16 == 0 && strcmp(text, "3.0") == 0;
    fiber_switch_last(&away, &home);
}

static void aligns_the_stack(void)
{
    int is_aligned = 0;
    fiber_adopt(&home);
    start(&away, spill_vectors, &is_aligned);
    fiber_switch(&home, &away);
    CHECK(is_aligned);
}

static size_t depth;

static NOINLINE void walk_here(void *arg)
{
    uintptr_t pcs[16];
    depth = frame_walk_insig(__builtin_frame_address(0), arg,
                             (char *)arg + STACK_BYTES * SAN_STACK_FACTOR, pcs, 16);
    fiber_switch_last(&away, &home);
}

static NOINLINE void walk_deeper(void *arg)
{
    walk_here(arg);
    CHECK(false);
}

static void walks_stop_at_the_entry(void)
{
    void *lo = new_stack();
    fiber_adopt(&home);
    fiber_init(&away, lo, (char *)lo + STACK_BYTES * SAN_STACK_FACTOR, walk_deeper, lo);
    fiber_switch(&home, &away);
    CHECK(depth >= 2 && depth <= 4);
}

static void walks_believe_nothing(void)
{
    uintptr_t m[8] = {0}, pcs[8];
    const void *end = m + 8;
    m[0] = (uintptr_t)&m[4], m[1] = 11;
    m[4] = (uintptr_t)&m[6], m[5] = 22;
    m[7] = 33;
    CHECK_EQ(frame_walk_insig(m, m, end, pcs, 8), 3);
    CHECK(pcs[0] == 11 && pcs[1] == 22 && pcs[2] == 33);
    CHECK_EQ(frame_walk_insig(m, m, end, pcs, 2), 2);
    CHECK_EQ(frame_walk_insig(m, m, &m[7], pcs, 8), 2);
    CHECK_EQ(frame_walk_insig(m, &m[1], end, pcs, 8), 0);
    m[7] = 0;
    CHECK_EQ(frame_walk_insig(m, m, end, pcs, 8), 2);
    m[4] = (uintptr_t)m;
    CHECK_EQ(frame_walk_insig(m, m, end, pcs, 8), 2);
    m[4] = (uintptr_t)&m[6] + 1;
    CHECK_EQ(frame_walk_insig(m, m, end, pcs, 8), 2);
}

#define CROWD 1000

static struct fiber crowd[CROWD];
static int crowd_sum;

/* Deep enough that the call records of all fibers together would not fit into one. */
static NOINLINE int member_at(struct fiber *self, int levels);

static void member(void *arg)
{
    crowd_sum += member_at(arg, 100);
    fiber_switch_last(arg, &home);
}

static NOINLINE int member_at(struct fiber *self, int levels)
{
    char local[64];
    memset(local, levels, sizeof local);
    if (levels > 0)
        return member_at(self, levels - 1) + local[63] - levels;
    for (int i = 0; i < 3; i++) {
        crowd_sum += i;
        fiber_switch(self, &home);
    }
    return 3 + local[0];
}

static void a_thousand_fibers(void)
{
    fiber_adopt(&home);
    for (int i = 0; i < CROWD; i++)
        start(&crowd[i], member, &crowd[i]);
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < CROWD; i++)
            fiber_switch(&home, &crowd[i]);
    for (int i = 0; i < CROWD; i++)
        fiber_fini(&crowd[i]);
    CHECK_EQ(crowd_sum, 6 * CROWD);
}

static _Thread_local struct fiber thread_home;

static NOINLINE struct fiber *thread_fiber(void)
{
    __asm__ volatile("" ::: "memory");
    return &thread_home;
}

static void wander(void *arg)
{
    struct fiber *self = arg;
    for (int i = 0; i < 500; i++) {
        steps++;
        fiber_switch(self, thread_fiber());
    }
    fiber_switch_last(self, thread_fiber());
}

static void *carry_on(void *arg)
{
    fiber_adopt(thread_fiber());
    for (int i = 0; i < 100; i++)
        fiber_switch(thread_fiber(), arg);
    CHECK_EQ(steps % 100, 0);
    return NULL;
}

static void a_fiber_visits_threads(void)
{
    pthread_t t;
    start(&away, wander, &away);
    for (int i = 0; i < 5; i++) {
        CHECK(pthread_create(&t, NULL, carry_on, &away) == 0);
        pthread_join(t, NULL);
    }
    CHECK_EQ(steps, 500);
    fiber_adopt(thread_fiber());
    fiber_switch(thread_fiber(), &away);
    fiber_fini(&away);
}

static void leave(void **buf, int how, int levels);

/* Through a variable, so that the compiler does not see that nobody ever returns. */
static void (*volatile leave_again)(void **buf, int how, int levels) = leave;

static NOINLINE void leave(void **buf, int how, int levels)
{
    volatile char pad[512];
    pad[levels] = (char)levels;
    if (levels == 0) {
        san_unpoison((char *)(uintptr_t)&pad[0], frame_sp(buf));
        frame_restore(buf, how + pad[0]);
    }
    leave_again(buf, how, levels - 1);
    pad[0] = 1;
}

static NOINLINE int land(int how)
{
    void *buf[FRAME_WORDS];
    volatile int count = 0;
    int got = frame_save(buf);
    count++;
    if (got == 0)
        leave(buf, how, 5);
    return got * 100 + count;
}

static void frames_come_back(void)
{
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(land(3), 302);
}

#if defined(__x86_64__)
#define SPOIL                                                                              \
    __asm__ volatile("xorl %%ebx, %%ebx; xorl %%r12d, %%r12d; xorl %%r13d, %%r13d\n"       \
                     "xorl %%r14d, %%r14d; xorl %%r15d, %%r15d" ::                         \
                         : "rbx", "r12", "r13", "r14", "r15")
#else
#define SPOIL                                                                              \
    __asm__ volatile("mov x19, 0; mov x20, 0; mov x21, 0; mov x22, 0; mov x23, 0\n"        \
                     "mov x24, 0; mov x25, 0; mov x26, 0; fmov d8, xzr; fmov d9, xzr" ::   \
                         : "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "d8",   \
                           "d9")
#endif

static NOINLINE void spoil_and_leave(void **buf)
{
    SPOIL;
    frame_restore(buf, 1);
}

static void (*volatile spoil_again)(void **buf) = spoil_and_leave;

static NOINLINE void land_spoilt(void)
{
    void *buf[FRAME_WORDS];
    if (frame_save(buf) == 0)
        spoil_again(buf);
}

/* What the lander's caller keeps in registers must outlive the jump. */
static void frames_keep_registers(void)
{
    uint64_t s = unit_seed(), a = splitmix64(&s), b = splitmix64(&s), c = splitmix64(&s);
    uint64_t d = splitmix64(&s), e = splitmix64(&s), want = a ^ b * 3 ^ c * 5 ^ d * 7 ^ e;
    double x = (double)(a >> 40), y = (double)(b >> 40), sum = x - y;
    uint64_t *volatile kept = &want;
    double *volatile kept_sum = &sum;
    land_spoilt();
    /* Hidden, or the compiler would keep the one sum instead of five terms. */
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
    CHECK((a ^ b * 3 ^ c * 5 ^ d * 7 ^ e) == *kept);
    CHECK_EQ(bits_of(x - y), bits_of(*kept_sum));
}

static void land_away(void *arg)
{
    *(int *)arg = land(4);
    fiber_switch_last(&away, &home);
}

static void frames_come_back_on_fibers(void)
{
    int got = 0;
    fiber_adopt(&home);
    start(&away, land_away, &got);
    fiber_switch(&home, &away);
    fiber_fini(&away);
    CHECK_EQ(got, 402);
}

#if GR_TSAN
static int raced;

static void *racer(void *arg)
{
    (void)arg;
    raced++;
    return NULL;
}
#endif

/* The canary of the sanitizer itself: silence means nothing unless it can speak. */
static void tsan_reports_a_race(void)
{
#if GR_TSAN
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&t[i], NULL, racer, NULL) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
#else
    unit_skip("not flavour tsan");
#endif
}

/* In flavour racecheck the runtime is not instrumented: accesses are told by hand. */
#if GR_RACECHECK
void __tsan_write8(void *addr);
static int64_t told;

static void write_told(void *arg)
{
    struct fiber *self = arg;
    fiber_switch(self, &home);
    RACE_ACQUIRE(&steps);
    __tsan_write8(&told);
    if (steps)
        RACE_RELEASE(&steps);
    fiber_switch_last(self, &home);
}

static void write_on_two_fibers(bool is_ordered)
{
    steps = is_ordered;
    fiber_adopt(&home);
    for (int i = 0; i < 2; i++)
        start(&crowd[i], write_told, &crowd[i]);
    for (int i = 0; i < 4; i++)
        fiber_switch(&home, &crowd[i % 2]);
}

static void racecheck_switch_orders_nothing(void)
{
    write_on_two_fibers(false);
}

static void racecheck_edges_order(void)
{
    write_on_two_fibers(true);
}
#else
static void racecheck_switch_orders_nothing(void)
{
    unit_skip("not flavour racecheck");
}

static void racecheck_edges_order(void)
{
    racecheck_switch_orders_nothing();
}
#endif

static const struct unit_case cases[] = {
    UNIT(switches_there_and_back),
    UNIT(keeps_registers),
    UNIT(aligns_the_stack),
    UNIT(walks_stop_at_the_entry),
    UNIT(walks_believe_nothing),
    UNIT(a_thousand_fibers),
    UNIT(a_fiber_visits_threads),
    UNIT(frames_come_back),
    UNIT(frames_come_back_on_fibers),
    UNIT(frames_keep_registers),
    UNIT_EXITS(tsan_reports_a_race, 66, RACE_REPORT),
    UNIT_EXITS(racecheck_switch_orders_nothing, 66, RACE_REPORT),
    UNIT(racecheck_edges_order),
};

UNIT_MAIN(cases)
