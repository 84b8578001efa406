/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

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
