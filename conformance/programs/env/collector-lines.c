/* SPDX-License-Identifier: BSD-3-Clause */
#include "gr.h"

static void body(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++) /* the last line may be cut off by our end */
        gr_gc();
}

int main(void)
{
    return gr_main(body, NULL);
}
