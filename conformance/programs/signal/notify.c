/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

static void body(void *arg)
{
    const int usr1 = SIGUSR1, usr2 = SIGUSR2;
    (void)arg;
    gr_chan *a = subscribe(8, &usr1, 1), *b = subscribe(8, &usr1, 1);
    need(gr_signal_notify(b, &usr2, 1), "more for b");
    for (int i = 0; i < 3; i++) {
        send(SIGUSR1);
        need(receive(a) == SIGUSR1 && receive(b) == SIGUSR1, "a copy each");
    }
    send(SIGUSR2);
    need(receive(b) == SIGUSR2 && gr_chan_len(a) == 0, "only for b");
    puts("several channels: a copy each");

    gr_chan *full = subscribe(1, &usr1, 1), *none = subscribe(0, &usr1, 1);
    for (int i = 0; i < 3; i++) {
        send(SIGUSR1);
        need(receive(a) == SIGUSR1 && receive(b) == SIGUSR1, "others get it");
    }
    gr_signal_stop(full); /* all of them have been sent by now */
    gr_signal_stop(none);
    need(gr_chan_len(full) == 1, "one in, two dropped");
    puts("no room: dropped");

    const int all[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGALRM, SIGTSTP};
    gr_chan *every = subscribe(1, NULL, 0);
    for (int i = 0; i < 7; i++) {
        send(all[i]);
        need(receive(every) == all[i], "no longer the default");
    }
    puts("all: none kills");
}

int main(void)
{
    return gr_main(body, NULL);
}
