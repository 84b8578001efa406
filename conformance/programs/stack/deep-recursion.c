/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define LEVELS 20000
#define ROOM 200 /* bytes of each level, at least */
#define WAVES 3
#define MEMBERS 4

static gr_atomic right;
static gr_wg all;

/* Each level keeps something that it needs after the levels below it have returned. */
static GR_NOINLINE uint64_t deep(int n)
{
    volatile uint8_t room[ROOM];
    room[0] = (uint8_t)n;
    room[ROOM - 1] = (uint8_t)(n >> 8);
    uint64_t below = n == 0 ? 0 : deep(n - 1);
    return below + room[0] + 256 * (uint64_t)room[ROOM - 1];
}

static bool is_right(void)
{
    return deep(LEVELS) == (uint64_t)LEVELS * (LEVELS + 1) / 2;
}

static void member(void *arg)
{
    (void)arg;
    gr_atomic_add(&right, is_right());
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    printf("main: %d levels, sum %s\n", LEVELS, is_right() ? "right" : "wrong");
    for (int i = 0; i < WAVES; i++) {
        gr_wg_add(&all, MEMBERS);
        for (int k = 0; k < MEMBERS; k++)
            gr_go(member, NULL);
        gr_wg_wait(&all);
    }
    printf("%d goroutines: sums right\n", (int)gr_atomic_load(&right));
}

int main(void)
{
    return gr_main(body, NULL);
}
