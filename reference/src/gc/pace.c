/* SPDX-License-Identifier: BSD-3-Clause */
/* pace.c - figures of the last cycle give those of the next one (pace.h).
 *
 * The goal is what is live and so many percent more, roots counted.  The trigger lies below
 * it by what the program will allocate while a quarter of the processors mark: its rate
 * against the rate of marking is measured over the last cycle.  It stays between MIN_PART
 * and MAX_PART of the way from what is live to the goal: neither one cycle after the other,
 * nor too late for help.
 *
 * A program that keeps next to nothing goes round in the memory between what is live and
 * the trigger.  Where the machine's second cache holds that, allocating EARLY_BYTES takes
 * some 7 to 18 us less than where it does not; so as long as a cycle takes less than
 * EARLY_NS it comes that early.
 */
#include "pace.h"

#define SHARE 0.25 /* of processors that mark */
#define MIN_PART 0.60
#define MAX_PART 0.95
#define LIMIT_HEADROOM 33 /* the goal under a limit is lower by one in so many */
/* Bytes for each ns: no program allocates more. */
#define RATE_MAX 16.0
#define RATIO_MAX 1e6
#define BYTES_MAX 1e18
#define LEAST_RATIO 0.25
#define BEYOND_RATIO 512 /* the same at twice the goal */
#define SMALL_GOAL ((uint64_t)4 << 20)
#define EARLY_BYTES ((uint64_t)1 << 20)
#define EARLY_NS 8000

/* Needs: no less than 0. */
static uint64_t to_bytes(double bytes)
{
    return (uint64_t)(bytes < BYTES_MAX ? bytes : BYTES_MAX);
}

static uint64_t add_sat(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t part_of(uint64_t a, uint64_t percent)
{
    uint64_t whole = a / 100, rest = a % 100 * percent / 100;
    if (percent != 0 && whole > (UINT64_MAX - rest) / percent)
        return UINT64_MAX;
    return whole * percent + rest;
}

static uint64_t goal_by_percent(const struct pace_in *in)
{
    if (in->percent < 0)
        return PACE_OFF;
    uint64_t percent = in->percent < 1000000 ? (uint64_t)in->percent : 1000000;
    uint64_t goal = add_sat(in->live, part_of(add_sat(in->live, in->roots), percent));
    uint64_t least = part_of(in->least, percent);
    return goal > least ? goal : least;
}

/* What the limit leaves for objects. */
static uint64_t goal_by_limit(const struct pace_in *in)
{
    if (in->limit == PACE_NO_LIMIT)
        return PACE_OFF;
    uint64_t limit = in->limit > 0 ? (uint64_t)in->limit : 0;
    uint64_t left = limit > in->beside ? limit - in->beside : 0;
    return left - left / LIMIT_HEADROOM;
}

/* Bytes for each ns; 0: nothing was measured. */
static double alloc_rate(const struct pace_in *in)
{
    return in->alloc_ns != 0 ? (double)in->alloc_bytes / (double)in->alloc_ns : 0;
}

/* What is allocated while the next cycle marks. */
static uint64_t runway(const struct pace_in *in)
{
    if (in->scan_bytes == 0)
        return 0;
    double scan_ns = (double)in->scan_ns / (double)in->scan_bytes;
    return to_bytes(alloc_rate(in) * scan_ns * (double)in->scan * (1 - SHARE) / SHARE);
}

static uint64_t between(uint64_t lo, uint64_t hi, double part)
{
    uint64_t n = lo + (uint64_t)((double)(hi - lo) * part);
    return n < hi ? n : hi;
}

static bool is_early(const struct pace_in *in)
{
    return in->brief_ns != 0 && in->brief_ns <= EARLY_NS && in->live <= EARLY_BYTES;
}

struct pace_out pace(const struct pace_in *in)
{
    uint64_t by_limit = goal_by_limit(in), goal = goal_by_percent(in);
    bool is_limit = by_limit < goal;
    if (is_limit)
        goal = by_limit;
    if (goal == PACE_OFF)
        return (struct pace_out){PACE_OFF, PACE_OFF};
    if (goal < in->live)
        goal = in->live;
    uint64_t lo = between(in->live, goal, MIN_PART), hi = between(in->live, goal, MAX_PART);
    uint64_t way = runway(in);
    uint64_t trigger = goal - in->live > way ? goal - way : lo;
    /* Early, where nothing was measured yet, and where it must not be late. */
    if (in->alloc_ns == 0 || is_limit)
        trigger = lo;
    trigger = trigger < lo ? lo : trigger > hi ? hi : trigger;
    if (is_early(in) && trigger - in->live > EARLY_BYTES)
        trigger = in->live + EARLY_BYTES;
    return (struct pace_out){.goal = goal, .trigger = trigger};
}

uint64_t pace_alloc(const struct pace_in *was, uint64_t bytes, uint64_t ns)
{
    double rate = alloc_rate(was);
    double least = (rate < RATE_MAX ? rate / 2 : RATE_MAX / 2) * (double)ns;
    return max_u64(to_bytes(least), bytes);
}

double pace_ratio(uint64_t expected, uint64_t most, uint64_t done, uint64_t heap,
                  uint64_t goal)
{
    uint64_t left = expected > done ? expected - done : most > done ? most - done : 1;
    uint64_t room = goal > heap ? goal - heap : 0;
    uint64_t least = goal / 64 + 4096; /* over the goal: help gets no harder than this */
    room = room > least ? room : least;
    double ratio = (double)left / (double)room;
    return ratio < RATIO_MAX ? ratio : RATIO_MAX;
}

double pace_least(uint64_t heap, uint64_t goal)
{
    uint64_t part = goal > SMALL_GOAL ? goal : SMALL_GOAL;
    double beyond = heap > goal ? (double)(heap - goal) / (double)part : 0;
    double least = LEAST_RATIO + BEYOND_RATIO * beyond * beyond;
    return least < RATIO_MAX ? least : RATIO_MAX;
}

int64_t pace_fill(int64_t fill, int64_t gc_ns, int64_t all_ns, int64_t full_ns)
{
    double next = (double)fill + (double)gc_ns - (double)all_ns / 2;
    if (!(next > 0) || full_ns <= 0)
        return 0;
    return next < (double)full_ns ? (int64_t)next : full_ns;
}
