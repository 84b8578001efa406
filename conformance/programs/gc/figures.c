/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define COLLECTIONS 20

static struct gr_mem_stats s[2];

static uint64_t in_buckets(const struct gr_mem_stats *f)
{
    uint64_t sum = 0;
    for (int i = 0; i < GR_PAUSE_BUCKETS; i++)
        sum += f->pauses[i];
    return sum;
}

static void compare(const struct gr_mem_stats *a, const struct gr_mem_stats *b)
{
    need(b->num_gc > a->num_gc, "it is not counted");
    need(b->num_forced == a->num_forced + 1, "it is not counted as forced");
    need(b->num_gc >= b->num_forced, "more forced ones than all");
    need(b->last_gc_ns > a->last_gc_ns, "it is not the last one");
    need(b->last_gc_ns <= (uint64_t)gr_now_ns(), "it is still to come");
    need(b->num_pauses > a->num_pauses && in_buckets(b) == b->num_pauses, "pauses");
    need(b->pause_ns[(b->num_pauses - 1) % GR_PAUSES] > 0, "the last pause");
    need(b->pause_total_ns >=
             a->pause_total_ns + b->pause_ns[(b->num_pauses - 1) % GR_PAUSES],
         "the sum of pauses");
    need(b->mark_ns + b->assist_ns > a->mark_ns + a->assist_ns, "time of marking");
}

static void body(void *unused)
{
    (void)unused;
    collect();
    gr_mem_stats(&s[1]);
    for (int i = 0; i < COLLECTIONS; i++) {
        churn(1000);
        collect();
        gr_mem_stats(&s[i % 2]);
        compare(&s[1 - i % 2], &s[i % 2]);
    }
    printf("%d collections are in the figures\n", COLLECTIONS);
}

int main(void)
{
    return gr_main(body, NULL);
}
