/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"

#define MS INT64_C(1000000)

enum { TIMERS = 100000, MODIFIERS = 8, STEPS = 20000 };

static gr_timer *timer[TIMERS];
static gr_atomic set, taken_back, fired;
static gr_wg all;

static void fire(void *unused)
{
    (void)unused;
    gr_atomic_add(&fired, 1);
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Any goroutine modifies any timer. */
static void modify(void *arg)
{
    uint64_t random = (uintptr_t)arg;

    for (int i = 0; i < STEPS; i++) {
        gr_timer *t = timer[draw(&random) % TIMERS];
        if (draw(&random) % 2 == 0) {
            gr_atomic_add(&taken_back, gr_timer_stop(t));
        } else {
            gr_atomic_add(&set, 1);
            gr_atomic_add(&taken_back,
                          gr_timer_reset(t, (int64_t)draw(&random) % (20 * MS)));
        }
    }
    gr_wg_done(&all);
}

static void body(void *unused)
{
    uint64_t random = 1;

    (void)unused;
    gr_atomic_store(&set, TIMERS);
    for (int i = 0; i < TIMERS; i++)
        timer[i] = gr_timer_func((int64_t)draw(&random) % (20 * MS), fire, NULL);
    gr_wg_add(&all, MODIFIERS);
    for (uintptr_t i = 0; i < MODIFIERS; i++)
        gr_go(modify, (void *)(i + 1));
    gr_wg_wait(&all);
    for (int i = 0; i < TIMERS; i++)
        if (i % 2 == 0)
            gr_atomic_add(&taken_back, gr_timer_stop(timer[i]));
    while (gr_atomic_load(&taken_back) + gr_atomic_load(&fired) < gr_atomic_load(&set))
        gr_sleep_ns(MS);
    gr_sleep_ns(5 * MS); /* for what is too much */
    if (gr_atomic_load(&taken_back) + gr_atomic_load(&fired) != gr_atomic_load(&set))
        printf("%d set, %d taken back, %d fired\n", (int)gr_atomic_load(&set),
               (int)gr_atomic_load(&taken_back), (int)gr_atomic_load(&fired));
    else
        printf("every setting fired or was taken back\n");
}

int main(void)
{
    return gr_main(body, NULL);
}
