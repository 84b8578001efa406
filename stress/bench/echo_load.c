/* SPDX-License-Identifier: BSD-3-Clause */
/* echo_load.c - the load of the echo benchmark, the same for every server: `echo_load PORT
 * CONNECTIONS REQUESTS`, started by the server that it measures (net.c, go/net.go).
 *
 * Plain epoll, one thread.  Each connection has one request on its way: 128 bytes there,
 * the same 128 bytes back, checked, the next.  A tenth of the requests come before the
 * clock starts.  What it prints is `echo.rate`, requests per second.
 *
 * Before all others comes a connection for control.  On it 'b' says that the clock starts
 * and 'e' that it stopped; the server answers each with the same byte when it has read its
 * own clock of CPU time, and ends when this connection does.
 *
 * A server that is tied to one CPU leaves the others to its load; else both share all.
 */
#define _GNU_SOURCE /* CPU sets */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 128, MOST = 1000, EVENTS = 64 };

struct connection {
    int fd;
    size_t got;
    unsigned char number; /* what its requests are filled with */
    unsigned char in[SIZE];
};

static struct connection connection[MOST];

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "echo_load: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static long number(const char *text, long most)
{
    char *end = NULL;
    long n = strtol(text, &end, 10);

    if (end == text || *end || n < 1 || n > most) {
        fprintf(stderr,
                "usage: echo_load PORT CONNECTIONS REQUESTS; %s is not from 1 to %ld\n",
                text, most);
        exit(2);
    }
    return n;
}

static void leave_the_servers_cpu(void)
{
    cpu_set_t servers, ours;

    if (sched_getaffinity(0, sizeof servers, &servers) != 0 || CPU_COUNT(&servers) != 1)
        return;
    CPU_ZERO(&ours);
    for (long i = 0; i < sysconf(_SC_NPROCESSORS_ONLN) && i < CPU_SETSIZE; i++)
        if (!CPU_ISSET(i, &servers))
            CPU_SET(i, &ours);
    if (CPU_COUNT(&ours) > 0 && sched_setaffinity(0, sizeof ours, &ours) != 0)
        return; /* not ours to use: then one CPU is for both */
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void request(struct connection *c)
{
    unsigned char out[SIZE];

    memset(out, c->number, SIZE);
    c->got = 0;
    if (write(c->fd, out, SIZE) != SIZE) /* it always fits: nothing else is on its way */
        fail("write");
}

/* True when the answer is complete, and what was sent. */
static bool answered(struct connection *c)
{
    ssize_t n = read(c->fd, c->in + c->got, SIZE - c->got);

    if (n <= 0)
        fail("read");
    c->got += (size_t)n;
    if (c->got < SIZE)
        return false;
    for (int i = 0; i < SIZE; i++)
        if (c->in[i] != c->number)
            fail("the answer differs from the request");
    return true;
}

/* This many requests, spread over all connections as their answers come. */
static void load(int epoll, int connections, long requests)
{
    struct epoll_event event[EVENTS];
    long sent = 0, done = 0;

    for (int i = 0; i < connections && sent < requests; i++, sent++)
        request(&connection[i]);
    while (done < requests) {
        int n = epoll_wait(epoll, event, EVENTS, -1);
        if (n < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct connection *c = event[i].data.ptr;
            if (!answered(c))
                continue;
            done++;
            if (sent < requests) {
                sent++;
                request(c);
            }
        }
    }
}

static void control(int fd, char word)
{
    char answer = 0;

    if (write(fd, &word, 1) != 1 || read(fd, &answer, 1) != 1 || answer != word)
        fail("control");
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        number("(arguments)", 3);
    uint16_t port = (uint16_t)number(argv[1], UINT16_MAX);
    int connections = (int)number(argv[2], MOST), epoll = epoll_create1(EPOLL_CLOEXEC);
    long requests = number(argv[3], 1000000000);

    leave_the_servers_cpu();
    int controller = dial(port);
    for (int i = 0; i < connections; i++) {
        struct connection *c = &connection[i];
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
        *c = (struct connection){.fd = dial(port), .number = (unsigned char)(i + 1)};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
            fail("epoll_ctl");
    }
    load(epoll, connections, requests / 10 + 1);
    control(controller, 'b');
    double start = seconds();
    load(epoll, connections, requests);
    double took = seconds() - start;
    control(controller, 'e');
    printf("echo.rate %.6g\n", (double)requests / took);
    return 0;
}
