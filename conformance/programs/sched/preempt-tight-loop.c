/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gr.h"

#define FEW 100000000
#define MANY 1500000000 /* seconds, which end the program where nothing else does */

static bool is_short;
static atomic_int started, stop, ended;
static gr_wg over;

/* The loop calls nothing. */
static void hog(void *arg)
{
    (void)arg;
    atomic_store(&started, 1);
    int rounds = is_short ? FEW : MANY;
    for (int i = 0; i < rounds && atomic_load(&stop) == 0; i++)
        ;
    atomic_store(&ended, 1);
    gr_wg_done(&over);
}

static void body(void *arg)
{
    (void)arg;
    gr_wg_add(&over, 1);
    gr_go(hog, NULL);
    while (atomic_load(&started) == 0)
        gr_yield();
    if (is_short) {
        printf("main runs %s the loop\n", atomic_load(&ended) ? "after" : "beside");
        return;
    }
    puts("the loop runs");
    puts(atomic_load(&ended) ? "main runs too late" : "main runs beside it");
    atomic_store(&stop, 1);
    gr_wg_wait(&over);
    puts("the loop has seen that");
}

int main(int argc, char **argv)
{
    is_short = argc > 1 && strcmp(argv[1], "short") == 0;
    return gr_main(body, NULL);
}
