/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static void body(void *arg)
{
    (void)arg;
    puts("before");
    fflush(stdout);
    gr_panic(gr_str("out of cheese"));
}

int main(void)
{
    return gr_main(body, NULL);
}
