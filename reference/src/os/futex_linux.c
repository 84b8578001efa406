/* SPDX-License-Identifier: BSD-3-Clause */
/* futex_linux.c - sleeping on a word of memory.
 *
 * Owns: the two futex operations that the runtime uses, private to the process.
 * Not here: what the words mean (floor lock, idle threads of floor sched).
 */
#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool os_futex_wait(atomic_u32 *word, uint32_t expected, int64_t timeout_ns)
{
    struct timespec ts = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    long rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                      timeout_ns >= 0 ? &ts : NULL, NULL, 0);
    return rc == 0 || errno != ETIMEDOUT;
}

void os_futex_wake(atomic_u32 *word, int n)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}
