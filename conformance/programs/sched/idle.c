/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <sys/resource.h>

#include "gr.h"

#define SLEEP_MS 400

static long used_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static void blocked(void *arg)
{
    gr_chan_recv(arg, NULL);
}

static void body(void *arg)
{
    (void)arg;
    gr_chan *c = gr_chan_make(0, 0);
    for (int i = 0; i < 100; i++)
        gr_go(blocked, c);
    gr_sleep_ns(20 * 1000000LL);
    long before = used_ms();
    gr_sleep_ns(SLEEP_MS * 1000000LL);
    long used = used_ms() - before;
    if (used < SLEEP_MS / 10)
        puts("idle");
    else
        printf("used %ld ms of %d\n", used, SLEEP_MS);
}

int main(void)
{
    return gr_main(body, NULL);
}
