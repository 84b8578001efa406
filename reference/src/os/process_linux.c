/* SPDX-License-Identifier: BSD-3-Clause */
/* process_linux.c - starting another program, and waiting for its end.
 *
 * Idea: posix_spawn.  Between fork and exec of a process with many threads hardly anything
 * may be called; libc's implementation shares our memory for that moment, with all signals
 * blocked, so a signal to the process group finds us or the new program but never our
 * handlers in the child.  Handlers are dropped by exec; what we ignore it goes on ignoring.
 */
#define _GNU_SOURCE
#include "os.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int add_fds(posix_spawn_file_actions_t *actions, const int fds[3])
{
    int error = 0;
    for (int i = 0; i < 3 && error == 0; i++)
        if (fds[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, fds[i], i);
    return error;
}

static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none;
    sigemptyset(&none);
    int error = posix_spawnattr_setsigmask(attr, &none);
    return error != 0 ? error : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK);
}

int os_process_start(char *const *argv, char *const *envp, const int fds[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    pid_t pid = 0;
    if (FAILURE(process_start))
        return -EAGAIN;
    posix_spawn_file_actions_init(&actions); /* Linux: cannot fail */
    posix_spawnattr_init(&attr);
    int error = add_fds(&actions, fds);
    if (error == 0)
        error = set_signals(&attr);
    if (error == 0)
        error = posix_spawnp(&pid, argv[0], &actions, &attr, argv,
                             envp != NULL ? envp : environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return error != 0 ? -error : pid;
}

int os_process_wait(int pid, int *status)
{
    pid_t got;
    do
        got = waitpid(pid, status, 0);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : 0;
}
