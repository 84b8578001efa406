/* SPDX-License-Identifier: BSD-3-Clause */
/* sweep_test.c - what others see of a span while it is swept. */
#include "heaprt.h"

/* An object of which somebody asks the size while its span is swept, again and again. */
static void *asked_of;
static _Atomic bool is_over;
static gr_wg done;

static void asking(void *unused)
{
    (void)unused;
    while (!atomic_load(&is_over)) {
        for (int i = 0; i < 1000; i++)
            CHECK_EQ(gr_size_of(asked_of), 16);
        gr_yield();
    }
    gr_wg_done(&done);
}

static void asked_main(void *unused)
{
    (void)unused;
    asked_of = gr_new(&pair_type);
    for (int i = 0; i < 1000; i++)
        gr_new(&pair_type);
    gr_wg_add(&done, 1);
    gr_go(asking, NULL);
    for (int i = 0; i < (unit_is_slow() ? 200 : 2000); i++) {
        collect(&asked_of, 1);
        heap_sweep_all();
    }
    atomic_store(&is_over, true);
    gr_wg_wait(&done);
}

static void size_beside_a_sweep(void)
{
    base_boot();
    env_knobs.asyncpreemptoff = 1; /* this collector does not see what is in registers */
    run_free(2, asked_main, NULL);
}

static const struct unit_case cases[] = {
    UNIT(size_beside_a_sweep),
};
UNIT_MAIN(cases)
