/* SPDX-License-Identifier: BSD-3-Clause */
/* socket.c - listening, accepting, dialing.
 *
 * Owns: gr_listen, gr_accept, gr_dial*, ports.
 * Not here: what connections are used for (stream.c), system calls (os).
 *
 * Idea: connections are accepted and made without waiting in the system; a connection under
 * way is an ordinary descriptor whose readiness for writing says that it is decided, so
 * deadlines and gr_close end a dial as they end a write.
 */
#include "desc.h"

static gr_fd open_or_close(int fd, enum desc_kind kind)
{
    gr_fd handle = desc_open(fd, kind);
    if (handle < 0)
        os_close(fd);
    return handle;
}

/* A socket and the parsed address, or an error. */
static int socket_for(struct os_addr *a, const char *net, const char *address)
{
    int error = net_check();
    if (error == 0)
        error = os_addr_parse(a, net, address);
    return error != 0 ? error : os_socket(a);
}

gr_fd gr_listen(const char *net, const char *address)
{
    struct os_addr a;
    sched_point();
    int fd = socket_for(&a, net, address);
    if (fd < 0)
        return fd;
    int error = os_listen(fd, &a);
    if (error == 0)
        return open_or_close(fd, a.is_tcp ? DESC_TCP : DESC_UNIX_LISTENER);
    os_close(fd);
    return error;
}

static int accept_polled(struct desc *d)
{
    for (;;) {
        int error = desc_error(d, HALF_READ);
        if (error != 0)
            return error;
        desc_try_next(d, HALF_READ);
        int fd = os_accept(d->fd);
        if (fd != -EAGAIN)
            return fd;
        desc_wait(d, HALF_READ);
    }
}

gr_fd gr_accept(gr_fd listener)
{
    sched_point();
    struct desc *d = desc_lock(listener, HALF_READ);
    if (d == NULL)
        return GR_IO_CLOSED;
    int fd = load_relaxed(&d->is_polled) ? accept_polled(d) : -EINVAL;
    bool is_tcp = d->is_tcp;
    desc_unlock(d, HALF_READ);
    return fd < 0 ? fd : open_or_close(fd, is_tcp ? DESC_TCP : DESC_SOCKET);
}

gr_fd gr_dial_begin(const char *net, const char *address)
{
    struct os_addr a;
    sched_point();
    int fd = socket_for(&a, net, address);
    if (fd < 0)
        return fd;
    int error = os_connect(fd, &a);
    if (error == 0 || error == -EINPROGRESS)
        return open_or_close(fd, a.is_tcp ? DESC_TCP : DESC_SOCKET);
    os_close(fd);
    return error;
}

static int connect_polled(struct desc *d)
{
    for (;;) {
        int error = desc_error(d, HALF_WRITE);
        if (error == 0)
            error = os_connect_result(d->fd);
        if (error != -EINPROGRESS)
            return error;
        desc_wait(d, HALF_WRITE);
    }
}

int gr_dial_wait(gr_fd fd)
{
    sched_point();
    struct desc *d = desc_lock(fd, HALF_WRITE);
    if (d == NULL)
        return GR_IO_CLOSED;
    int error = load_relaxed(&d->is_polled) ? connect_polled(d) : -EINVAL;
    desc_unlock(d, HALF_WRITE);
    return error;
}

gr_fd gr_dial(const char *net, const char *address, int64_t deadline_ns)
{
    gr_fd fd = gr_dial_begin(net, address);
    if (fd < 0)
        return fd;
    if (deadline_ns != 0)
        gr_set_deadline(fd, GR_WRITE, deadline_ns);
    int error = gr_dial_wait(fd);
    if (error == 0) {
        if (deadline_ns != 0)
            gr_set_deadline(fd, GR_WRITE, 0);
        return fd;
    }
    gr_close(fd);
    return error;
}

static int port(gr_fd fd, bool is_peer)
{
    sched_point();
    struct desc *d = desc_enter(fd);
    if (d == NULL)
        return GR_IO_CLOSED;
    int result = os_port(d->fd, is_peer);
    desc_leave(d);
    return result;
}

int gr_local_port(gr_fd fd)
{
    return port(fd, false);
}

int gr_peer_port(gr_fd fd)
{
    return port(fd, true);
}

int gr_system_fd(gr_fd fd)
{
    struct desc *d = desc_enter(fd);
    if (d == NULL)
        return GR_IO_CLOSED;
    int number = d->fd;
    desc_leave(d);
    return number;
}
