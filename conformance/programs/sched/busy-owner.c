/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "gr.h"

#define WARM_UP 1000
#define PAUSE 20000000
#define TURNS 10
#define ROUNDS 500000000 /* a fifth of a second or more: as good as never */

static _Atomic int ran;
static gr_chan *there, *back;

static void mark(void *arg)
{
    (void)arg;
    ran = 1;
}

static void echo(void *arg)
{
    int64_t v;
    (void)arg;
    for (int i = 0; i < WARM_UP; i++) {
        gr_chan_recv(there, &v);
        gr_chan_send(back, &v);
    }
    gr_chan_recv(there, &v);
    ran = 1;
}

/* Each of the two is the next on its processor again and again, until that is no news. */
static void talk(void)
{
    int64_t v = 0;
    gr_go(echo, NULL);
    for (int i = 0; i < WARM_UP; i++) {
        gr_chan_send(there, &v);
        gr_chan_recv(back, &v);
    }
    for (int i = 0; i < 10; i++)
        gr_yield(); /* echo waits for more */
    for (volatile int i = 0; i < PAUSE; i++)
        ; /* and the other processor's thread goes to sleep */
    gr_chan_send(there, &v);
}

/* Nothing is called, and this processor is not taken away: what it has at hand must be
 * taken by the other one. */
static void compute(void)
{
    for (long i = 0; i < ROUNDS && !ran; i++)
        ;
}

static void body(void *arg)
{
    const char *what = arg;
    there = gr_chan_make(sizeof(int64_t), 0);
    back = gr_chan_make(sizeof(int64_t), 0);
    if (strcmp(what, "new") == 0)
        gr_go(mark, NULL);
    else if (strcmp(what, "timer") == 0)
        gr_timer_func(1000000, mark, NULL);
    else
        ran = 1;
    compute();
    for (int i = 0; i < TURNS && ran && strcmp(what, "ready") == 0; i++) {
        ran = 0;
        talk();
        compute();
    }
    puts(ran ? "it ran elsewhere" : "it waits for a processor that computes");
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 ? argv[1] : "");
}
