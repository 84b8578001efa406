/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

static void catch (void *arg)
{
    (void)arg;
    gr_value v = gr_recover();
    if (v.kind == GR_NIL)
        puts("recovered nil");
    else if (v.kind == GR_ERROR && v.u.err == GR_ERR_PANIC_NIL)
        puts("recovered an error: panic called with nil argument");
    else
        puts("recovered something else");
}

static void body(void *arg)
{
    (void)arg;
    GR_FUNC;
    GR_DEFER(catch, NULL);
    gr_panic(gr_nil());
}

int main(void)
{
    return gr_main(body, NULL);
}
