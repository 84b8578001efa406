/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static void body(void *unused)
{
    (void)unused;
    puts("main runs");
}

int main(void)
{
    return gr_main(body, NULL);
}
