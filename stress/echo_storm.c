/* SPDX-License-Identifier: BSD-3-Clause */
/* echo_storm.c - claim: what is written to a connection comes back whole and in order, or
 * the call says why not; whoever waits is woken by data, the end, a deadline or a close.
 *
 * Clients dial an echo server, over TCP or a unix socket, and send records of all sizes
 * whose bytes are a function of their place in the stream.  How a client goes on is drawn:
 * it ends politely (its half first, then it reads to the end: every byte must be back), has
 * its descriptor closed by somebody else in the midst of it, or lives with deadlines that
 * come and go.  Accounts at the end: a polite client got back exactly what it wrote; nobody
 * got a byte that was not at that place; the server's handlers have all ended; no goroutine
 * waits any more (net.edge-trigger, net.close-wakes, net.deadline.race, net.half-close,
 * net.close-fd-reuse).
 */
#include "stress.h"

enum { CLIENTS = 24, CHUNK = 9000 };

enum ending { POLITE, CLOSED, DEADLINES, ENDINGS };

struct storm {
    gr_wg clients, handlers;
    gr_atomic bytes, timeouts, cut;
    char net[8], address[64];
    gr_fd listener;
    uint64_t seed;
};

struct client {
    struct storm *storm;
    int number;
    enum ending ending;
    gr_fd fd;
    gr_wg both;
    uint64_t sent, got, limit;
    gr_atomic is_over;
};

static unsigned char byte_at(struct client *c, uint64_t at)
{
    return (unsigned char)((at + c->storm->seed) * 0x9e3779b97f4a7c15u >> 56) ^
           (unsigned char)c->number;
}

/* Whether the client's story explains this error. */
static bool is_expected(struct client *c, int64_t error)
{
    if (c->ending == CLOSED)
        return error == GR_IO_CLOSED || error == -ECONNRESET || error == -EPIPE;
    return c->ending == DEADLINES && error == GR_IO_TIMEOUT;
}

/* False: it is over. */
static bool go_on_after(struct client *c, int64_t error)
{
    if (!is_expected(c, error))
        stress_fail("client %d, ending %d: %s", c->number, (int)c->ending,
                    gr_io_text(error));
    gr_atomic_add(c->ending == CLOSED ? &c->storm->cut : &c->storm->timeouts, 1);
    return c->ending == DEADLINES;
}

/* ---- the server ---- */

struct handler {
    struct storm *storm;
    gr_fd fd;
};

static void handle(void *arg)
{
    struct handler h = *(struct handler *)arg;
    char buf[2048];
    int64_t n;

    free(arg);
    while ((n = gr_read(h.fd, buf, sizeof buf)) > 0)
        if (gr_write(h.fd, buf, (size_t)n, NULL) < 0)
            break;
    gr_close(h.fd);
    gr_wg_done(&h.storm->handlers);
}

static void serve(void *arg)
{
    struct storm *storm = arg;
    gr_fd fd;

    while ((fd = gr_accept(storm->listener)) > 0) {
        struct handler *h = malloc(sizeof *h);
        *h = (struct handler){storm, fd};
        gr_wg_add(&storm->handlers, 1);
        gr_go(handle, h);
    }
    if (fd != GR_IO_CLOSED)
        stress_fail("accept: %s", gr_io_text(fd));
    gr_wg_done(&storm->handlers);
}

/* ---- a client ---- */

static void client_write(void *arg)
{
    struct client *c = arg;
    struct stress_random r = {c->storm->seed ^ (uint64_t)c->number << 32};
    unsigned char *buf = malloc(CHUNK);

    while (c->sent < c->limit) {
        size_t size = 1 + stress_below(&r, CHUNK), done = 0;
        size = size < c->limit - c->sent ? size : c->limit - c->sent;
        for (size_t i = 0; i < size; i++)
            buf[i] = byte_at(c, c->sent + i);
        int64_t n = gr_write(c->fd, buf, size, &done);
        c->sent += done;
        if (n < 0 && !go_on_after(c, n))
            break;
    }
    free(buf);
    if (c->sent == c->limit && gr_shutdown(c->fd, GR_WRITE) < 0 && c->ending != CLOSED)
        stress_fail("client %d: shutdown failed", c->number);
    gr_wg_done(&c->both);
}

static void client_read(void *arg)
{
    struct client *c = arg;
    struct stress_random r = {c->storm->seed + (uint64_t)c->number};
    unsigned char *buf = malloc(CHUNK);

    for (;;) {
        int64_t n = gr_read(c->fd, buf, 1 + stress_below(&r, CHUNK));
        if (n == 0 || (n < 0 && !go_on_after(c, n)))
            break;
        for (int64_t i = 0; i < n; i++)
            if (buf[i] != byte_at(c, c->got + (uint64_t)i))
                stress_fail("client %d: byte %llu is another one", c->number,
                            (unsigned long long)(c->got + (uint64_t)i));
        c->got += n > 0 ? (uint64_t)n : 0;
    }
    free(buf);
    gr_atomic_store(&c->is_over, 1);
    gr_wg_done(&c->both);
}

/* Disturbs until the reader has ended, or closes once. */
static void client_disturb(struct client *c)
{
    struct stress_random r = {c->storm->seed * 31 + (uint64_t)c->number};

    if (c->ending == CLOSED) {
        for (uint64_t n = stress_below(&r, 200); n > 0; n--)
            gr_yield();
        if (gr_close(c->fd) != 0)
            stress_fail("client %d: the first close failed", c->number);
        return;
    }
    while (c->ending == DEADLINES && !gr_atomic_load(&c->is_over)) {
        int64_t in_ns = (int64_t)stress_below(&r, 50000);
        gr_set_deadline(c->fd, 1 + (unsigned)stress_below(&r, 3),
                        stress_below(&r, 3) == 0 ? 1 : gr_now_ns() + in_ns);
        gr_yield();
        gr_set_deadline(c->fd, GR_READ | GR_WRITE, 0);
        for (uint64_t n = stress_below(&r, 20); n > 0; n--)
            gr_yield();
    }
}

static void client_live(void *arg)
{
    struct client *c = arg;
    struct storm *storm = c->storm;

    c->fd = gr_dial(storm->net, storm->address, 0);
    if (c->fd < 0)
        stress_fail("dial: %s", gr_io_text(c->fd));
    gr_wg_add(&c->both, 2);
    gr_go(client_read, c);
    gr_go(client_write, c);
    client_disturb(c);
    gr_wg_wait(&c->both);
    int closed = gr_close(c->fd);
    if (closed != (c->ending == CLOSED ? GR_IO_CLOSED : 0))
        stress_fail("client %d: close gave %d", c->number, closed);
    if (c->ending != CLOSED && (c->got != c->limit || c->sent != c->limit))
        stress_fail("client %d: %llu bytes of %llu came back", c->number,
                    (unsigned long long)c->got, (unsigned long long)c->limit);
    gr_atomic_add(&storm->bytes, (int64_t)c->got);
    gr_wg_done(&storm->clients);
}

static void storm_listen(struct storm *storm, bool is_tcp)
{
    snprintf(storm->net, sizeof storm->net, is_tcp ? "tcp" : "unix");
    snprintf(storm->address, sizeof storm->address, "@echo-storm-%d", (int)getpid());
    storm->listener = gr_listen(storm->net, is_tcp ? "127.0.0.1:0" : storm->address);
    if (storm->listener < 0)
        stress_fail("listen: %s", gr_io_text(storm->listener));
    if (is_tcp)
        snprintf(storm->address, sizeof storm->address, "127.0.0.1:%d",
                 gr_local_port(storm->listener));
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    struct storm *storm = calloc(1, sizeof *storm);
    struct client *clients = calloc(CLIENTS, sizeof *clients);

    storm->seed = seed;
    storm_listen(storm, stress_below(&r, 2) == 0);
    gr_wg_add(&storm->handlers, 1);
    gr_go(serve, storm);
    gr_wg_add(&storm->clients, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].storm = storm;
        clients[i].number = i;
        clients[i].ending = (enum ending)stress_below(&r, ENDINGS);
        clients[i].limit = 1 + stress_below(&r, stress_below(&r, 8) == 0 ? 600000 : 20000);
        gr_go(client_live, &clients[i]);
    }
    gr_wg_wait(&storm->clients);
    gr_close(storm->listener);
    gr_wg_wait(&storm->handlers);
    uint64_t ops = (uint64_t)gr_atomic_load(&storm->bytes);
    free(clients);
    free(storm);
    return ops;
}

int main(int argc, char **argv)
{
    return stress_main(
        argc, argv, "echo_storm",
        "bytes come back whole and in order, and everybody who waits is woken", one_round);
}
