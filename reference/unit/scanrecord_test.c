/* SPDX-License-Identifier: BSD-3-Clause */
/* scanrecord_test.c - what hangs from a goroutine and is not on its stack is shown to the
 * collector: deferred calls, records of waiting; and what is on the stack of one that
 * panics.
 */
#define _GNU_SOURCE
#include "plant.h"

#include "os/os.h"

/* ---- records that hang from a goroutine ---------------------------------------------- */

static void deferred(void *arg)
{
    CHECK((uintptr_t)arg <= 200 || (uintptr_t)arg == PLANT);
}

/* The plant is an argument in a block of deferred calls, neither the newest nor oldest. */
static NOINLINE void defers(void)
{
    GR_FUNC;
    for (uintptr_t i = 0; i < 200; i++)
        GR_DEFER(deferred, (void *)(i == 100 ? PLANT : i));
    scrub();
    pass_gate();
}

static void deferrer(void *unused)
{
    (void)unused;
    defers();
    scrub();
    pass_gate();
}

static void defers_main(void *opts)
{
    store_relaxed(&ready, 0);
    gate = gr_chan_make(0, 0);
    uint64_t squeezed = squeeze_count();
    gr_go_opt(deferrer, NULL, (unsigned)(uintptr_t)opts);
    wait_for(&ready, 1);
    while (opts != NULL && squeeze_count() == squeezed)
        gr_yield();
    CHECK_EQ(cycle(), 1);
    gr_chan_send(gate, "");
    wait_for(&ready, 2);
    CHECK_EQ(cycle(), 0);
    gr_chan_send(gate, "");
}

static void deferred_calls(void)
{
    with_procs(2, defers_main);
}

static void squeezed_defers_main(void *unused)
{
    (void)unused;
    defers_main((void *)(uintptr_t)GR_NOESCAPE);
}

static void deferred_calls_squeezed(void)
{
    if (GR_ASAN || !os_barrier_init())
        unit_skip("nothing is squeezed here");
    base_boot();
    env_knobs.squeeze = 2;
    with_procs(1, squeezed_defers_main);
}

/* Nobody ever sends: the address is no real one. */
static void receiver(void *unused)
{
    (void)unused;
    add_acq_rel(&ready, 1);
    gr_chan_recv(gate, (void *)PLANT);
}

static void selector(void *unused)
{
    struct gr_case c[] = {RECV(gate, (void *)PLANT), RECV(gate, NULL)};
    (void)unused;
    add_acq_rel(&ready, 1);
    gr_select(c, 2, false);
}

static void waiters_main(void *fn)
{
    gate = gr_chan_make(8, 0);
    gr_go(*(gr_fn *)fn, NULL);
    wait_for(&ready, 1);
    for (int i = 0; i < 3; i++)
        gr_yield();
    int tries = 0;
    while (cycle() == 0 || load_relaxed(&shaded) != 1) { /* until it has parked */
        CHECK(++tries < 1000);
        gr_yield();
    }
}

static void waiting_receiver(void)
{
    gr_fn fn = receiver;
    with_procs_arg(2, waiters_main, &fn);
}

static void waiting_select(void)
{
    gr_fn fn = selector;
    with_procs_arg(2, waiters_main, &fn);
}

/* ---- a panic in progress ------------------------------------------------------------- */

static void catch (void *unused)
{
    (void)unused;
    pass_gate();
    CHECK(gr_recover().kind == GR_PTR);
}

static NOINLINE void throw_plant(void)
{
    gr_panic((gr_value){.kind = GR_PTR, .u = {.p = (void *)PLANT}});
}

static NOINLINE void panics(void)
{
    GR_FUNC;
    GR_DEFER(catch, NULL);
    throw_plant();
}

static void panicker(void *unused)
{
    (void)unused;
    panics();
    scrub();
    pass_gate();
}

static void panic_main(void *unused)
{
    (void)unused;
    gate = gr_chan_make(0, 0);
    gr_go(panicker, NULL);
    wait_for(&ready, 1);
    CHECK(cycle() >= 1);
    gr_chan_send(gate, "");
    wait_for(&ready, 2);
    CHECK_EQ(cycle(), 0);
    gr_chan_send(gate, "");
}

static void panic_values(void)
{
    with_procs(2, panic_main);
}

static const struct unit_case cases[] = {
    UNIT(deferred_calls),   UNIT(deferred_calls_squeezed),
    UNIT(waiting_receiver), UNIT(waiting_select),
    UNIT(panic_values),
};
UNIT_MAIN(cases)
