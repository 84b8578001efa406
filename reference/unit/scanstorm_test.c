/* SPDX-License-Identifier: BSD-3-Clause */
/* scanstorm_test.c - goroutines that do everything while cycle follows cycle: builds with
 * checks find whoever runs without having been shown.  Marking in the time that nobody
 * needs.
 */
#define _GNU_SOURCE
#include "plant.h"

#include "gr/thread.h"
#include "os/os.h"

/* ---- all, once ----------------------------------------------------------------------- */

#define CROWD 300

static gr_chan *ping[CROWD / 2];
static atomic_u32 stop;

static void pinger(void *arg)
{
    gr_chan *c = ping[(uintptr_t)arg / 2];
    volatile uintptr_t here = PLANT;
    while (load_relaxed(&stop) == 0) {
        int64_t v = 1;
        if ((uintptr_t)arg % 2 == 0)
            gr_chan_try_send(c, &v);
        else
            gr_chan_recv(c, &v);
        if ((uintptr_t)arg % 16 == 0) {
            gr_block_begin();
            os_thread_yield();
            gr_block_end();
        }
        gr_yield();
    }
    if ((uintptr_t)arg % 2 == 0)
        gr_chan_close(c);
    here = 0;
    (void)here;
    add_acq_rel(&ready, 1);
}

/* Births too: each cell is used again and again. */
static void breeder(void *unused)
{
    (void)unused;
    while (load_relaxed(&stop) == 0) {
        gr_go(newborn, NULL);
        gr_yield();
    }
    add_acq_rel(&go_on, 1);
}

static void storm_main(void *unused)
{
    (void)unused;
    for (uintptr_t i = 0; i < CROWD; i++) {
        if (i % 2 == 0)
            ping[i / 2] = gr_chan_make(8, 1);
        gr_go_opt(pinger, (void *)i, i % 3 == 0 ? GR_NOESCAPE : 0);
    }
    gr_go(breeder, NULL);
    gr_yield();
    for (int i = 0; i < (unit_is_slow() ? 10 : 100); i++) {
        CHECK(cycle() >= 1);
        gr_yield();
    }
    store_relaxed(&stop, 1);
    wait_for(&ready, CROWD);
    wait_for(&go_on, 1);
}

static void storm_p1(void)
{
    with_procs(1, storm_main);
}

static void storm_p4(void)
{
    with_procs(4, storm_main);
}

static void storm_squeezed(void)
{
    base_boot();
    env_knobs.squeeze = GR_ASAN ? 0 : 2;
    with_procs(4, storm_main);
}

/* Very many wait: each is shown once, and the stop itself looks at none. */
static atomic_u32 shown_tops;

RUNTIME_TEXT UNWATCHED static void count_tops(const void *lo, const void *hi)
{
    (void)lo, (void)hi;
    add_relaxed(&shown_tops, 1);
}

static void parked(void *unused)
{
    (void)unused;
    pass_gate();
}

static void many_main(void *unused)
{
    (void)unused;
    uint32_t n = unit_is_slow() ? 2000 : 100000;
    gate = gr_chan_make(0, 0);
    for (uint32_t i = 0; i < n; i++)
        gr_go(parked, NULL);
    wait_for(&ready, n);
    gr_yield();
    gc_hooks.scan = count_tops;
    for (int round = 0; round < 2; round++) {
        store_relaxed(&shown_tops, 0);
        mark_begin();
        CHECK_EQ(load_relaxed(&shown_tops), 1); /* the caller alone, up to here */
        mark_end();
        /* Stack and registers of each; a system goroutine or two beside. */
        uint32_t shown = load_relaxed(&shown_tops);
        CHECK(shown >= 2 * n && shown <= 2 * n + 20);
    }
    gr_chan_close(gate);
}

static void many_wait(void)
{
    with_procs(1, many_main);
}

/* ---- marking meanwhile --------------------------------------------------------------- */

static struct g *_Atomic marker; /* parked; NULL: it runs */
static atomic_u32 slices;

RUNTIME_TEXT static bool marker_rest(struct g *g, void *unused)
{
    (void)unused;
    store_release(&marker, g);
    return true;
}

RUNTIME_TEXT static struct g *marker_take(void)
{
    return atomic_exchange_explicit(&marker, NULL, memory_order_acq_rel);
}

static void mark_slices(void *unused)
{
    (void)unused;
    while (load_relaxed(&stop) == 0) {
        sched_park(marker_rest, NULL, PARK_NONE);
        while (!sched_is_wanted() && load_relaxed(&stop) == 0)
            add_relaxed(&slices, 1);
    }
}

/* All wait for one that sleeps: the marker has the processors, and gives way. */
static void idle_main(void *unused)
{
    (void)unused;
    gc_hooks.idle_work = marker_take;
    sched_spawn_system(mark_slices, NULL);
    while (load_relaxed(&marker) == NULL)
        gr_yield();
    mark_begin();
    for (int i = 0; i < 20; i++) {
        uint32_t before = load_relaxed(&slices);
        sched_wake_idle();
        for (int64_t ns = 1000; load_relaxed(&slices) == before; ns *= 2)
            gr_sleep_ns(ns); /* until there is time for a slice */
    }
    mark_end();
    store_relaxed(&stop, 1);
}

static void idle_marks_p1(void)
{
    with_procs(1, idle_main);
}

static void idle_marks_p2(void)
{
    with_procs(2, idle_main);
}

static void slots_main(void *unused);
static atomic_u32 nslots;

static void count_slot(void **slot, void *arg)
{
    CHECK(arg == &nslots && *slot == NULL);
    add_relaxed(&nslots, 1);
}

static void slots_main(void *unused)
{
    (void)unused;
    CHECK(sched_heap_slot() != NULL && *sched_heap_slot() == NULL);
    gr_procs(2);
    sched_stop_world("scan_test");
    sched_each_heap_slot(count_slot, &nslots);
    sched_start_world();
    CHECK_EQ(load_relaxed(&nslots), 3); /* the retired one too */
}

static void slots_of_processors(void)
{
    with_procs(3, slots_main);
}

static const struct unit_case cases[] = {
    UNIT(storm_p1),      UNIT(storm_p4),      UNIT(storm_squeezed),      UNIT(many_wait),
    UNIT(idle_marks_p1), UNIT(idle_marks_p2), UNIT(slots_of_processors),
};
UNIT_MAIN(cases)
