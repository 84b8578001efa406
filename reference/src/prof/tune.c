/* SPDX-License-Identifier: BSD-3-Clause */
/* tune.c - what a program may set about memory: limits and trimming of stacks.
 *
 * Owns: gr_stack_max, gr_stack_trim.
 * Not here: how the limit is enforced (stack/grow.c), what is trimmed (sched/squeeze.c).
 */
#include "gr/task.h"

#include "sched/sched.h"

size_t gr_stack_max(size_t bytes)
{
    return stack_max(bytes);
}

void gr_stack_trim(void)
{
    sched_stack_trim();
}
