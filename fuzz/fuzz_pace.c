/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz_pace.c - claim: whatever the figures of the last cycle are, the pacer keeps what its
 * header promises.
 *
 * Owns: the libFuzzer target of reference/src/gc/pace.h.  An input is a row of words, the
 * figures in their order, and zeros behind its end; I1 to I3 are those of the header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gc/pace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok, const char *what, const struct pace_in *in, struct pace_out out)
{
    if (ok)
        return;
    fprintf(stderr,
            "fuzz: %s: live %llu percent %lld limit %lld beside %llu: goal %llu trigger "
            "%llu\n",
            what, (unsigned long long)in->live, (long long)in->percent,
            (long long)in->limit, (unsigned long long)in->beside,
            (unsigned long long)out.goal, (unsigned long long)out.trigger);
    abort();
}

static void check_order(const struct pace_in *in, struct pace_out out)
{
    if (out.goal == PACE_OFF || out.trigger == PACE_OFF) {
        need(out.goal == out.trigger, "off by half", in, out);
        need(in->limit == PACE_NO_LIMIT || in->percent >= 0, "off under a limit", in, out);
        return;
    }
    need(in->live <= out.trigger, "I1: the trigger is below what lives", in, out);
    need(out.trigger <= out.goal, "I1: the trigger is beyond the goal", in, out);
}

/* I2, and that more memory beside the objects never gives a higher one. */
static void check_goals(const struct pace_in *in, struct pace_out out, uint64_t by)
{
    struct pace_in more = *in;
    more.percent = in->percent < 0 ? in->percent : in->percent - in->percent / 2;
    need(pace(&more).goal <= out.goal, "I2: a lower percent, a higher goal", in, out);
    more = *in;
    more.limit = in->limit > 0 ? in->limit - in->limit / 2 : in->limit;
    need(pace(&more).goal <= out.goal, "I2: a lower limit, a higher goal", in, out);
    more = *in;
    more.beside = in->beside + by < by ? UINT64_MAX : in->beside + by;
    need(pace(&more).goal <= out.goal, "more beside, a higher goal", in, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t w[20] = {0};
    memcpy(w, data, size < sizeof w ? size : sizeof w);
    struct pace_in in = {.live = w[0] >> 1,
                         .roots = w[1],
                         .scan = w[2],
                         .percent = (int64_t)w[3],
                         .least = w[4],
                         .limit = (int64_t)w[5],
                         .beside = w[6],
                         .alloc_bytes = w[7],
                         .alloc_ns = w[8],
                         .scan_bytes = w[9],
                         .scan_ns = w[10],
                         .brief_ns = w[11] >> 50};
    struct pace_out out = pace(&in);
    check_order(&in, out);
    check_goals(&in, out, w[11]);
    double ratio = pace_ratio(w[12], w[13], w[14], w[15], w[16]);
    need(ratio >= 0 && ratio <= 1e6, "I3: the ratio", &in, out);
    double least = pace_least(w[15], w[16]);
    need(least > 0 && least <= 1e6, "I3: the least ratio", &in, out);
    uint64_t alloc = pace_alloc(&in, w[12], w[13]);
    need(alloc >= w[12], "the rate falls below what was measured", &in, out);
    need(alloc == w[12] || (double)alloc <= 8.0 * (double)w[13],
         "a rate that no program has", &in, out);
    int64_t full = (int64_t)(w[17] >> 1);
    int64_t fill = pace_fill((int64_t)w[18], (int64_t)w[19], (int64_t)w[11], full);
    need(fill >= 0 && fill <= full, "the bucket runs over", &in, out);
    return 0;
}
