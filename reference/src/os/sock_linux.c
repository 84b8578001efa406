/* SPDX-License-Identifier: BSD-3-Clause */
/* sock_linux.c - stream sockets: addresses, listening, connecting, accepting.
 *
 * Owns: the socket calls and the text form of addresses (numbers only: asking a name server
 * blocks, and belongs to who wants it).
 * Not here: reading and writing (io_linux.c), waiting (poll_linux.c).
 *
 * TCP sockets send at once (TCP_NODELAY), listeners may take over an address whose
 * connections linger.
 */
#define _GNU_SOURCE
#include "os.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The system cuts this down to its own limit. */
#define BACKLOG 65535

STATIC_ASSERT(sizeof(struct sockaddr_un) <= sizeof(((struct os_addr *)0)->at), "room");

/* ---- addresses ---- */

/* The number after the last colon; -1: none. */
static int port_parse(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    unsigned long port = strtoul(text, &end, 10);
    return *end == '\0' && port <= 65535 ? (int)port : -1;
}

static int tcp4_fill(struct os_addr *a, const char *host, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (host[0] != '\0' && inet_pton(AF_INET, host, &in.sin_addr) != 1)
        return -EINVAL;
    memcpy(a->at, &in, sizeof in);
    a->bytes = sizeof in;
    return 0;
}

static int tcp6_fill(struct os_addr *a, const char *host, int port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (host[0] != '\0' && inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
        return -EINVAL;
    memcpy(a->at, &in, sizeof in);
    a->bytes = sizeof in;
    return 0;
}

/* only: '4', '6', or NUL for both. */
static int tcp_parse(struct os_addr *a, const char *text, char only)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return -EINVAL;
    int port = port_parse(colon + 1);
    size_t len = (size_t)(colon - text);
    bool is_six = len >= 2 && text[0] == '[' && colon[-1] == ']';
    text += is_six;
    len -= is_six ? 2 : 0;
    memcpy(host, text, len);
    host[len] = '\0';
    if (port < 0 || (is_six && (len == 0 || only == '4')))
        return -EINVAL;
    a->is_tcp = true;
    if (is_six || (only == '6' && len == 0))
        return tcp6_fill(a, host, port);
    return only == '6' ? -EINVAL : tcp4_fill(a, host, port);
}

static int unix_parse(struct os_addr *a, const char *text)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(text);
    if (len == 0 || len >= sizeof un.sun_path)
        return -EINVAL;
    memcpy(un.sun_path, text, len);
    bool is_abstract = text[0] == '@';
    if (is_abstract)
        un.sun_path[0] = '\0';
    memcpy(a->at, &un, sizeof un);
    a->bytes = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + len + !is_abstract);
    return 0;
}

int os_addr_parse(struct os_addr *a, const char *net, const char *text)
{
    *a = (struct os_addr){.bytes = 0};
    if (strcmp(net, "unix") == 0)
        return unix_parse(a, text);
    if (strncmp(net, "tcp", 3) != 0)
        return -EAFNOSUPPORT;
    if (net[3] == '\0' || ((net[3] == '4' || net[3] == '6') && net[4] == '\0'))
        return tcp_parse(a, text, net[3]);
    return -EAFNOSUPPORT;
}

static const struct sockaddr *sockaddr_of(const struct os_addr *a)
{
    return (const void *)a->at;
}

/* ---- sockets ---- */

static void no_delay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof on); /* no TCP: refused, unharmed */
}

int os_socket(const struct os_addr *a)
{
    if (FAILURE(net_socket))
        return -EMFILE;
    int fd =
        socket(sockaddr_of(a)->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (a->is_tcp)
        no_delay(fd);
    return fd;
}

int os_listen(int fd, const struct os_addr *a)
{
    int on = 1;
    if (a->is_tcp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, sockaddr_of(a), a->bytes) != 0 || listen(fd, BACKLOG) != 0)
        return -errno;
    return 0;
}

void os_listen_clean(int fd)
{
    struct sockaddr_un un;
    socklen_t size = sizeof un;
    struct stat st;
    memset(&un, 0, sizeof un);
    if (getsockname(fd, (void *)&un, &size) != 0 || un.sun_family != AF_UNIX)
        return;
    if (un.sun_path[0] != '\0' && lstat(un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(un.sun_path);
}

int os_connect(int fd, const struct os_addr *a)
{
    if (connect(fd, sockaddr_of(a), a->bytes) == 0)
        return 0;
    return errno == EINTR ? -EINPROGRESS : -errno; /* interrupted: it goes on by itself */
}

int os_connect_result(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    struct os_addr peer;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return -errno;
    if (error != 0)
        return -error;
    size = sizeof peer.at;
    if (getpeername(fd, (void *)peer.at, &size) == 0)
        return 0;
    return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

int os_accept(int fd)
{
    int got;
    if (FAILURE(net_accept))
        return -EMFILE;
    do
        got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (got < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (got < 0)
        return -errno;
    no_delay(got);
    return got;
}

int os_shutdown(int fd, bool is_write)
{
    return shutdown(fd, is_write ? SHUT_WR : SHUT_RD) != 0 ? -errno : 0;
}

int os_port(int fd, bool is_peer)
{
    struct os_addr a;
    socklen_t size = sizeof a.at;
    int rc = is_peer ? getpeername(fd, (void *)a.at, &size)
                     : getsockname(fd, (void *)a.at, &size);
    if (rc != 0)
        return -errno;
    if (sockaddr_of(&a)->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)a.at)->sin_port);
    if (sockaddr_of(&a)->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)a.at)->sin6_port);
    return -EAFNOSUPPORT;
}
