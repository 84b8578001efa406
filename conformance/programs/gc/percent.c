/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define GARBAGE 1000000 /* objects */

static bool collects(void)
{
    static struct gr_mem_stats s;
    gr_mem_stats(&s);
    uint64_t before = s.num_gc;
    churn(GARBAGE);
    gr_mem_stats(&s);
    return s.num_gc > before;
}

static void body(void *unused)
{
    (void)unused;
    printf("it was %d\n", gr_gc_percent(50));
    printf("it was %d\n", gr_gc_percent(-1));
    printf("off: %s\n", collects() ? "some" : "none");
    printf("it was %d\n", gr_gc_percent(100));
    printf("on: %s\n", collects() ? "some" : "none");
}

int main(void)
{
    return gr_main(body, NULL);
}
