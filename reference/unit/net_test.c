/* SPDX-License-Identifier: BSD-3-Clause */
/* net_test.c - floor net: connections, deadlines, closing, files. */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gr.h"
#include "net/desc.h"

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, NULL), 0);
}

#define BOTH(name)                                                                         \
    static void name##_p1(void)                                                            \
    {                                                                                      \
        with_procs(1, name);                                                               \
    }                                                                                      \
    static void name##_p4(void)                                                            \
    {                                                                                      \
        with_procs(4, name);                                                               \
    }

/* ---- helpers ---- */

static gr_fd listen_any(const char *net, char *address, size_t size)
{
    bool is_tcp = net[0] == 't';
    gr_fd l = gr_listen(net, is_tcp ? "127.0.0.1:0" : address);
    CHECK(l > 0);
    if (is_tcp)
        snprintf(address, size, "127.0.0.1:%d", gr_local_port(l));
    return l;
}

/* Both ends of a TCP connection. */
static void connect_pair(gr_fd ends[2])
{
    char address[64];
    gr_fd l = listen_any("tcp", address, sizeof address);
    ends[0] = gr_dial("tcp", address, 0);
    ends[1] = gr_accept(l);
    CHECK(ends[0] > 0 && ends[1] > 0);
    CHECK_EQ(gr_close(l), 0);
}

static void read_full(gr_fd fd, void *buf, size_t n)
{
    for (size_t got = 0; got < n;) {
        int64_t more = gr_read(fd, (char *)buf + got, n - got);
        CHECK(more > 0);
        got += (size_t)more;
    }
}

/* Runs until as many goroutines wait for descriptors. */
static void wait_waiting(uint32_t n)
{
    while (desc_waiting() != n)
        gr_yield();
}

struct call {
    gr_fd fd;
    gr_wg *done;
    int64_t result;
    size_t sum;
    char buf[16];
};

static void call_read(void *arg)
{
    struct call *c = arg;
    c->result = gr_read(c->fd, c->buf, sizeof c->buf);
    gr_wg_done(c->done);
}

static void call_accept(void *arg)
{
    struct call *c = arg;
    c->result = gr_accept(c->fd);
    gr_wg_done(c->done);
}

/* Writes until it is not let any more. */
static void call_write(void *arg)
{
    static char bytes[1 << 20];
    struct call *c = arg;
    do
        c->result = gr_write(c->fd, bytes, sizeof bytes, &c->sum);
    while (c->result > 0);
    gr_wg_done(c->done);
}

static void start(struct call *c, gr_wg *done, gr_fd fd, gr_fn fn)
{
    *c = (struct call){.fd = fd, .done = done};
    gr_wg_add(done, 1);
    gr_go(fn, c);
}

/* ---- echo ---- */

static void echo_one(void *arg)
{
    gr_fd fd = (gr_fd)(intptr_t)arg;
    char buf[512];
    int64_t n;
    while ((n = gr_read(fd, buf, sizeof buf)) > 0)
        CHECK_EQ(gr_write(fd, buf, (size_t)n, NULL), n);
    CHECK_EQ(n, 0);
    CHECK_EQ(gr_close(fd), 0);
}

static void echo_serve(void *arg)
{
    gr_fd l = (gr_fd)(intptr_t)arg, c;
    while ((c = gr_accept(l)) > 0)
        gr_go(echo_one, (void *)(intptr_t)c);
    CHECK_EQ(c, GR_IO_CLOSED);
}

struct client {
    const char *net, *address;
    gr_wg *done;
    int turns;
};

static void echo_ask(void *arg)
{
    struct client *c = arg;
    gr_fd fd = gr_dial(c->net, c->address, 0);
    CHECK(fd > 0);
    for (int i = 0; i < c->turns; i++) {
        char out[100], in[100];
        memset(out, i, sizeof out);
        CHECK_EQ(gr_write(fd, out, sizeof out, NULL), (int64_t)sizeof out);
        read_full(fd, in, sizeof in);
        CHECK(memcmp(in, out, sizeof in) == 0);
    }
    CHECK_EQ(gr_close(fd), 0);
    gr_wg_done(c->done);
}

static void echo_on(const char *net, char *address, size_t size, int clients)
{
    gr_wg done = {0};
    gr_fd l = listen_any(net, address, size);
    struct client c = {net, address, &done, unit_is_slow() ? 20 : 200};
    gr_go(echo_serve, (void *)(intptr_t)l);
    gr_wg_add(&done, clients);
    for (int i = 0; i < clients; i++)
        gr_go(echo_ask, &c);
    gr_wg_wait(&done);
    CHECK_EQ(gr_close(l), 0);
}

static void echo_tcp(void *unused)
{
    char address[64] = "";
    (void)unused;
    echo_on("tcp", address, sizeof address, 20);
}
BOTH(echo_tcp)

static void echo_unix(void *unused)
{
    char address[64];
    (void)unused;
    snprintf(address, sizeof address, "@gr-net-test-%d", getpid());
    echo_on("unix", address, sizeof address, 20);
}
BOTH(echo_unix)

static void many_idle(void *unused)
{
    enum { MANY = 400 };
    static gr_fd ends[MANY][2];
    static struct call calls[MANY];
    gr_wg done = {0};
    (void)unused;
    for (int i = 0; i < MANY; i++) {
        connect_pair(ends[i]);
        start(&calls[i], &done, ends[i][1], call_read);
    }
    wait_waiting(MANY);
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(gr_write(ends[i][0], &i, sizeof i, NULL), (int64_t)sizeof i);
    gr_wg_wait(&done);
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(calls[i].result, (int64_t)sizeof i);
        CHECK(memcmp(calls[i].buf, &i, sizeof i) == 0);
        gr_close(ends[i][0]);
        gr_close(ends[i][1]);
    }
    CHECK_EQ(desc_waiting(), 0);
}
BOTH(many_idle)

/* ---- edges ---- */

#define FLOOD_MAX 70000

struct flood {
    gr_fd fd;
    size_t total;
    uint64_t sum;
    gr_wg *done;
};

static void flood_send(void *arg)
{
    struct flood *f = arg;
    unsigned char *bytes = malloc(FLOOD_MAX);
    struct rand r;
    rand_seed(&r, unit_seed());
    for (size_t left = f->total; left > 0;) {
        size_t n = 1 + rand_below(&r, FLOOD_MAX);
        n = n < left ? n : left;
        for (size_t i = 0; i < n; i++)
            f->sum += bytes[i] = (unsigned char)rand_below(&r, 256);
        CHECK_EQ(gr_write(f->fd, bytes, n, NULL), (int64_t)n);
        left -= n;
    }
    free(bytes);
    CHECK_EQ(gr_shutdown(f->fd, GR_WRITE), 0);
    gr_wg_done(f->done);
}

static uint64_t flood_take(gr_fd fd, size_t *total)
{
    unsigned char buf[5000];
    struct rand r;
    uint64_t sum = 0;
    int64_t n;
    rand_seed(&r, unit_seed() + 1);
    while ((n = gr_read(fd, buf, 1 + rand_below(&r, sizeof buf))) > 0) {
        for (int64_t i = 0; i < n; i++)
            sum += buf[i];
        *total += (size_t)n;
    }
    CHECK_EQ(n, 0);
    return sum;
}

struct taker {
    gr_fd fd;
    size_t total;
    uint64_t sum;
    gr_wg *done;
};

static void flood_taker(void *arg)
{
    struct taker *t = arg;
    t->sum = flood_take(t->fd, &t->total);
    gr_wg_done(t->done);
}

/* Sizes that fit nothing, both ways at once; then the end, of one half. */
static void flood_both(void *unused)
{
    gr_fd ends[2];
    gr_wg done = {0};
    struct flood f[2];
    struct taker t[2];
    (void)unused;
    connect_pair(ends);
    gr_wg_add(&done, 4);
    for (int i = 0; i < 2; i++) {
        f[i] = (struct flood){ends[i], unit_is_slow() ? 1 << 20 : 8 << 20, 0, &done};
        t[i] = (struct taker){.fd = ends[1 - i], .done = &done};
        gr_go(flood_send, &f[i]);
        gr_go(flood_taker, &t[i]);
    }
    gr_wg_wait(&done);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(t[i].total, f[i].total);
        CHECK_EQ(t[i].sum, f[i].sum);
        CHECK_EQ(gr_close(ends[i]), 0);
    }
}
BOTH(flood_both)

/* A drained connection waits without a try: the end must still be seen, whether it came
 * together with data or after. */
static void end_after_short_read(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++) {
        gr_fd ends[2];
        gr_wg done = {0};
        struct call c;
        char buf[16];
        connect_pair(ends);
        if (i % 2 == 0) {
            start(&c, &done, ends[1], call_read);
            wait_waiting(1);
        }
        CHECK_EQ(gr_write(ends[0], "abc", 3, NULL), 3);
        CHECK_EQ(gr_close(ends[0]), 0);
        gr_wg_wait(&done);
        if (i % 2 == 1)
            CHECK_EQ(gr_read(ends[1], buf, sizeof buf), 3);
        CHECK_EQ(gr_read(ends[1], buf, sizeof buf), 0);
        CHECK_EQ(gr_read(ends[1], buf, sizeof buf), 0);
        CHECK_EQ(gr_close(ends[1]), 0);
    }
}
BOTH(end_after_short_read)

static void reset_is_an_error(void *unused)
{
    gr_fd ends[2];
    gr_wg done = {0};
    struct call c;
    struct linger linger = {1, 0};
    (void)unused;
    connect_pair(ends);
    start(&c, &done, ends[1], call_read);
    wait_waiting(1);
    setsockopt(gr_system_fd(ends[0]), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    CHECK_EQ(gr_close(ends[0]), 0);
    gr_wg_wait(&done);
    CHECK_EQ(c.result, -ECONNRESET);
    CHECK_EQ(gr_write(ends[1], "x", 1, NULL), -EPIPE);
    CHECK_EQ(gr_close(ends[1]), 0);
}
BOTH(reset_is_an_error)

/* ---- the lock ---- */

static void readers_take_turns(void *unused)
{
    enum { READERS = 8 };
    gr_fd ends[2];
    gr_wg done = {0};
    struct call c[READERS];
    (void)unused;
    connect_pair(ends);
    for (int i = 0; i < READERS; i++)
        start(&c[i], &done, ends[1], call_read);
    wait_waiting(1); /* the others queue for the half */
    for (int i = 0; i < READERS; i++) {
        char two[2] = {(char)i, (char)i};
        CHECK_EQ(gr_write(ends[0], two, 2, NULL), 2);
    }
    CHECK_EQ(gr_shutdown(ends[0], GR_WRITE), 0);
    gr_wg_wait(&done);
    int64_t sum = 0;
    for (int i = 0; i < READERS; i++)
        sum += c[i].result;
    CHECK_EQ(sum, 2 * READERS);
    gr_close(ends[0]);
    gr_close(ends[1]);
}
BOTH(readers_take_turns)

static void close_wakes_all(void *unused)
{
    enum { EACH = 4 };
    (void)unused;
    for (int round = 0; round < 50; round++) {
        gr_fd ends[2];
        gr_wg done = {0};
        struct call c[2 * EACH];
        connect_pair(ends);
        for (int i = 0; i < EACH; i++) {
            start(&c[i], &done, ends[1], call_read);
            start(&c[EACH + i], &done, ends[1], call_write);
        }
        for (int n = round % 5; n > 0; n--)
            gr_yield();
        if (round % 2 == 0)
            wait_waiting(2);
        CHECK_EQ(gr_close(ends[1]), 0);
        gr_wg_wait(&done);
        for (int i = 0; i < 2 * EACH; i++)
            CHECK_EQ(c[i].result, GR_IO_CLOSED);
        CHECK_EQ(gr_close(ends[1]), GR_IO_CLOSED);
        CHECK_EQ(gr_read(ends[1], c[0].buf, 1), GR_IO_CLOSED);
        CHECK_EQ(gr_close(ends[0]), 0);
    }
    CHECK_EQ(desc_waiting(), 0);
}
BOTH(close_wakes_all)

static void close_wakes_accept(void *unused)
{
    (void)unused;
    for (int round = 0; round < 200; round++) {
        gr_wg done = {0};
        struct call c;
        char address[64];
        gr_fd l = listen_any("tcp", address, sizeof address);
        start(&c, &done, l, call_accept);
        for (int n = round % 4; n > 0; n--)
            gr_yield();
        CHECK_EQ(gr_close(l), 0);
        gr_wg_wait(&done);
        CHECK_EQ(c.result, GR_IO_CLOSED);
    }
}
BOTH(close_wakes_accept)

/* A handle of a former life of the cell names nothing, as a handle or as a cookie. */
static void stale_handles(void *unused)
{
    gr_fd first[2], second[2];
    char byte;
    (void)unused;
    CHECK_EQ(gr_pipe(first), 0);
    CHECK_EQ(gr_close(first[0]), 0);
    CHECK_EQ(gr_close(first[1]), 0);
    CHECK_EQ(gr_pipe(second), 0);
    CHECK((uint32_t)second[0] == (uint32_t)first[1]); /* the same cell */
    CHECK(desc_find((uint64_t)first[1]) == NULL);
    CHECK(desc_find((uint64_t)second[0]) != NULL);
    CHECK_EQ(gr_read(first[1], &byte, 1), GR_IO_CLOSED);
    CHECK_EQ(gr_close(first[1]), GR_IO_CLOSED);
    CHECK_EQ(gr_read(0, &byte, 1), GR_IO_CLOSED);
    CHECK_EQ(gr_read(-EMFILE, &byte, 1), GR_IO_CLOSED);
    CHECK_EQ(gr_read(INT64_MAX, &byte, 1), GR_IO_CLOSED);
}
static void stale_handles_p1(void)
{
    with_procs(1, stale_handles);
}

/* ---- failures of the system ---- */

static void failures(void *unused)
{
    gr_fd ends[2];
    char address[64];
    (void)unused;
    CHECK(failure_arm("net_poll_open:1"));
    CHECK_EQ(gr_listen("tcp", "127.0.0.1:0"), -EMFILE);
    CHECK(failure_arm("net_socket:1"));
    CHECK_EQ(gr_listen("tcp", "127.0.0.1:0"), -EMFILE);
    CHECK(failure_arm("net_pipe:1"));
    CHECK_EQ(gr_pipe(ends), -EMFILE);
    CHECK(failure_arm("net_poll_add:1"));
    CHECK_EQ(gr_pipe(ends), -ENOSPC);
    gr_fd l = listen_any("tcp", address, sizeof address);
    gr_fd c = gr_dial("tcp", address, 0);
    CHECK(c > 0);
    CHECK(failure_arm("net_accept:1"));
    CHECK_EQ(gr_accept(l), -EMFILE);
    CHECK(failure_arm("net_poll_add:1"));
    CHECK_EQ(gr_accept(l), -ENOSPC); /* and the connection is gone */
    char byte;
    CHECK_EQ(gr_read(c, &byte, 1), 0);
    gr_close(c);
    gr_close(l);
    CHECK_EQ(gr_dial("tcp", address, 0), -ECONNREFUSED);
    CHECK_EQ(gr_dial("udp", address, 0), -EAFNOSUPPORT);
    CHECK_EQ(gr_dial("tcp", "localhost:80", 0), -EINVAL);
    CHECK_EQ(gr_dial("tcp", "127.0.0.1:99999", 0), -EINVAL);
    CHECK_STR(gr_io_text(-ECONNREFUSED), "Connection refused");
    CHECK_STR(gr_io_text(GR_IO_TIMEOUT), "i/o timeout");
}
static void failures_p2(void)
{
    with_procs(2, failures);
}

static const struct unit_case cases[] = {
    UNIT(echo_tcp_p1),
    UNIT(echo_tcp_p4),
    UNIT(echo_unix_p1),
    UNIT(echo_unix_p4),
    UNIT(many_idle_p1),
    UNIT(many_idle_p4),
    UNIT(flood_both_p1),
    UNIT(flood_both_p4),
    UNIT(end_after_short_read_p1),
    UNIT(end_after_short_read_p4),
    UNIT(reset_is_an_error_p1),
    UNIT(reset_is_an_error_p4),
    UNIT(readers_take_turns_p1),
    UNIT(readers_take_turns_p4),
    UNIT(close_wakes_all_p1),
    UNIT(close_wakes_all_p4),
    UNIT(close_wakes_accept_p1),
    UNIT(close_wakes_accept_p4),
    UNIT(stale_handles_p1),
    UNIT(failures_p2),
};
UNIT_MAIN(cases)
