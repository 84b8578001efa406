/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>

#include "gr.h"

static gr_chan *usr1, *done;

static void waiter(void *arg)
{
    (void)arg;
    gr_chan_recv(usr1, NULL);
    gr_chan_close(done);
}

static void body(void *arg)
{
    const int sig = SIGUSR1;
    const char *how = arg;
    usr1 = gr_chan_make(sizeof(int), 1);
    done = gr_chan_make(0, 0);
    if (*how == '\0')
        gr_signal_notify(usr1, &sig, 1);
    gr_go(waiter, NULL);
    puts("ready");
    fflush(stdout);
    gr_chan_recv(done, NULL);
    puts("woken by a signal");
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 ? argv[1] : "");
}
