/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "gr.h"

#define MB (1 << 20)

static bool goes_beyond;
static gr_chan *done;

/* Each level takes about a kilobyte. */
static GR_NOINLINE int deep(int n)
{
    volatile char room[1000];
    size_t at = (size_t)n % sizeof room; /* no compiler keeps less than all of it */
    room[at] = (char)n;
    return n == 0 ? room[at] : deep(n - 1) + (room[at] == (char)n);
}

static void user(void *arg)
{
    (void)arg;
    if (deep(1000) == 1000)
        puts("1 MB went well");
    fflush(stdout);
    if (goes_beyond && deep(16000) == 16000)
        fputs("16 MB went well too\n", stderr);
    gr_chan_send(done, NULL);
}

static void body(void *arg)
{
    gr_stack_max(6 * MB);
    if (gr_stack_max(4 * MB) >= 6 * MB && gr_stack_max(4 * MB) >= 4 * MB)
        puts("the limit was set");
    done = gr_chan_make(0, 0);
    gr_go(user, arg);
    gr_chan_recv(done, NULL);
}

int main(int argc, char **argv)
{
    goes_beyond = argc > 1 && strcmp(argv[1], "beyond") == 0;
    return gr_main(body, NULL);
}
