/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

/* Results live with the caller: a frame that panics is gone. */
struct call {
    int set;
    int result;
};

static void catch (void *arg)
{
    (void)arg;
    gr_recover();
}

static GR_NOINLINE void compute(struct call *c)
{
    GR_FUNC;
    GR_DEFER(catch, NULL);
    if (c->set != 0)
        c->result = c->set;
    gr_panic(gr_str("out of cheese"));
}

static void body(void *arg)
{
    (void)arg;
    struct call unset = {0, 0}, set = {7, 0};
    compute(&unset);
    compute(&set);
    printf("unset %d\nset %d\n", unset.result, set.result);
}

int main(void)
{
    return gr_main(body, NULL);
}
