/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "gr.h"

#define BIG 100000

static const char *how;
static volatile int bottom; /* never reached, which the compiler cannot know */

static GR_NOINLINE int fall(volatile int *above)
{
    volatile int here = *above + 1;
    return bottom ? 0 : fall(&here) + here;
}

static GR_NOINLINE int fall_far(volatile char *above)
{
    volatile char room[BIG];
    room[BIG / 2] = (char)(above[0] + 1);
    room[0] = room[BIG / 2];
    return bottom ? 0 : fall_far(room) + room[0];
}

static void catch (void *arg)
{
    (void)arg;
    gr_value v = gr_recover();
    fprintf(stderr, "recovered %d\n", (int)v.kind);
}

static void falls(void *arg)
{
    (void)arg;
    volatile int zero = 0;
    volatile char nothing[1] = {0};
    GR_FUNC;
    GR_DEFER(catch, NULL);
    if (strcmp(how, "big-frames") == 0)
        fall_far(nothing);
    else
        fall(&zero);
}

static void body(void *arg)
{
    puts("falls");
    fflush(stdout);
    if (strcmp(how, "main") == 0)
        falls(arg);
    gr_go(falls, NULL);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

int main(int argc, char **argv)
{
    how = argc > 1 ? argv[1] : "main";
    return gr_main(body, NULL);
}
