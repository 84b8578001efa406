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
    const int term = SIGTERM, usr1 = SIGUSR1;
    (void)arg;
    gr_chan *c = subscribe(1, &term, 1), *witness = subscribe(1, &usr1, 1);
    send(SIGTERM);
    need(receive(c) == SIGTERM, "notify");
    need(!gr_signal_ignored(SIGTERM), "not ignored");
    gr_signal_ignore(&term, 1);
    need(gr_signal_ignored(SIGTERM), "ignored");
    for (int i = 0; i < 10; i++) {
        send(SIGTERM);
        send(SIGUSR1);
        need(receive(witness) == SIGUSR1, "alive");
    }
    need(gr_chan_len(c) == 0, "nothing for c");
    puts("ignored: nothing happens");
    need(gr_signal_notify(c, &term, 1) && !gr_signal_ignored(SIGTERM), "notify again");
    send(SIGTERM);
    need(receive(c) == SIGTERM, "delivered again");
    puts("notify: no longer ignored");
    fflush(stdout);
    gr_signal_reset(&term, 1);
    send(SIGTERM);
    gr_sleep_ns(60000000000);
}

int main(void)
{
    return gr_main(body, NULL);
}
