/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "stack/levels.h"

#define LEVELS 20000
#define WAVES 3
#define MEMBERS 4

static gr_atomic right;
static gr_wg all;

static void member(void *arg)
{
    (void)arg;
    gr_atomic_add(&right, is_sum_right(LEVELS));
    gr_wg_done(&all);
}

static void body(void *arg)
{
    (void)arg;
    printf("main: %d levels, sum %s\n", LEVELS, is_sum_right(LEVELS) ? "right" : "wrong");
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
