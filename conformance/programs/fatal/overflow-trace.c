/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static volatile int bottom; /* never reached, which the compiler cannot know */

static GR_NOINLINE int fall(volatile int *above)
{
    volatile int here = *above + 1;
    return bottom ? 0 : fall(&here) + here;
}

static GR_NOINLINE void body(void *arg)
{
    (void)arg;
    volatile int zero = 0;
    puts("falls");
    fflush(stdout);
    fall(&zero);
}

int main(void)
{
    return gr_main(body, NULL);
}
