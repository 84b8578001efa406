/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

#define CHILDREN 24

/* Sends itself a signal and takes its channel away meanwhile. */
static void child(const char *role)
{
    const int term = SIGTERM;
    int sig;
    bool ok;
    gr_chan *c = subscribe(1, &term, 1);
    send(SIGTERM);
    for (int i = atoi(role); i > 0 && i % 2 == 0; i -= 2)
        gr_yield();
    for (volatile int i = atoi(role) * 2000; i > 0; i--) {
    }
    gr_signal_stop(c);
    if (gr_chan_try_recv(c, &sig, &ok))
        gr_exit(3);
    gr_sleep_ns(1000000000);
    gr_exit(4); /* neither delivered nor dead */
}

static void body(void *arg)
{
    const char *role = arg;
    char number[8], *argv[] = {"/proc/self/exe", number, NULL};
    int delivered = 0, died = 0, status;
    if (*role != '\0')
        child(role);
    for (int i = 0; i < CHILDREN; i++) {
        struct gr_process p = {.argv = argv};
        snprintf(number, sizeof number, "%d", i);
        int64_t pid = gr_process_start(&p);
        need(pid > 0 && gr_process_wait(pid, &status) == 0, "child");
        delivered += WIFEXITED(status) && WEXITSTATUS(status) == 3;
        died += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
        need(delivered + died == i + 1, "one of the two each time");
    }
    puts("stop: delivered or default, never lost");

    const int usr1 = SIGUSR1;
    gr_chan *c = subscribe(1, &usr1, 1), *witness = subscribe(1, &usr1, 1);
    gr_signal_stop(c);
    send(SIGUSR1);
    need(receive(witness) == SIGUSR1 && gr_chan_len(c) == 0, "nothing after stop");
    puts("stopped: nothing more");
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 ? argv[1] : "");
}
