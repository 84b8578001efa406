/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "need.h"

static int caught;

static void note(void *arg)
{
    gr_value v = gr_recover();
    enum gr_err *wanted = arg;
    need(v.kind == GR_ERROR && v.u.err == *wanted, "the panic's value");
    caught++;
}

static void load(void)
{
    enum gr_err wanted = GR_ERR_NIL_DEREF;
    GR_FUNC;
    GR_DEFER(note, &wanted);
    gr_deref(NULL);
}

static void divide(void)
{
    enum gr_err wanted = GR_ERR_DIV_ZERO;
    GR_FUNC;
    GR_DEFER(note, &wanted);
    gr_div(1, 0);
}

static void body(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        load();
        divide();
    }
    need(caught == 200, "each one is a panic");
    puts("its own faults: panics");
    fflush(stdout);
    gr_sleep_ns(60000000000);
}

int main(void)
{
    return gr_main(body, NULL);
}
