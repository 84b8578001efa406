/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "collect.h"

#define COLLECTIONS 3

static void body(void *computes)
{
    static struct gr_mem_stats s;
    object_new(0);
    do {
        for (int i = 0; i < 1000 && computes != NULL; i++)
            gr_point();
        if (computes == NULL)
            gr_sleep_ns(3000000);
        gr_mem_stats(&s);
    } while (s.num_gc < COLLECTIONS);
    need(s.num_forced == 0, "they were asked for");
    printf("%d collections that nobody asked for\n", COLLECTIONS);
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 && strcmp(argv[1], "computing") == 0 ? argv : NULL);
}
