/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gr.h"
#include "signal/subscribe.h"

#define ROUNDS 3000
#define KINDS 5

static const int kinds[KINDS] = {SIGUSR1, SIGUSR2, SIGURG, SIGALRM, SIGWINCH};
static gr_atomic stop;
static gr_wg all;

/* What signals must not disturb: values through a pipe. */
static void pump(void *arg)
{
    gr_fd ends[2];
    uint64_t got, n = 0;
    (void)arg;
    need(gr_pipe(ends) == 0, "pipe");
    while (!gr_atomic_load(&stop)) {
        n++;
        need(gr_write(ends[1], &n, sizeof n, NULL) == sizeof n, "write");
        need(gr_read(ends[0], &got, sizeof got) == sizeof got && got == n, "read");
    }
    gr_close(ends[0]);
    gr_close(ends[1]);
    gr_wg_done(&all);
}

static void body(void *arg)
{
    int seen[65] = {0};
    char buf[8];
    if (*(const char *)arg != '\0') {
        puts("waiting");
        fflush(stdout);
        need(gr_read(gr_wrap(0, GR_WRAP_KEEP), buf, sizeof buf) > 0, "input");
    }
    gr_chan *c = gr_chan_make(sizeof(int), KINDS * ROUNDS);
    need(gr_signal_notify(c, kinds, KINDS), "notify");
    gr_wg_add(&all, 4);
    for (int i = 0; i < 4; i++)
        gr_go(pump, NULL);
    for (int i = 0; i < ROUNDS; i++)
        for (int k = 0; k < KINDS; k++)
            send(kinds[k]);
    for (int k = 0; k < KINDS; k++)
        while (kinds[k] != SIGURG && seen[kinds[k]] == 0)
            seen[receive(c)]++;
    gr_signal_stop(c);
    while (gr_chan_len(c) > 0)
        seen[receive(c)]++;
    for (int k = 0; k < KINDS; k++)
        need(seen[kinds[k]] <= ROUNDS, "no more than were sent");
    puts("each kind: at least once, at most as often as sent");
    gr_atomic_store(&stop, 1);
    gr_wg_wait(&all);
    puts("the rest: undisturbed");
}

int main(int argc, char **argv)
{
    return gr_main(body, argc > 1 ? argv[1] : "");
}
