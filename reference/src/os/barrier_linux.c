/* SPDX-License-Identifier: BSD-3-Clause */
/* barrier_linux.c - a memory barrier on all threads of the process, on behalf of one.
 *
 * Owns: the two membarrier operations that the runtime uses.
 * Not here: who may do without a barrier of his own because of them (floor lock).
 *
 * The kernel interrupts the processors that run threads of this process; those that do not
 * run pass a barrier before they do.
 */
#define _GNU_SOURCE
#include "os.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool os_barrier_init(void)
{
    if (FAILURE(barrier))
        return false;
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void os_barrier(void)
{
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
        throw("the system refuses a barrier that it had promised");
}
