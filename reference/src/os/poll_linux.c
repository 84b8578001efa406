/* SPDX-License-Identifier: BSD-3-Clause */
/* poll_linux.c - waiting for many descriptors at once: epoll, and a bell that ends a wait.
 *
 * Owns: the epoll calls and the translation of their bits.
 * Not here: who waits for what (floor net).
 *
 * Idea: each descriptor is registered once, for everything, by edges: no system call per
 * wait.  The bell is registered by level, so that a look without waiting, which leaves it
 * rung, does not hide it from the thread that does wait.
 */
#define _GNU_SOURCE
#include "os.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000

int os_poll_open(void)
{
    if (FAILURE(net_poll_open))
        return -EMFILE;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int add(int poll, int fd, uint64_t cookie, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.u64 = cookie}};
    return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0 ? -errno : 0;
}

int os_poll_add(int poll, int fd, uint64_t cookie)
{
    if (FAILURE(net_poll_add))
        return -ENOSPC;
    return add(poll, fd, cookie,
               (uint32_t)EPOLLET | EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI);
}

void os_poll_remove(int poll, int fd)
{
    struct epoll_event unused = {.events = 0};
    epoll_ctl(poll, EPOLL_CTL_DEL, fd, &unused);
}

static int wait_ms(int poll, struct epoll_event *events, int64_t timeout_ns)
{
    int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + NS_PER_MS - 1) / NS_PER_MS;
    return epoll_wait(poll, events, OS_EVENTS, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

/* Nanoseconds where the kernel has them (5.11 and later), milliseconds elsewhere. */
static int wait_ns(int poll, struct epoll_event *events, int64_t timeout_ns)
{
    static _Atomic bool is_coarse; /* relaxed: a hint, found out again by who misses it */
    if (timeout_ns <= 0 || load_relaxed(&is_coarse))
        return wait_ms(poll, events, timeout_ns);
    struct timespec t = {timeout_ns / NS_PER_S, timeout_ns % NS_PER_S};
    int n = epoll_pwait2(poll, events, OS_EVENTS, &t, NULL);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM))
        return n;
    store_relaxed(&is_coarse, true);
    return wait_ms(poll, events, timeout_ns);
}

static uint32_t ready_of(uint32_t events)
{
    uint32_t ready = 0;
    if ((events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        ready |= OS_READY_READ;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        ready |= OS_READY_WRITE;
    if ((events & ~(uint32_t)(EPOLLIN | EPOLLOUT)) != 0)
        ready |= OS_READY_ODD;
    return ready;
}

int os_poll_wait(int poll, struct os_event out[OS_EVENTS], int64_t timeout_ns)
{
    struct epoll_event events[OS_EVENTS];
    int n = wait_ns(poll, events, timeout_ns);
    if (n < 0 && errno != EINTR)
        throw("the poller cannot wait");
    for (int i = 0; i < n; i++)
        out[i] = (struct os_event){events[i].data.u64, ready_of(events[i].events)};
    return n < 0 ? 0 : n;
}

int os_bell_open(int poll, uint64_t cookie)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    int error = add(poll, fd, cookie, EPOLLIN);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

void os_bell_ring(int fd)
{
    uint64_t one = 1;
    /* Refused only when the count is at its maximum: then it rings already. */
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void os_bell_silence(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
}
