/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"
#include "netpoll/pair.h"

#define MS 1000000
#define BYTES (64 << 20) /* more than the buffers of both sides hold */

static void body(void *arg)
{
    static char buf[65536];
    gr_fd ends[2];
    size_t sent = 0, got = 0;
    int64_t n;
    (void)arg;
    connect_pair(ends);
    char *bytes = calloc(BYTES, 1);
    gr_set_deadline(ends[0], GR_WRITE, gr_now_ns() + 20 * MS);
    need(gr_write(ends[0], bytes, BYTES, &sent) == GR_IO_TIMEOUT, "a write nobody reads");
    need(sent > 0 && sent < BYTES, "a part went out");
    puts("write: timeout after a part");
    need(gr_close(ends[0]) == 0, "close");
    while ((n = gr_read(ends[1], buf, sizeof buf)) > 0)
        got += (size_t)n;
    need(n == 0 && got == sent, "as much arrives as was reported");
    puts("arrived: exactly that part");
}

int main(void)
{
    return gr_main(body, NULL);
}
