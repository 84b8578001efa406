/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "need.h"

/* A child writes after a moment in which nobody here can run: that is no deadlock.  Then
 * nobody waits for a descriptor any more, and it is one. */
static void body(void *arg)
{
    char *argv[] = {"sh", "-c", "sleep 0.02; echo x; sleep 0.02; echo y", NULL};
    gr_fd ends[2];
    char buf[8];
    int64_t n, sum = 0;
    int status;
    (void)arg;
    need(gr_pipe(ends) == 0, "pipe");
    struct gr_process p = {.argv = argv, .out = ends[1]};
    int64_t pid = gr_process_start(&p);
    need(pid > 0 && gr_close(ends[1]) == 0, "start");
    while ((n = gr_read(ends[0], buf, sizeof buf)) > 0)
        sum += n;
    need(n == 0 && sum == 4, "read");
    need(gr_process_wait(pid, &status) == 0 && status == 0, "wait");
    puts("read: no deadlock");
    fflush(stdout);
    gr_chan_recv(gr_chan_make(0, 0), NULL);
}

int main(void)
{
    return gr_main(body, NULL);
}
