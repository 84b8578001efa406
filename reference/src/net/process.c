/* SPDX-License-Identifier: BSD-3-Clause */
/* process.c - other programs: starting them with descriptors of ours, waiting for them.
 *
 * A descriptor that is handed on is put into blocking mode, which the new program expects
 * and shares with us; our own calls on it block the thread from then on.
 */
#include "desc.h"

static int hand_on(struct desc *d)
{
    if (!load_relaxed(&d->is_polled))
        return d->fd;
    int error = os_fd_set_nonblocking(d->fd, false);
    if (error != 0)
        return error;
    store_relaxed(&d->is_polled, false);
    return d->fd;
}

/* The system's number of each, -1 for none; users[i] must be left. */
static int enter_all(const gr_fd fds[3], struct desc *users[3], int numbers[3])
{
    int error = 0;
    for (int i = 0; i < 3; i++) {
        numbers[i] = -1;
        users[i] = fds[i] != 0 && error == 0 ? desc_enter(fds[i]) : NULL;
        if (users[i] != NULL)
            numbers[i] = hand_on(users[i]);
        else if (fds[i] != 0)
            error = GR_IO_CLOSED;
        if (users[i] != NULL && numbers[i] < 0)
            error = numbers[i];
    }
    return error;
}

int64_t gr_process_start(const struct gr_process *p)
{
    const gr_fd fds[3] = {p->in, p->out, p->err};
    struct desc *users[3];
    int numbers[3];
    sched_point();
    int error = net_check();
    if (error != 0)
        return error;
    int result = enter_all(fds, users, numbers);
    if (result == 0) {
        sched_block_begin();
        result = os_process_start(p->argv, p->envp, numbers);
        sched_block_end();
    }
    for (int i = 0; i < 3; i++)
        if (users[i] != NULL)
            desc_leave(users[i]);
    return result;
}

int gr_process_wait(int64_t pid, int *status)
{
    sched_point();
    sched_block_begin();
    int error = os_process_wait((int)pid, status);
    sched_block_end();
    return error;
}
