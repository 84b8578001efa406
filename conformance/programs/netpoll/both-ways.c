/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "gr.h"
#include "netpoll/pair.h"

#define BYTES (6 << 20)
#define READERS 3

/* Several readers of one end: which one gets a byte is open, that one does is not. */
struct way {
    gr_fd from, to;
    gr_atomic sum;
    uint64_t expected;
};

static gr_wg all;

static void writer(void *arg)
{
    struct way *w = arg;
    unsigned char *bytes = malloc(100000);
    for (uint32_t sent = 0, size = 1; sent < BYTES; size = size * 7 % 99991 + 1) {
        size = size < BYTES - sent ? size : BYTES - sent;
        for (uint32_t i = 0; i < size; i++)
            w->expected += bytes[i] = (unsigned char)((sent + i) * 2654435761u >> 24);
        need(gr_write(w->from, bytes, size, NULL) == size, "write");
        sent += size;
    }
    free(bytes);
    need(gr_shutdown(w->from, GR_WRITE) == 0, "shutdown");
    gr_wg_done(&all);
}

static void reader(void *arg)
{
    struct way *w = arg;
    unsigned char *buf = malloc(70000);
    uint64_t sum = 0, count = 0;
    int64_t n;
    for (uint32_t size = 1; (n = gr_read(w->to, buf, size)) > 0;
         size = size * 5 % 69991 + 1) {
        for (int64_t i = 0; i < n; i++)
            sum += buf[i];
        count += (uint64_t)n;
    }
    need(n == 0, "the end");
    free(buf);
    gr_atomic_add(&w->sum, (int64_t)(sum + (count << 40)));
    gr_wg_done(&all);
}

static void body(void *arg)
{
    static struct way ways[2];
    gr_fd ends[2];
    (void)arg;
    connect_pair(ends);
    for (int i = 0; i < 2; i++) {
        ways[i].from = ends[i];
        ways[i].to = ends[1 - i];
        gr_wg_add(&all, 1 + READERS);
        gr_go(writer, &ways[i]);
        for (int n = 0; n < READERS; n++)
            gr_go(reader, &ways[i]);
    }
    gr_wg_wait(&all);
    for (int i = 0; i < 2; i++)
        need((uint64_t)gr_atomic_load(&ways[i].sum) ==
                 ways[i].expected + ((uint64_t)BYTES << 40),
             "all bytes, each once");
    puts("both ways: all bytes, each once");
}

int main(void)
{
    return gr_main(body, NULL);
}
