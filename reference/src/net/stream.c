/* SPDX-License-Identifier: BSD-3-Clause */
/* stream.c - reading and writing, whatever the descriptor is; ends of halves; deadlines.
 *
 * Owns: gr_read, gr_write, gr_shutdown, gr_set_deadline, gr_pipe, gr_io_text.
 * Not here: making sockets (socket.c), files and brackets (file.c).
 *
 * Idea: try first, wait only when there is nothing.  One try can be saved.  After a read
 * from a TCP connection that gave less than was asked for, the connection is known to be
 * drained, and whatever arrives later makes an edge; so the next read waits at once.  That
 * does not hold once the end, an error or urgent data have been seen (FLAG_ODD), which
 * needs a try to find out, nor for terminals and sockets that pass descriptors, which cut
 * reads short for reasons of their own.
 *
 * In racecheck a write comes before all reads that follow anywhere, as in Go: what goes
 * through the kernel is not followed byte by byte.
 */
#define _GNU_SOURCE
#include "desc.h"

#include <signal.h>
#include <string.h>

static char io_edge; /* racecheck: the outside world */

/* ---- reading ---- */

static bool is_known_empty(struct desc *d)
{
    if (!d->is_drained)
        return false;
    d->is_drained = false;
    /* Word before flags: who set FLAG_ODD changes the word later (take_event), so a word
     * without a change comes with flags that are not about it. */
    return load_seq(&d->half[HALF_READ].word) == WORD_NIL &&
           (load_seq(&d->flags) & FLAG_ODD) == 0;
}

static int64_t read_polled(struct desc *d, void *buf, size_t size)
{
    for (;;) {
        int error = desc_error(d, HALF_READ);
        if (error != 0)
            return error;
        if (!is_known_empty(d)) {
            desc_try_next(d, HALF_READ);
            int64_t n =
                d->is_socket ? os_recv(d->fd, buf, size) : os_read(d->fd, buf, size);
            if (n != -EAGAIN) {
                d->is_drained = d->is_tcp && n > 0 && (size_t)n < size;
                return n;
            }
        }
        desc_wait(d, HALF_READ);
    }
}

int64_t gr_read(gr_fd fd, void *buf, size_t size)
{
    int64_t n = 0;
    sched_point();
    struct desc *d = desc_lock(fd, HALF_READ);
    if (d == NULL)
        return GR_IO_CLOSED;
    if (size > 0)
        n = load_relaxed(&d->is_polled) ? read_polled(d, buf, size)
                                        : file_read(d, buf, size);
    RACE_ACQUIRE(&io_edge);
    desc_unlock(d, HALF_READ);
    return n;
}

/* ---- writing ---- */

static int64_t write_polled(struct desc *d, const void *buf, size_t size)
{
    for (;;) {
        int error = desc_error(d, HALF_WRITE);
        if (error != 0)
            return error;
        int64_t n = d->is_socket ? os_send(d->fd, buf, size) : os_write(d->fd, buf, size);
        if (n != -EAGAIN)
            return n;
        desc_wait(d, HALF_WRITE);
    }
}

static int64_t write_all(struct desc *d, const char *buf, size_t size, size_t *done)
{
    bool is_polled = load_relaxed(&d->is_polled);
    do {
        int64_t n = is_polled ? write_polled(d, buf + *done, size - *done)
                              : file_write(d, buf + *done, size - *done);
        if (n < 0)
            return n;
        *done += (size_t)n;
    } while (*done < size && !MUTANT(net_write_partial));
    return (int64_t)size;
}

int64_t gr_write(gr_fd fd, const void *buf, size_t size, size_t *done)
{
    size_t sum = 0;
    sched_point();
    struct desc *d = desc_lock(fd, HALF_WRITE);
    if (done != NULL)
        *done = 0;
    if (d == NULL)
        return GR_IO_CLOSED;
    RACE_RELEASE_MERGE(&io_edge);
    int64_t result = write_all(d, buf, size, &sum);
    /* A program in a pipeline shall end when nobody reads its output any more. */
    if (result == -EPIPE && (d->fd == 1 || d->fd == 2))
        os_signal_die(SIGPIPE);
    desc_unlock(d, HALF_WRITE);
    if (done != NULL)
        *done = sum;
    return result;
}

/* ---- the rest ---- */

int gr_shutdown(gr_fd fd, enum gr_half half)
{
    sched_point();
    struct desc *d = desc_enter(fd);
    if (d == NULL)
        return GR_IO_CLOSED;
    int result = 0;
    if ((half & GR_READ) != 0)
        result = os_shutdown(d->fd, false);
    if (result == 0 && (half & GR_WRITE) != 0)
        result = os_shutdown(d->fd, true);
    desc_leave(d);
    return result;
}

int gr_set_deadline(gr_fd fd, unsigned halves, int64_t when_ns)
{
    sched_point();
    struct desc *d = desc_enter(fd);
    if (d == NULL)
        return GR_IO_CLOSED;
    bool is_polled = load_relaxed(&d->is_polled);
    int result = is_polled ? desc_deadline(d, halves, when_ns) : GR_IO_NO_DEADLINE;
    desc_leave(d);
    return result;
}

int gr_pipe(gr_fd ends[2])
{
    int fds[2];
    sched_point();
    int error = net_check();
    if (error == 0)
        error = os_pipe(fds);
    if (error != 0)
        return error;
    ends[0] = desc_open(fds[0], DESC_STREAM);
    ends[1] = ends[0] < 0 ? ends[0] : desc_open(fds[1], DESC_STREAM);
    if (ends[1] >= 0)
        return 0;
    if (ends[0] < 0)
        os_close(fds[0]);
    else
        gr_close(ends[0]);
    os_close(fds[1]);
    return (int)ends[1];
}

const char *gr_io_text(int64_t error)
{
    switch (error) {
    case GR_IO_CLOSED:
        return "use of closed file or connection";
    case GR_IO_TIMEOUT:
        return "i/o timeout";
    case GR_IO_NO_DEADLINE:
        return "file type does not support deadline";
    case GR_IO_UNAVAILABLE:
        return "no outside world in controlled runs and in fake time";
    }
    const char *text = error < 0 && error > -4096 ? strerrordesc_np((int)-error) : NULL;
    return text != NULL ? text : error >= 0 ? "no error" : "unknown error";
}
