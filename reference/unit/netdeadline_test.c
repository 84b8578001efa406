/* SPDX-License-Identifier: BSD-3-Clause */
/* netdeadline_test.c - floor net: deadlines, dialing, giving up; files and processes. */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#include "gr.h"
#include "net/desc.h"

#define MS 1000000

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void wait_waiting(uint32_t n)
{
    while (desc_waiting() != n)
        gr_yield();
}

static void connect_pair(gr_fd ends[2])
{
    char address[64];
    gr_fd l = gr_listen("tcp", "127.0.0.1:0");
    CHECK(l > 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", gr_local_port(l));
    ends[0] = gr_dial("tcp", address, gr_now_ns() + 60000ll * MS);
    ends[1] = gr_accept(l);
    CHECK(ends[0] > 0 && ends[1] > 0);
    CHECK_EQ(gr_peer_port(ends[0]), gr_local_port(l));
    CHECK_EQ(gr_close(l), 0);
}

struct call {
    gr_fd fd;
    gr_wg done;
    int64_t result, ended;
    char byte;
};

static void call_read(void *arg)
{
    struct call *c = arg;
    c->result = gr_read(c->fd, &c->byte, 1);
    c->ended = gr_now_ns();
    gr_wg_done(&c->done);
}

static void start_read(struct call *c, gr_fd fd)
{
    *c = (struct call){.fd = fd};
    gr_wg_add(&c->done, 1);
    gr_go(call_read, c);
}

/* ---- deadlines ---- */

static void read_deadline(void *unused)
{
    gr_fd ends[2];
    char buf[8];
    (void)unused;
    connect_pair(ends);
    int64_t when = gr_now_ns() + 5 * MS;
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, when), 0);
    CHECK_EQ(gr_read(ends[0], buf, 8), GR_IO_TIMEOUT);
    CHECK(gr_now_ns() >= when);
    CHECK_EQ(gr_read(ends[0], buf, 8), GR_IO_TIMEOUT); /* and for ever */
    CHECK_EQ(gr_write(ends[0], "x", 1, NULL), 1);      /* the other half has none */
    CHECK_EQ(gr_write(ends[1], "abc", 3, NULL), 3);
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 0), 0);
    CHECK_EQ(gr_read(ends[0], buf, 1), 1); /* usable again */
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, -1), 0);
    CHECK_EQ(gr_read(ends[0], buf, 1), GR_IO_TIMEOUT); /* with data at hand */
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ | GR_WRITE, INT64_MAX), 0);
    CHECK_EQ(gr_read(ends[0], buf, 8), 2);
    CHECK_EQ(gr_close(ends[0]), 0);
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 0), GR_IO_CLOSED);
    CHECK_EQ(gr_close(ends[1]), 0);
}

static void write_deadline(void *unused)
{
    static const char bytes[8 << 20];
    gr_fd ends[2];
    size_t sum = 0;
    (void)unused;
    connect_pair(ends);
    CHECK_EQ(gr_set_deadline(ends[0], GR_WRITE, gr_now_ns() + 5 * MS), 0);
    CHECK_EQ(gr_write(ends[0], bytes, sizeof bytes, &sum), GR_IO_TIMEOUT);
    CHECK(sum > 0 && sum < sizeof bytes);
    size_t got = 0;
    CHECK_EQ(gr_close(ends[0]), 0);
    char buf[4096];
    for (int64_t n; (n = gr_read(ends[1], buf, sizeof buf)) > 0;)
        got += (size_t)n;
    CHECK_EQ(got, sum); /* what was said to be out has arrived */
    CHECK_EQ(gr_close(ends[1]), 0);
}

/* While somebody waits: later does not end the wait early, earlier and past end it. */
static void moved_deadline(void *unused)
{
    gr_fd ends[2];
    struct call c;
    (void)unused;
    connect_pair(ends);
    int64_t first, when;
    bool moved;
    do { /* until it is moved before it is reached: a slow machine may be late */
        CHECK_EQ(gr_set_deadline(ends[0], GR_READ, first = gr_now_ns() + 3 * MS), 0);
        start_read(&c, ends[0]);
        CHECK_EQ(gr_set_deadline(ends[0], GR_READ, when = gr_now_ns() + 20 * MS), 0);
        moved = gr_now_ns() < first;
        gr_wg_wait(&c.done);
        CHECK_EQ(c.result, GR_IO_TIMEOUT);
    } while (!moved);
    CHECK(c.ended >= when);

    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 0), 0);
    start_read(&c, ends[0]);
    wait_waiting(1);
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ | GR_WRITE, gr_now_ns() + 3 * MS), 0);
    gr_wg_wait(&c.done);
    CHECK_EQ(c.result, GR_IO_TIMEOUT);

    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 0), 0);
    start_read(&c, ends[0]);
    wait_waiting(1);
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 1), 0);
    gr_wg_wait(&c.done);
    CHECK_EQ(c.result, GR_IO_TIMEOUT);
    CHECK_EQ(gr_close(ends[0]), 0);
    CHECK_EQ(gr_close(ends[1]), 0);
}

static void accept_deadline(void *unused)
{
    (void)unused;
    gr_fd l = gr_listen("tcp6", "[::1]:0");
    if (l == -EADDRNOTAVAIL || l == -EAFNOSUPPORT)
        l = gr_listen("tcp4", "127.0.0.1:0");
    CHECK(l > 0);
    CHECK_EQ(gr_set_deadline(l, GR_READ, gr_now_ns() + 2 * MS), 0);
    CHECK_EQ(gr_accept(l), GR_IO_TIMEOUT);
    CHECK_EQ(gr_close(l), 0);
}

struct racer {
    gr_fd fd;
    atomic_u32 stop;
    gr_wg done;
};

static void race_read(void *arg)
{
    struct racer *r = arg;
    char byte;
    while (load_acquire(&r->stop) == 0)
        CHECK_EQ(gr_read(r->fd, &byte, 1), GR_IO_TIMEOUT);
    gr_wg_done(&r->done);
}

/* A past deadline, set and cleared as the reader parks, always wakes it. */
static void deadline_race(void *unused)
{
    gr_fd ends[2];
    static struct racer r;
    int turns = unit_is_slow() ? 300 : 5000;
    (void)unused;
    connect_pair(ends);
    r.fd = ends[0];
    gr_wg_add(&r.done, 1);
    gr_go(race_read, &r);
    for (int i = 0; i < turns; i++) {
        CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 0), 0);
        CHECK_EQ(gr_set_deadline(ends[0], GR_READ, gr_now_ns() + i % 3 * 10000), 0);
        if (i % 5 == 0)
            gr_yield();
    }
    store_release(&r.stop, 1); /* pairs with the acquire in race_read */
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, 1), 0);
    gr_wg_wait(&r.done);
    CHECK_EQ(gr_close(ends[0]), 0);
    CHECK_EQ(gr_close(ends[1]), 0);
}

/* The cell of a descriptor that was closed with a deadline ahead gets a new one. */
static void deadline_dies_with_it(void *unused)
{
    gr_fd ends[2], next[2];
    char byte;
    (void)unused;
    CHECK_EQ(gr_pipe(ends), 0);
    CHECK_EQ(gr_set_deadline(ends[0], GR_READ, gr_now_ns() + 3 * MS), 0);
    gr_close(ends[1]);
    gr_close(ends[0]);
    CHECK_EQ(gr_pipe(next), 0);
    CHECK((uint32_t)next[0] == (uint32_t)ends[0]);
    gr_sleep_ns(5 * MS);
    CHECK_EQ(gr_write(next[1], "x", 1, NULL), 1);
    CHECK_EQ(gr_read(next[0], &byte, 1), 1);
}

/* ---- dialing ---- */

/* A listener whose queue is full: connections to it stay under way. */
static int stuck_listener(char *address, size_t size)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && bind(fd, (void *)&in, sizeof in) == 0 && listen(fd, 0) == 0);
    CHECK(getsockname(fd, (void *)&in, &len) == 0);
    snprintf(address, size, "127.0.0.1:%d", ntohs(in.sin_port));
    return fd;
}

struct dial {
    gr_fd fd;
    gr_wg done;
    int result;
};

static void dial_wait(void *arg)
{
    struct dial *d = arg;
    d->result = gr_dial_wait(d->fd);
    gr_wg_done(&d->done);
}

static void dial_gives_up(void *unused)
{
    char address[64];
    gr_fd fillers[4];
    (void)unused;
    int l = stuck_listener(address, sizeof address);
    for (int i = 0; i < 4; i++)
        fillers[i] = gr_dial_begin("tcp", address);
    size_t before = gr_num_goroutines();
    int64_t when = gr_now_ns() + 10 * MS;
    CHECK_EQ(gr_dial("tcp", address, when), GR_IO_TIMEOUT);
    CHECK(gr_now_ns() >= when);
    struct dial d = {.fd = gr_dial_begin("tcp", address)};
    CHECK(d.fd > 0);
    gr_wg_add(&d.done, 1);
    gr_go(dial_wait, &d);
    wait_waiting(1);
    CHECK_EQ(gr_close(d.fd), 0);
    gr_wg_wait(&d.done);
    CHECK_EQ(d.result, GR_IO_CLOSED);
    while (gr_num_goroutines() > before)
        gr_yield();
    for (int i = 0; i < 4; i++)
        gr_close(fillers[i]);
    close(l);
}

struct start {
    gr_wg *done;
    gr_chan *go;
};

static void first_use(void *arg)
{
    struct start *s = arg;
    gr_fd ends[2];
    char byte;
    gr_chan_recv(s->go, NULL);
    CHECK_EQ(gr_pipe(ends), 0);
    CHECK_EQ(gr_write(ends[1], "x", 1, NULL), 1);
    CHECK_EQ(gr_read(ends[0], &byte, 1), 1);
    gr_close(ends[0]);
    gr_close(ends[1]);
    gr_wg_done(s->done);
}

static void everybody_first(void *unused)
{
    gr_wg done = {0};
    struct start s = {&done, gr_chan_make(0, 0)};
    (void)unused;
    gr_wg_add(&done, 50);
    for (int i = 0; i < 50; i++)
        gr_go(first_use, &s);
    gr_chan_close(s.go);
    gr_wg_wait(&done);
    gr_chan_free(s.go);
}

/* ---- files ---- */

static void files(void *unused)
{
    char path[] = "gr-net-test-XXXXXX", buf[8];
    (void)unused;
    int raw = mkstemp(path);
    CHECK(raw >= 0);
    close(raw);
    gr_fd f = gr_open(path, O_RDWR, 0);
    CHECK(f > 0);
    CHECK_EQ(gr_write(f, "hello", 5, NULL), 5);
    CHECK_EQ(gr_read(f, buf, 8), 0);
    CHECK_EQ(gr_set_deadline(f, GR_READ, 1), GR_IO_NO_DEADLINE);
    CHECK_EQ(gr_close(f), 0);
    f = gr_open(path, O_RDONLY, 0);
    CHECK_EQ(gr_read(f, buf, 8), 5);
    CHECK(memcmp(buf, "hello", 5) == 0);
    CHECK_EQ(gr_close(f), 0);
    CHECK_EQ(gr_close(f), GR_IO_CLOSED);
    unlink(path);
    CHECK_EQ(gr_open(path, O_RDONLY, 0), -ENOENT);
}

/* The mode of a shared descriptor is left alone; a pollable one has deadlines. */
static void wrapped(void *unused)
{
    int fds[2];
    char buf[8];
    (void)unused;
    CHECK(pipe(fds) == 0);
    gr_fd in = gr_wrap(fds[0], GR_WRAP_KEEP), out = gr_wrap(fds[1], GR_WRAP_NONBLOCK);
    CHECK(in > 0 && out > 0);
    CHECK_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
    CHECK(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
    CHECK_EQ(gr_set_deadline(in, GR_READ, 1), GR_IO_NO_DEADLINE);
    CHECK_EQ(gr_set_deadline(out, GR_WRITE, 0), 0);
    CHECK_EQ(gr_write(out, "ab", 2, NULL), 2);
    CHECK_EQ(gr_read(in, buf, 8), 2);
    CHECK_EQ(gr_close(in), 0);
    CHECK_EQ(gr_write(out, "ab", 2, NULL), -EPIPE); /* and nobody dies */
    CHECK_EQ(gr_close(out), 0);
    CHECK_EQ(gr_wrap(fds[0], GR_WRAP_KEEP), -EBADF);
}

static void broken_stdout(void *unused)
{
    int fds[2];
    (void)unused;
    if (getenv("UNIT_SLOW") != NULL)
        os_signal_die(SIGPIPE); /* an emulator keeps the signal of a write to itself */
    CHECK(pipe(fds) == 0);
    dup2(fds[1], 1);
    close(fds[0]);
    close(fds[1]);
    gr_write(gr_wrap(1, GR_WRAP_KEEP), "x", 1, NULL);
    unit_fail(__FILE__, __LINE__, "still alive");
}

/* ---- processes ---- */

static void process(void *unused)
{
    gr_fd pipe_out[2];
    char text[64] = "";
    int status;
    char *argv[] = {"sh", "-c", "grep -E 'Sig(Blk)' /proc/self/status; exit 7", NULL};
    (void)unused;
    CHECK_EQ(gr_pipe(pipe_out), 0);
    struct gr_process p = {.argv = argv, .out = pipe_out[1]};
    int64_t pid = gr_process_start(&p);
    CHECK(pid > 0);
    CHECK_EQ(gr_close(pipe_out[1]), 0);
    size_t sum = 0;
    for (int64_t n; (n = gr_read(pipe_out[0], text + sum, sizeof text - 1 - sum)) > 0;)
        sum += (size_t)n;
    CHECK_EQ(gr_process_wait(pid, &status), 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK_STR(text, "SigBlk:\t0000000000000000\n");
    CHECK_EQ(gr_process_wait(pid, &status), -ECHILD);
    argv[0] = "no-such-program-here";
    CHECK_EQ(gr_process_start(&p), GR_IO_CLOSED);
    p.out = 0;
    if (getenv("UNIT_SLOW") == NULL) /* an emulator's child has memory of its own */
        CHECK_EQ(gr_process_start(&p), -ENOENT);
    CHECK(failure_arm("process_start:1"));
    CHECK_EQ(gr_process_start(&p), -EAGAIN);
    CHECK_EQ(gr_close(pipe_out[0]), 0);
}

/* ---- no outside world ---- */

static void in_control(void *unused)
{
    gr_fd ends[2];
    (void)unused;
    CHECK_EQ(gr_pipe(ends), GR_IO_UNAVAILABLE);
    CHECK_EQ(gr_listen("tcp", "127.0.0.1:0"), GR_IO_UNAVAILABLE);
    CHECK_EQ(gr_open("/dev/null", O_RDONLY, 0), GR_IO_UNAVAILABLE);
}

static void controlled(void)
{
    struct gr_control opt = {.strategy = GR_STRAT_ZERO};
    struct gr_verdict v;
    gr_control_run(&opt, in_control, NULL, &v);
    CHECK_EQ(v.end, GR_END_OK);
    free(v.tape);
}

/* The poller alone holds off no verdict; a goroutine that waits in it does. */
static void deadlock_with_poller(void *unused)
{
    gr_fd ends[2];
    (void)unused;
    connect_pair(ends);
    gr_chan_recv(NULL, NULL);
}

#define P(n, name)                                                                         \
    static void name##_p##n(void)                                                          \
    {                                                                                      \
        with_procs(n, name);                                                               \
    }
P(1, read_deadline)
P(4, read_deadline)
P(2, write_deadline)
P(1, moved_deadline)
P(4, moved_deadline)
P(2, accept_deadline)
P(1, deadline_race)
P(4, deadline_race)
P(1, deadline_dies_with_it)
P(2, dial_gives_up)
P(4, everybody_first)
P(2, files)
P(2, wrapped)
P(2, broken_stdout)
P(2, process)
P(1, deadlock_with_poller)
P(4, deadlock_with_poller)

static const struct unit_case cases[] = {
    UNIT(read_deadline_p1),
    UNIT(read_deadline_p4),
    UNIT(write_deadline_p2),
    UNIT(moved_deadline_p1),
    UNIT(moved_deadline_p4),
    UNIT(accept_deadline_p2),
    UNIT(deadline_race_p1),
    UNIT(deadline_race_p4),
    UNIT(deadline_dies_with_it_p1),
    UNIT(dial_gives_up_p2),
    UNIT(everybody_first_p4),
    UNIT(files_p2),
    UNIT(wrapped_p2),
    UNIT_DIES(broken_stdout_p2, SIGPIPE),
    UNIT(process_p2),
    UNIT(controlled),
    UNIT_EXITS(deadlock_with_poller_p1, 2, "fatal error: all goroutines are asleep"),
    UNIT_EXITS(deadlock_with_poller_p4, 2, "fatal error: all goroutines are asleep"),
};
UNIT_MAIN(cases)
