/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define OTHERS 6
#define ROUNDS 300

static atomic_int locked_tid, visitors, stop;
static gr_chan *ping, *pong;
static gr_wg all;

static void other(void *arg)
{
    (void)arg;
    for (int i = 0; atomic_load(&stop) == 0; i++) {
        if (gettid() == atomic_load(&locked_tid))
            atomic_fetch_add(&visitors, 1);
        gr_yield();
    }
    gr_wg_done(&all);
}

static void echo(void *arg)
{
    (void)arg;
    while (gr_chan_recv(ping, NULL)) {
        if (gettid() == atomic_load(&locked_tid))
            atomic_fetch_add(&visitors, 1);
        gr_chan_send(pong, NULL);
    }
    gr_wg_done(&all);
}

/* Moves away from the thread that it is on, in rounds of everything that can park. */
static int moves(void)
{
    int tid = gettid(), moved = 0;
    for (int i = 0; i < ROUNDS; i++) {
        gr_yield();
        moved += gettid() != tid;
        gr_chan_send(ping, NULL);
        moved += gettid() != tid;
        gr_chan_recv(pong, NULL);
        moved += gettid() != tid;
        if (i % 50 == 0)
            gr_sleep_ns(1000);
        moved += gettid() != tid;
    }
    return moved;
}

static void stay(const char *how)
{
    atomic_store(&visitors, 0);
    atomic_store(&locked_tid, gettid());
    int moved = moves();
    printf("%s: %d moves, %d visitors\n", how, moved, atomic_load(&visitors));
    atomic_store(&locked_tid, 0);
}

static void body(void *arg)
{
    (void)arg;
    ping = gr_chan_make(0, 0);
    pong = gr_chan_make(0, 0);
    gr_wg_add(&all, OTHERS + 1);
    gr_go(echo, NULL);
    for (int i = 0; i < OTHERS; i++)
        gr_go(other, NULL);
    gr_thread_lock();
    stay("locked");
    gr_thread_lock();
    gr_thread_unlock();
    stay("locked once of twice");
    gr_thread_unlock();
    gr_thread_unlock();
    gr_thread_lock();
    stay("locked after an extra unlock");
    gr_thread_unlock();
    atomic_store(&stop, 1);
    gr_chan_close(ping);
    gr_wg_wait(&all);
}

int main(void)
{
    return gr_main(body, NULL);
}
