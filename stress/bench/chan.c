/* SPDX-License-Identifier: BSD-3-Clause */
/* chan.c - what it costs to pass values: between two goroutines, between many, and through
 * a buffer.
 *
 * Owns: rows 6 to 11 of the table of goals (figures.toml).  The other side is go/chan.go.
 */
#include "bench.h"

struct pair {
    gr_chan *there, *back;
    int64_t n;
};

static void echo(void *arg)
{
    struct pair *p = arg;
    int64_t v;

    for (int64_t i = 0; i < p->n; i++) {
        gr_chan_recv(p->there, &v);
        gr_chan_send(p->back, &v);
    }
}

static void ping_pong(int64_t n)
{
    struct pair p = {gr_chan_make(sizeof(int64_t), 0), gr_chan_make(sizeof(int64_t), 0), n};
    int64_t v = 1;

    gr_go(echo, &p);
    for (int64_t i = 0; i < n; i++) {
        gr_chan_send(p.there, &v);
        gr_chan_recv(p.back, &v);
    }
    gr_chan_free(p.there);
    gr_chan_free(p.back);
}

/* Some senders, some receivers, one channel; each sender sends n values. */
struct stream {
    gr_chan *c;
    gr_wg senders, receivers;
    int64_t n;
};

static void sender(void *arg)
{
    struct stream *s = arg;

    for (int64_t i = 0; i < s->n; i++)
        gr_chan_send(s->c, &i);
    gr_wg_done(&s->senders);
}

static void receiver(void *arg)
{
    struct stream *s = arg;
    int64_t v;

    while (gr_chan_recv(s->c, &v))
        continue;
    gr_wg_done(&s->receivers);
}

static void stream_through(int64_t n, int cap, int each)
{
    struct stream s = {.c = gr_chan_make(sizeof(int64_t), cap), .n = (n + each - 1) / each};

    gr_wg_add(&s.senders, each);
    gr_wg_add(&s.receivers, each);
    for (int i = 0; i < each; i++) {
        gr_go(receiver, &s);
        gr_go(sender, &s);
    }
    gr_wg_wait(&s.senders);
    gr_chan_close(s.c);
    gr_wg_wait(&s.receivers);
    gr_chan_free(s.c);
}

static void stream(int64_t n)
{
    stream_through(n, 0, 1);
}

static void stream_128(int64_t n)
{
    stream_through(n, 128, 1);
}

static void mpmc(int64_t n)
{
    stream_through(n, 0, 4);
}

static void mpmc_128(int64_t n)
{
    stream_through(n, 128, 4);
}

static void buffered(int64_t n)
{
    gr_chan *c = gr_chan_make(sizeof(int64_t), 16);
    int64_t v = 1;

    for (int64_t i = 0; i < n; i++) {
        gr_chan_send(c, &v);
        gr_chan_recv(c, &v);
    }
    gr_chan_free(c);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"ping-pong", ping_pong, NULL,
         "a value there and one back, by two unbuffered channels"},
        {"stream", stream, NULL,
         "a message on an unbuffered channel, one sender, one "
         "receiver"},
        {"stream-128", stream_128, NULL, "the same through a buffer of 128"},
        {"mpmc", mpmc, NULL,
         "a message on an unbuffered channel, four senders and four "
         "receivers"},
        {"mpmc-128", mpmc_128, NULL, "the same through a buffer of 128"},
        {"buffered", buffered, NULL, "a send and a receive by one goroutine"},
        {0},
    };
    return bench_main(argc, argv, "chan", list);
}
