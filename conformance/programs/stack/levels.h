/* SPDX-License-Identifier: BSD-3-Clause */
/* levels.h - for programs that go deep: a recursion that needs its stack kept. */
#ifndef LEVELS_H
#define LEVELS_H

#include <stdbool.h>
#include <stdint.h>

#include "gr.h"

#define LEVEL_BYTES 200 /* of each level, at least */

/* Each level keeps something that it needs after the levels below it have returned. */
static GR_NOINLINE uint64_t descend(int n)
{
    volatile uint8_t room[LEVEL_BYTES];
    room[0] = (uint8_t)n;
    room[LEVEL_BYTES - 1] = (uint8_t)(n >> 8);
    uint64_t below = n == 0 ? 0 : descend(n - 1);
    return below + room[0] + 256 * (uint64_t)room[LEVEL_BYTES - 1];
}

static inline bool is_sum_right(int levels)
{
    return descend(levels) == (uint64_t)levels * ((uint64_t)levels + 1) / 2;
}

#endif
