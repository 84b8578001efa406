/* SPDX-License-Identifier: BSD-3-Clause */
/* tune.c - what a program may set about memory: limits and trimming of stacks.
 *
 * Owns: gr_stack_max.
 * Not here: how the limit is enforced (stack/grow.c).
 */
#include "gr/task.h"

#include "stack/stack.h"

size_t gr_stack_max(size_t bytes)
{
    return stack_max(bytes);
}
