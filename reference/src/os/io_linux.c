/* SPDX-License-Identifier: BSD-3-Clause */
/* io_linux.c - descriptors: read, write, open, close, their mode and limit.
 *
 * Owns: the system calls on any descriptor, and the signal that a broken pipe sends.
 * Not here: sockets (sock_linux.c), waiting for readiness (poll_linux.c).
 *
 *   I1  A call that a signal interrupted is made again; close is not, since Linux has given
 *       the number back by then.
 *   I2  A write leaves no SIGPIPE behind on its thread, when the thread has it blocked as
 *       threads of the runtime do.
 */
#define _GNU_SOURCE
#include "os.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A system call's value, or its negative errno. */
static int result_of(int value)
{
    return value < 0 ? -errno : value;
}

#define AGAIN_ON_EINTR(result, call)                                                       \
    do {                                                                                   \
        (result) = (call);                                                                 \
        if ((result) < 0)                                                                  \
            (result) = -errno;                                                             \
    } while ((result) == -EINTR)

int64_t os_read(int fd, void *buf, size_t n)
{
    int64_t got;
    AGAIN_ON_EINTR(got, read(fd, buf, n));
    return got;
}

/* The signal is sent to the thread that writes, so if it is blocked it waits here. */
static void sigpipe_take(void)
{
    struct timespec zero = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigtimedwait(&set, NULL, &zero);
}

int64_t os_write(int fd, const void *buf, size_t n)
{
    int64_t put;
    AGAIN_ON_EINTR(put, write(fd, buf, n));
    if (put == -EPIPE)
        sigpipe_take();
    return put;
}

int64_t os_recv(int fd, void *buf, size_t n)
{
    int64_t got;
    AGAIN_ON_EINTR(got, recv(fd, buf, n, 0));
    return got;
}

int64_t os_send(int fd, const void *buf, size_t n)
{
    int64_t put;
    AGAIN_ON_EINTR(put, send(fd, buf, n, MSG_NOSIGNAL));
    return put;
}

int os_open(const char *path, int flags, int mode)
{
    int fd;
    AGAIN_ON_EINTR(fd, open(path, flags | O_CLOEXEC, mode));
    return fd;
}

int os_close(int fd)
{
    return result_of(close(fd));
}

int os_pipe(int fds[2])
{
    if (FAILURE(net_pipe))
        return -EMFILE;
    return result_of(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
}

int os_fd_kind(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (S_ISSOCK(st.st_mode))
        return OS_KIND_SOCKET;
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? OS_KIND_FILE : OS_KIND_STREAM;
}

int os_fd_is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -errno : (flags & O_NONBLOCK) != 0;
}

int os_fd_set_nonblocking(int fd, bool is_on)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -errno;
    return result_of(fcntl(fd, F_SETFL, is_on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

void os_fd_limit_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* refused: then it stays as it was */
}
