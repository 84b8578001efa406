/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

/* Waits for a line of input. */
static void body(void *arg)
{
    char buf[8];
    (void)arg;
    puts("ready");
    fflush(stdout);
    if (gr_read(gr_wrap(0, GR_WRAP_KEEP), buf, sizeof buf) == 0)
        gr_sleep_ns(60000000000);
    puts("still there");
}

int main(void)
{
    return gr_main(body, NULL);
}
