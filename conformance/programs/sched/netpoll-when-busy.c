/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdio.h>

#include "gr.h"

#define ROUNDS 1000000000 /* half a second or more: as good as never */

static _Atomic int reading, seen, late;
static gr_fd ends[2];
static gr_wg all;

static void reader(void *arg)
{
    char byte;
    (void)arg;
    reading = 1;
    if (gr_read(ends[0], &byte, 1) == 1)
        seen = 1;
    gr_wg_done(&all);
}

static void hog(void *writes)
{
    if (writes != NULL && gr_write(ends[1], "x", 1, NULL) != 1)
        late = 1;
    for (long n = 0; !seen && !late; n++)
        if (n == ROUNDS)
            late = 1;
    gr_wg_done(&all);
}

static void body(void *arg)
{
    int hogs = gr_procs(0);
    (void)arg;
    if (gr_pipe(ends) != 0)
        return;
    gr_wg_add(&all, hogs + 1);
    gr_go(reader, NULL);
    while (!reading)
        gr_yield();
    gr_yield();
    for (int i = hogs; i-- > 0;)
        gr_go(hog, i == 0 ? &all : NULL);
    gr_wg_wait(&all);
    puts(late ? "not noticed" : "noticed");
}

int main(void)
{
    return gr_main(body, NULL);
}
