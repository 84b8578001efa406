/* SPDX-License-Identifier: BSD-3-Clause */
/* io.h - descriptors of the system: reading, writing, sockets, waiting for many of them.
 *
 * Part of the door os.h.  Results are numbers >= 0, or a negative errno; EINTR is tried
 * again inside.  Descriptors made here are closed on exec.  No call here blocks the thread
 * unless its descriptor is in blocking mode, or the comment says so.
 */
#ifndef OS_IO_H
#define OS_IO_H

#include <errno.h>

#include "base/base.h"

/* ---- descriptors (io_linux.c) ---- */

int64_t os_read(int fd, void *buf, size_t n);

/* On a pipe without a reader: -EPIPE; the signal that comes with it is taken back. */
int64_t os_write(int fd, const void *buf, size_t n);

/* The same for sockets, which need no care for signals. */
int64_t os_recv(int fd, void *buf, size_t n);
int64_t os_send(int fd, const void *buf, size_t n);

/* May block: M. */
int os_open(const char *path, int flags, int mode);
int os_close(int fd);

/* fds[0] is for reading; both non-blocking. */
int os_pipe(int fds[2]);

enum os_kind { OS_KIND_FILE, OS_KIND_STREAM, OS_KIND_SOCKET };

/* A file (or folder), which never makes anybody wait; a socket; or something else that does
 * make wait (pipe, terminal). */
int os_fd_kind(int fd);
int os_fd_is_nonblocking(int fd); /* 0 or 1 */
int os_fd_set_nonblocking(int fd, bool is_on);

/* Lets the process have as many descriptors as it may ask for. */
void os_fd_limit_raise(void);

/* Starts argv[0], looked up in PATH, with fds[i] as its descriptor i (negative: ours), all
 * signals unblocked and none handled; envp NULL: our environment.  Gives its number.
 * Blocks: M. */
int os_process_start(char *const *argv, char *const *envp, const int fds[3]);

/* Waits for the end of a child.  Blocks: M. */
int os_process_wait(int pid, int *status);

/* ---- sockets (sock_linux.c) ---- */

struct os_addr {
    uint32_t bytes;
    bool is_tcp;
    _Alignas(8) char at[128];
};

/* net: "tcp", "tcp4", "tcp6" with "1.2.3.4:80", "[::1]:80", ":80" (any address of the
 * machine); "unix" with a path, or "@name" in the abstract namespace.  -EAFNOSUPPORT: no
 * such net; -EINVAL: not an address of it. */
int os_addr_parse(struct os_addr *a, const char *net, const char *text);

/* A non-blocking stream socket for addresses like this one. */
int os_socket(const struct os_addr *a);
int os_listen(int fd, const struct os_addr *a);

/* Removes the file that listening made, if this socket's address is of that kind. */
void os_listen_clean(int fd);

/* 0, or -EINPROGRESS: ask os_connect_result when the socket is writable. */
int os_connect(int fd, const struct os_addr *a);

/* 0: connected; -EINPROGRESS: not yet. */
int os_connect_result(int fd);

/* A new non-blocking socket. */
int os_accept(int fd);
int os_shutdown(int fd, bool is_write);
int os_port(int fd, bool is_peer);

/* ---- waiting (poll_linux.c) ---- */

enum os_ready {
    OS_READY_READ = 1,
    OS_READY_WRITE = 2,
    OS_READY_ODD = 4, /* the other side has closed, an error, or urgent data */
};

struct os_event {
    uint64_t cookie;
    uint32_t ready; /* bits of enum os_ready */
};

int os_poll_open(void);

/* From now on changes of fd's readiness are events, one for each change (edges), and one at
 * once if it is ready.  -EPERM: fd never makes anybody wait. */
int os_poll_add(int poll, int fd, uint64_t cookie);
void os_poll_remove(int poll, int fd);

/* Waits up to timeout_ns (negative: for ever) for the first event.  Gives how many; 0 also
 * when a signal came.  Blocks: M. */
#define OS_EVENTS 128
int os_poll_wait(int poll, struct os_event out[OS_EVENTS], int64_t timeout_ns);

/* A bell: a descriptor that is ready for reading from its ring to its silencing, and an
 * event in each wait as long as it is. */
int os_bell_open(int poll, uint64_t cookie);
void os_bell_ring(int fd);
void os_bell_silence(int fd);

#endif
