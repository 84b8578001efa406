/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

#define LOCKED 4

static gr_chan *go, *usr1;
static gr_wg all;

/* Sends from its own thread. */
static void locked(void *arg)
{
    (void)arg;
    gr_thread_lock();
    gr_chan_recv(go, NULL);
    for (int i = 0; i < 50; i++)
        send(SIGUSR1);
    gr_thread_unlock();
    gr_wg_done(&all);
}

static void body(void *arg)
{
    const int sig = SIGUSR1;
    (void)arg;
    gr_thread_lock();
    usr1 = subscribe(1, &sig, 1);
    go = gr_chan_make(0, 0);
    gr_wg_add(&all, LOCKED);
    for (int i = 0; i < LOCKED; i++)
        gr_go(locked, NULL);
    send(SIGUSR1);
    need(receive(usr1) == SIGUSR1, "from a locked thread");
    gr_chan_close(go);
    need(receive(usr1) == SIGUSR1, "from other locked threads");
    gr_wg_wait(&all);
    puts("delivered, whichever thread there is");
}

int main(void)
{
    return gr_main(body, NULL);
}
