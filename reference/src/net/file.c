/* SPDX-License-Identifier: BSD-3-Clause */
/* file.c - descriptors that block the thread, and finding out which ones do.
 *
 * Owns: gr_open, gr_wrap, calls in brackets.
 * Not here: brackets themselves (sched).
 *
 * Idea: regular files are always ready, as far as the system says, and still may take long;
 * so their calls run in brackets, and others use the processor meanwhile.  The mode of a
 * descriptor that others may share is never changed unless the program says so.
 */
#include "desc.h"

int64_t file_read(struct desc *d, void *buf, size_t size)
{
    if ((load_relaxed(&d->flags) & FLAG_CLOSING) != 0)
        return GR_IO_CLOSED;
    sched_block_begin();
    int64_t n = os_read(d->fd, buf, size);
    sched_block_end();
    return n;
}

int64_t file_write(struct desc *d, const void *buf, size_t size)
{
    if ((load_relaxed(&d->flags) & FLAG_CLOSING) != 0)
        return GR_IO_CLOSED;
    sched_block_begin();
    int64_t n = os_write(d->fd, buf, size);
    sched_block_end();
    return n;
}

/* Things that can wait are polled if they are in that mode; some devices say only here that
 * they never wait. */
static gr_fd open_by_mode(int fd)
{
    int kind = os_fd_kind(fd);
    if (kind < 0)
        return kind;
    if (kind == OS_KIND_FILE || os_fd_is_nonblocking(fd) != 1)
        return desc_open(fd, DESC_FILE);
    gr_fd handle = desc_open(fd, kind == OS_KIND_SOCKET ? DESC_SOCKET : DESC_STREAM);
    return handle == -EPERM ? desc_open(fd, DESC_FILE) : handle;
}

gr_fd gr_open(const char *path, int flags, int mode)
{
    sched_point();
    int error = net_check();
    if (error != 0)
        return error;
    sched_block_begin(); /* waits for the other end of a FIFO */
    int fd = os_open(path, flags, mode);
    sched_block_end();
    if (fd < 0)
        return fd;
    if (os_fd_kind(fd) == OS_KIND_STREAM)
        os_fd_set_nonblocking(fd, true); /* nobody else has it */
    gr_fd handle = open_by_mode(fd);
    if (handle < 0)
        os_close(fd);
    return handle;
}

gr_fd gr_wrap(int system_fd, enum gr_wrap how)
{
    sched_point();
    int error = net_check();
    if (error == 0 && how == GR_WRAP_NONBLOCK)
        error = os_fd_set_nonblocking(system_fd, true);
    return error != 0 ? error : open_by_mode(system_fd);
}
