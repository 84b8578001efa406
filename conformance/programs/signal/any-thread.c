/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

#define LOCKED 4

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("wrong: %s\n", what);
    fflush(stdout);
    gr_exit(1);
}

static void send(int sig)
{
    need(kill(getpid(), sig) == 0, "kill");
}

static int receive(gr_chan *c)
{
    int sig = 0;
    need(gr_chan_recv(c, &sig), "receive");
    return sig;
}

static gr_chan *subscribe(int room, const int *sigs, size_t n)
{
    gr_chan *c = gr_chan_make(sizeof(int), room);
    need(gr_signal_notify(c, sigs, n), "notify");
    return c;
}

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
