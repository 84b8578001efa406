/* SPDX-License-Identifier: BSD-3-Clause */
/* net.h - sockets, pipes and files for goroutines: a call that must wait parks the
 * goroutine, not its thread.
 *
 * A gr_fd names an open descriptor.  Its value is never given out twice, so one that was
 * closed stays closed: using it is the error GR_IO_CLOSED, never somebody else's file.
 *
 * Results are numbers >= 0, or an error < 0: one of enum gr_io_error, or a negative errno
 * (-ECONNRESET) as the system gave it.  gr_io_text has the words.
 *
 * Any number of goroutines may use one descriptor.  Those that read take turns, whole calls
 * at a time; so do those that write; a reader and a writer go on side by side.
 *
 * Under gr_control_run and with GR_DEBUG=faketime=1 there is no outside world: whatever
 * makes a descriptor fails with GR_IO_UNAVAILABLE.
 */
#ifndef GR_NET_H
#define GR_NET_H

#include "task.h"

typedef int64_t gr_fd;

enum gr_io_error {
    GR_IO_CLOSED = -10001,      /* it is closed, or was closed while the call waited */
    GR_IO_TIMEOUT = -10002,     /* the deadline has passed */
    GR_IO_NO_DEADLINE = -10003, /* descriptors of this kind do not wait, or not for us */
    GR_IO_UNAVAILABLE = -10004, /* a controlled run, or time that stands still */
};

/* What went wrong, in words without a newline.  Any thread. */
const char *gr_io_text(int64_t error);

/* ---- making descriptors -------------------------------------------------------------- */

/* net is "tcp", "tcp4", "tcp6" with numbers: "127.0.0.1:80", "[::1]:80", ":80" (every
 * address of the machine; port 0: any free one, see gr_local_port); or "unix" with a path,
 * or "@name" for a name without a file.  Errors: -EAFNOSUPPORT for another net, -EINVAL for
 * an address that is none.  A unix listener removes its file when it is closed. */
gr_fd gr_listen(const char *net, const char *address);

/* The next connection.  Blocks: G, by the deadline for reading. */
gr_fd gr_accept(gr_fd listener);

/* A connection, by a moment of gr_now_ns (0: whenever).  Blocks: G. */
gr_fd gr_dial(const char *net, const char *address, int64_t deadline_ns);

/* The same in two steps, for those who may want to give up: closing the descriptor, or a
 * deadline for writing, ends the wait.  gr_dial_wait gives 0 or an error; after an error
 * the caller closes. */
gr_fd gr_dial_begin(const char *net, const char *address);
int gr_dial_wait(gr_fd fd);

/* ends[0] is for reading, ends[1] for writing. */
int gr_pipe(gr_fd ends[2]);

/* A file, by flags and mode of open(2).  Regular files and folders never wait, so they have
 * no deadlines; their calls block the thread while other goroutines use the processor.
 * FIFOs and devices that can wait do it like sockets.  May wait for the other end of a
 * FIFO, in a bracket. */
gr_fd gr_open(const char *path, int flags, int mode);

/* Takes over a descriptor of the system, which gr_close then closes.  Its mode stays as it
 * is, since others may share it (0, 1 and 2 usually are): one in non-blocking mode waits
 * like a socket, any other blocks the thread, without deadlines.  With GR_WRAP_NONBLOCK it
 * is put into non-blocking mode first. */
enum gr_wrap { GR_WRAP_KEEP, GR_WRAP_NONBLOCK };
gr_fd gr_wrap(int system_fd, enum gr_wrap how);

/* ---- using them ---------------------------------------------------------------------- */

/* At least one byte, unless size is 0; 0 otherwise means the end.  Blocks: G. */
int64_t gr_read(gr_fd fd, void *buf, size_t size);

/* All size bytes, or an error; *done (if not NULL) is how many went out either way.  A
 * broken pipe is the error -EPIPE, but writing to the system's descriptors 1 and 2 then
 * ends the process by SIGPIPE.  Blocks: G. */
int64_t gr_write(gr_fd fd, const void *buf, size_t size, size_t *done);

/* Half of a connection, or both when added up. */
enum gr_half { GR_READ = 1, GR_WRITE = 2 };

/* Ends one half: the other side reads the end, or we do. */
int gr_shutdown(gr_fd fd, enum gr_half half);

/* Moments of gr_now_ns by which calls of these halves must be done (read and accept;
 * write and dial), now and in future, or fail with GR_IO_TIMEOUT; at once when it has
 * passed already, even with data at hand.  0: no deadline.  Applies to calls that wait at
 * the moment. */
int gr_set_deadline(gr_fd fd, unsigned halves, int64_t when_ns);

/* Ends all calls that wait on it with GR_IO_CLOSED, waits until nobody uses it and gives
 * the system's number back.  The second one is the error GR_IO_CLOSED. */
int gr_close(gr_fd fd);

/* The port of this end, and of the other one. */
int gr_local_port(gr_fd fd);
int gr_peer_port(gr_fd fd);

/* The system's number: stays the runtime's, and may be closed and used anew by others as
 * soon as fd is closed. */
int gr_system_fd(gr_fd fd);

/* ---- processes ----------------------------------------------------------------------- */

/* How to start a program: argv[0] is its path, or a name to look up in PATH.  It gets no
 * descriptors but in, out and err (0: the ones of this process), and default signal
 * handling with nothing blocked. */
struct gr_process {
    char *const *argv;
    char *const *envp; /* NULL: this process's */
    gr_fd in, out, err;
};

/* Its number, or an error. */
int64_t gr_process_start(const struct gr_process *p);

/* Waits for the end of a child; *status as waitpid(2) gives it.  Blocks: G. */
int gr_process_wait(int64_t pid, int *status);

#endif
