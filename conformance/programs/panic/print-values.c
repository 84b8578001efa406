/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "gr.h"

static bool is_error;

static void body(void *arg)
{
    static int thing;
    (void)arg;
    if (is_error)
        gr_div(1, 0);
    gr_panic((gr_value){.kind = GR_PTR, .u = {.p = &thing}});
}

int main(int argc, char **argv)
{
    is_error = argc > 1 && strcmp(argv[1], "error") == 0;
    return gr_main(body, NULL);
}
