/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

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
