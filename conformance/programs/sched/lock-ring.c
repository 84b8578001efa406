/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>

#include "gr.h"

#define MEMBERS 8
#define TOKENS 4
#define STEPS 1000 /* of each token */
#define TURNS 50   /* of each member */
#define NAPS 10

static gr_chan *ring[MEMBERS], *done;
static gr_mutex lock;
static gr_cond turned;
static int turn, met;
static gr_atomic naps, steps;
static gr_wg all;

static void member(void *arg)
{
    intptr_t i = (intptr_t)arg;
    int64_t left;
    if (i % 4 != 3)
        gr_thread_lock(); /* three of four are locked, so that both kinds meet */
    while (gr_chan_recv(ring[i], &left)) {
        gr_atomic_add(&steps, 1);
        if (--left > 0)
            gr_chan_send(ring[(i + 1) % MEMBERS], &left);
        else
            gr_chan_send(done, &left);
    }
    gr_wg_done(&all);
}

/* They take turns under one condition, then sleep. */
static void taker(void *arg)
{
    int i = (int)(intptr_t)arg;
    gr_thread_lock();
    for (int n = 0; n < TURNS; n++) {
        gr_mutex_lock(&lock);
        while (turn != i)
            gr_cond_wait(&turned);
        turn = (turn + 1) % MEMBERS;
        met++;
        gr_cond_broadcast(&turned);
        gr_mutex_unlock(&lock);
    }
    for (int n = 0; n < NAPS; n++) {
        gr_sleep_ns(1000 * (i + 1));
        gr_atomic_add(&naps, 1);
    }
    gr_wg_done(&all);
}

static void pass_tokens(void)
{
    done = gr_chan_make(sizeof(int64_t), 0);
    for (int i = 0; i < MEMBERS; i++)
        ring[i] = gr_chan_make(sizeof(int64_t), 0);
    gr_wg_add(&all, MEMBERS);
    for (intptr_t i = 0; i < MEMBERS; i++)
        gr_go(member, (void *)i);
    int64_t left = STEPS;
    for (int i = 0; i < TOKENS; i++)
        gr_chan_send(ring[i * 2], &left);
    for (int i = 0; i < TOKENS; i++)
        gr_chan_recv(done, NULL);
    for (int i = 0; i < MEMBERS; i++)
        gr_chan_close(ring[i]);
    gr_wg_wait(&all);
    printf("%d members, %d tokens, %d steps\n", MEMBERS, TOKENS,
           (int)gr_atomic_load(&steps));
}

static void body(void *arg)
{
    (void)arg;
    pass_tokens();
    gr_cond_init(&turned, &lock);
    gr_wg_add(&all, MEMBERS);
    for (intptr_t i = 0; i < MEMBERS; i++)
        gr_go(taker, (void *)i);
    gr_wg_wait(&all);
    printf("condition met %d times\n", met);
    printf("slept %d times\n", (int)gr_atomic_load(&naps));
}

int main(void)
{
    return gr_main(body, NULL);
}
