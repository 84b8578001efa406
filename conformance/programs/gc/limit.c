/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

#define LIMIT ((int64_t)64 << 20)
#define LIVE ((int64_t)16 << 20)
#define LISTS 256
#define GARBAGE ((int64_t)200 << 20)

static struct object *lists[LISTS];
GR_ROOT(lists);
static struct gr_mem_stats s;

static void make(void *unused)
{
    (void)unused;
    lists_fill(lists, LISTS, LIVE);
}

/* The most that the process has had while so much garbage was made. */
static uint64_t most(int64_t garbage)
{
    uint64_t top = 0;
    for (int64_t bytes = 0; bytes < garbage; bytes += 100000 * (int64_t)sizeof **lists) {
        churn(100000);
        gr_mem_stats(&s);
        top = s.sys - s.heap_released > top ? s.sys - s.heap_released : top;
    }
    return top;
}

static void body(void *is_called)
{
    if (is_called != NULL)
        puts(gr_mem_limit(LIMIT) == INT64_MAX ? "no limit at first"
                                              : "some limit at first");
    printf("it was %lld\n", (long long)gr_mem_limit(-1));
    need(gr_mem_limit(-1) == LIMIT, "asking changed it");
    elsewhere(make, NULL);
    need(most(GARBAGE) <= (uint64_t)(LIMIT + LIMIT / 8), "more memory than the limit");
    need(s.num_gc > 0, "no collections");
    puts("near the limit, by collections");
    gr_mem_limit(LIVE / 2);
    need(most(GARBAGE / 10) < (uint64_t)LIMIT * 4, "no collections above the limit");
    puts("far above a limit that is too low, and through");
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 && strcmp(argv[1], "called") == 0 ? argv : NULL);
}
