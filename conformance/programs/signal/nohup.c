/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"

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

static void body(void *arg)
{
    const int hup = SIGHUP, usr1 = SIGUSR1;
    (void)arg;
    gr_chan *witness = subscribe(1, &usr1, 1);
    need(gr_signal_ignored(SIGHUP) && gr_signal_ignored(SIGINT), "ignored at the start");
    need(!gr_signal_ignored(SIGTERM), "not ignored");
    for (int i = 0; i < 5; i++) {
        send(SIGHUP);
        send(SIGINT);
        send(SIGUSR1);
        need(receive(witness) == SIGUSR1, "alive");
    }
    puts("ignored at the start: still is");
    gr_chan *c = subscribe(1, &hup, 1);
    send(SIGHUP);
    need(receive(c) == SIGHUP, "asked for");
    puts("asked for: delivered");
}

int main(void)
{
    return gr_main(body, NULL);
}
