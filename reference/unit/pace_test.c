/* SPDX-License-Identifier: BSD-3-Clause */
/* pace_test.c - the pacer: known figures give known answers, any figures give sane ones. */
#include "unit.h"

#include "gc/pace.h"

#define MB ((uint64_t)1 << 20)

static struct pace_in usual(void)
{
    return (struct pace_in){.live = 100 * MB,
                            .scan = 80 * MB,
                            .percent = 100,
                            .least = 4 * MB,
                            .limit = PACE_NO_LIMIT};
}

/* ---- known figures ---- */

static void goal_is_twice_what_lives(void)
{
    struct pace_in in = usual();
    CHECK_EQ(pace(&in).goal, 200 * MB);
    in.percent = 50;
    CHECK_EQ(pace(&in).goal, 150 * MB);
    in.percent = 0;
    CHECK_EQ(pace(&in).goal, 100 * MB);
    in.percent = 100;
    in.roots = 10 * MB;
    CHECK_EQ(pace(&in).goal, 210 * MB);
}

static void small_heaps_have_a_least_goal(void)
{
    struct pace_in in = usual();
    in.live = MB;
    CHECK_EQ(pace(&in).goal, 4 * MB);
    in.percent = 200;
    CHECK_EQ(pace(&in).goal, 8 * MB);
}

/* Next to nothing lives, and the last cycle took next to no time. */
static void brief_cycles_come_early(void)
{
    struct pace_in in = usual();
    in.live = MB / 16;
    in.brief_ns = 2000;
    CHECK_EQ(pace(&in).trigger, in.live + MB);
    CHECK_EQ(pace(&in).goal, 4 * MB);
    in.percent = 10; /* earlier anyway */
    CHECK(pace(&in).trigger < MB / 2);
    in.percent = -1;
    CHECK(pace(&in).trigger == PACE_OFF);
    in.percent = 100;
    in.brief_ns = 50000;
    CHECK(pace(&in).trigger > 2 * MB);
    in.brief_ns = 0;
    CHECK(pace(&in).trigger > 2 * MB);
    in.brief_ns = 2000;
    in.live = 2 * MB;
    CHECK(pace(&in).trigger > 3 * MB);
}

static void off_is_never(void)
{
    struct pace_in in = usual();
    in.percent = -1;
    CHECK(pace(&in).goal == PACE_OFF && pace(&in).trigger == PACE_OFF);
    in.limit = 150 * (int64_t)MB;
    CHECK(pace(&in).goal < 150 * MB && pace(&in).goal > 140 * MB);
}

static void limit_lowers_the_goal(void)
{
    struct pace_in in = usual();
    in.limit = 150 * (int64_t)MB;
    uint64_t goal = pace(&in).goal;
    CHECK(goal < 150 * MB && goal > 140 * MB);
    in.beside = 20 * MB;
    CHECK(pace(&in).goal < goal - 18 * MB);
    in.limit = 50 * (int64_t)MB; /* hopeless: no lower than what lives */
    CHECK_EQ(pace(&in).goal, 100 * MB);
    CHECK_EQ(pace(&in).trigger, 100 * MB);
}

/* What is allocated while a quarter of the processors mark lies between the two. */
static void trigger_leaves_a_runway(void)
{
    struct pace_in in = usual();
    in.alloc_bytes = 10 * MB;
    in.alloc_ns = 100000000;
    in.scan_bytes = 80 * MB;
    in.scan_ns = 80000000;
    uint64_t trigger = pace(&in).trigger;
    struct pace_in first = usual();
    CHECK_EQ(pace(&first).trigger, 160 * MB);          /* nothing is known: early */
    CHECK(trigger >= 174 * MB && trigger <= 177 * MB); /* 100 B/us for 80 ms, thrice */
    in.alloc_bytes *= 2;
    CHECK(pace(&in).trigger < trigger);
    in.alloc_bytes = 0;
    CHECK(pace(&in).trigger >= 195 * MB);
}

static void first_rate_is_as_measured(void)
{
    struct pace_in in = usual();
    CHECK_EQ(pace_alloc(&in, 700, 1000), 700);
    CHECK_EQ(pace_alloc(&in, 0, 1000), 0);
    in.alloc_bytes = MB; /* in no time: not measured either */
    CHECK_EQ(pace_alloc(&in, 700, 1000), 700);
}

static void a_rate_rises_at_once(void)
{
    struct pace_in in = usual();
    in.alloc_bytes = 100;
    in.alloc_ns = 1000;
    CHECK_EQ(pace_alloc(&in, 50000, 1000), 50000);
    CHECK_EQ(pace_alloc(&in, 60, 1000), 60); /* not yet half of it */
}

/* Each cycle measures for another time: it is the rate that halves, not the bytes. */
static void a_rate_falls_by_halves(void)
{
    struct pace_in in = usual();
    in.alloc_bytes = 8000;
    in.alloc_ns = 1000;
    for (uint64_t rate = 4, ns = 500; rate >= 1; rate /= 2, ns *= 6) {
        in.alloc_bytes = pace_alloc(&in, 0, ns);
        in.alloc_ns = ns;
        CHECK_EQ(in.alloc_bytes, rate * ns);
    }
    CHECK_EQ(pace_alloc(&in, 600, 1000), 600); /* what is measured is more again */
}

/* What was measured over next to no time counts for the next cycle, and is not handed
 * down. */
static void a_rate_has_a_cap(void)
{
    struct pace_in in = usual();
    in.alloc_bytes = MB;
    in.alloc_ns = 1;
    CHECK_EQ(pace_alloc(&in, 0, 1000), 8000);
    CHECK_EQ(pace_alloc(&in, 9000, 1000), 9000);
    CHECK_EQ(pace_alloc(&in, MB, 1), MB);
    CHECK_EQ(pace_alloc(&in, 700, 0), 700); /* no time at all */
    in.alloc_bytes = 15000;
    in.alloc_ns = 1000;
    CHECK_EQ(pace_alloc(&in, 0, 1000), 7500);
    CHECK(pace_alloc(&in, 0, UINT64_MAX) >= MB << 32);
}

static void ratio_pays_in_time(void)
{
    CHECK(pace_ratio(100 * MB, 0, 0, 150 * MB, 200 * MB) == 2.0);
    CHECK(pace_ratio(100 * MB, 0, 50 * MB, 150 * MB, 200 * MB) == 1.0);
    CHECK(pace_ratio(100 * MB, 0, 50 * MB, 300 * MB, 200 * MB) > 10.0);
    CHECK(pace_ratio(0, 0, 0, 0, 0) > 0);
    CHECK(pace_ratio(100 * MB, 150 * MB, 120 * MB, 140 * MB, 200 * MB) == 0.5);
}

static void beyond_the_goal_all_is_dear(void)
{
    CHECK(pace_least(3 * MB, 4 * MB) == pace_least(4 * MB, 4 * MB));
    CHECK(pace_least(4 * MB, 4 * MB) <= 1.0);
    CHECK(pace_least(5 * MB, 4 * MB) >= 32.0);
    CHECK(pace_least(1010 * MB, 1000 * MB) <= 1.0); /* a crowd's spans are nothing there */
    CHECK(pace_least(2 * MB, MB) == pace_least(5 * MB, 4 * MB)); /* so little is 4 MB */
    CHECK(pace_least(UINT64_MAX, 0) <= 1e6);
}

static void bucket_leaks(void)
{
    CHECK_EQ(pace_fill(0, 10, 30, 1000), 0);
    CHECK_EQ(pace_fill(0, 30, 40, 1000), 10);
    CHECK_EQ(pace_fill(100, 0, 100, 1000), 50);
    CHECK_EQ(pace_fill(990, 30, 20, 1000), 1000);
    CHECK_EQ(pace_fill(INT64_MAX, INT64_MAX, 0, PACE_FULL_NS), PACE_FULL_NS);
    CHECK_EQ(pace_fill(5, 0, INT64_MAX, PACE_FULL_NS), 0);
}

/* ---- a heap that lives ---- */

/* A program that allocates and marks at given rates settles: each cycle ends near its goal.
 */
static void cycles_settle(void)
{
    static const double rates[] = {0.01, 0.1, 1, 5};
    for (size_t k = 0; k < ARRAY_LEN(rates); k++) {
        struct pace_in in = usual();
        for (int i = 0; i < 20; i++) {
            struct pace_out out = pace(&in);
            double heap = (double)out.trigger, done = 0;
            for (int step = 0; done < (double)in.scan && step < 100000; step++) {
                double alloc = rates[k] * 10000; /* bytes in 10 us, as 1 byte a ns is 1 */
                double help = alloc * pace_ratio(in.scan, in.live, (uint64_t)done,
                                                 (uint64_t)heap, out.goal);
                heap += alloc;
                done += 2500 + help;
                in.alloc_bytes += (uint64_t)alloc;
                in.alloc_ns += 7500;
                in.scan_bytes += (uint64_t)(2500 + help);
                in.scan_ns += (uint64_t)(2500 + help);
            }
            CHECK(heap < (double)out.goal * 1.1);
            in.alloc_bytes /= 2, in.alloc_ns /= 2, in.scan_bytes /= 2, in.scan_ns /= 2;
        }
    }
}

/* ---- any figures ---- */

static uint64_t any(uint64_t *r)
{
    uint64_t n = splitmix64(r);
    switch (n % 8) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return (uint64_t)INT64_MAX;
    default:
        return splitmix64(r) >> n / 8 % 64;
    }
}

static struct pace_in any_in(uint64_t *r)
{
    return (struct pace_in){.live = any(r) >> 1,
                            .roots = any(r),
                            .scan = any(r),
                            .percent = (int64_t)any(r),
                            .least = any(r),
                            .limit = (int64_t)any(r),
                            .beside = any(r),
                            .alloc_bytes = any(r),
                            .alloc_ns = any(r),
                            .scan_bytes = any(r),
                            .scan_ns = any(r),
                            .brief_ns = any(r) % 16384};
}

static void check_bounds(const struct pace_in *in, struct pace_out out)
{
    if (out.goal == PACE_OFF) {
        CHECK(out.trigger == PACE_OFF);
        return;
    }
    CHECK(out.trigger <= out.goal);
    CHECK(out.trigger >= in->live && out.goal >= in->live);
}

static void any_figures_are_sane(void)
{
    uint64_t r = unit_seed();
    for (int i = 0; i < (unit_is_slow() ? 20000 : 1000000); i++) {
        struct pace_in in = any_in(&r), more;
        struct pace_out out = pace(&in);
        check_bounds(&in, out);
        more = in;
        more.percent = in.percent < 0 ? in.percent : in.percent / 2;
        CHECK(pace(&more).goal <= out.goal);
        more = in;
        more.limit = in.limit / 2;
        CHECK(in.limit < 0 || pace(&more).goal <= out.goal);
        double ratio = pace_ratio(any(&r), any(&r), any(&r), any(&r), any(&r));
        CHECK(ratio >= 0 && ratio <= 1e6);
        uint64_t bytes = any(&r), ns = any(&r), alloc = pace_alloc(&in, bytes, ns);
        CHECK(alloc >= bytes && (alloc == bytes || (double)alloc <= 8.0 * (double)ns));
        int64_t full = (int64_t)(any(&r) >> 1);
        int64_t fill =
            pace_fill((int64_t)any(&r), (int64_t)any(&r), (int64_t)any(&r), full);
        CHECK(fill >= 0 && fill <= full);
    }
}

static const struct unit_case cases[] = {
    UNIT(goal_is_twice_what_lives),
    UNIT(small_heaps_have_a_least_goal),
    UNIT(brief_cycles_come_early),
    UNIT(off_is_never),
    UNIT(limit_lowers_the_goal),
    UNIT(trigger_leaves_a_runway),
    UNIT(first_rate_is_as_measured),
    UNIT(a_rate_rises_at_once),
    UNIT(a_rate_falls_by_halves),
    UNIT(a_rate_has_a_cap),
    UNIT(ratio_pays_in_time),
    UNIT(beyond_the_goal_all_is_dear),
    UNIT(bucket_leaks),
    UNIT(cycles_settle),
    UNIT(any_figures_are_sane),
};
UNIT_MAIN(cases)
