/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <sys/resource.h>

#include "gr.h"

#define MS INT64_C(1000000)

enum { ROUNDS = 1000000, LIMIT_KB = 64 << 10 };

static void echo(void *arg)
{
    gr_chan *c = arg;
    int64_t v = 0;

    for (int i = 0; i < ROUNDS; i++)
        gr_chan_send(c, &v);
}

static void body(void *unused)
{
    gr_chan *c = gr_chan_make(sizeof(int64_t), 0);
    int lost = 0;
    struct rusage before, after;

    (void)unused;
    getrusage(RUSAGE_SELF, &before);
    gr_go(echo, c);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t v;
        gr_timer *t = gr_timer_new(3600000 * MS);
        struct gr_case k[] = {{.dir = GR_RECV, .ch = gr_timer_chan(t), .elem = &v},
                              {.dir = GR_RECV, .ch = c, .elem = &v}};
        lost += gr_select(k, 2, false) == 1;
        gr_timer_free(t);
    }
    printf("%d timeouts lost\n", lost);
    getrusage(RUSAGE_SELF, &after);
    if (after.ru_maxrss - before.ru_maxrss < LIMIT_KB)
        printf("memory is bounded\n");
    else
        printf("%ld KB more\n", after.ru_maxrss - before.ru_maxrss);
}

int main(void)
{
    return gr_main(body, NULL);
}
