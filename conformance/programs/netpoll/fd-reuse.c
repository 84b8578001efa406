/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gr.h"
#include "netpoll/pair.h"

#define MS 1000000
#define ROUNDS 300

static gr_fd fd;
static gr_wg all;

static void reader(void *arg)
{
    char byte;
    (void)arg;
    need(gr_read(fd, &byte, 1) == 1 && byte == 'b', "the new connection's own byte");
    gr_wg_done(&all);
}

/* Each connection is closed with a deadline ahead and an event under way; the next one gets
 * its number. */
static void body(void *arg)
{
    gr_fd old[2], new[2];
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        connect_pair(old);
        gr_set_deadline(old[0], GR_READ | GR_WRITE, gr_now_ns() + (i % 4) * MS / 4);
        need(gr_write(old[1], "a", 1, NULL) == 1, "write");
        gr_close(old[1]);
        gr_close(old[0]);
        connect_pair(new);
        fd = new[0];
        gr_wg_add(&all, 1);
        gr_go(reader, NULL);
        if (i % 20 == 0)
            gr_sleep_ns(2 * MS);
        need(gr_write(new[1], "b", 1, NULL) == 1, "write");
        gr_wg_wait(&all);
        gr_close(new[0]);
        gr_close(new[1]);
    }
    puts("no event and no deadline of a former connection");
}

int main(void)
{
    return gr_main(body, NULL);
}
