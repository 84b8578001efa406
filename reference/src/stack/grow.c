/* SPDX-License-Identifier: BSD-3-Clause */
/* grow.c - stacks that grow in place: a guard that gives way.
 *
 * Owns: the moves of a large stack's guard, the limit of growth.
 * Not here: where slots come from (slab.c), the verdict on an overflow (floor sched).
 *
 *     bottom                          lo                top  end
 *       |......... untouched ..|guard.|...... in use ....|...|     first: end - 128 KB
 *       |..|guard.|...................................  .|...|     grown: four times that
 *
 * Idea: address space below a goroutine's stack is free for the taking, so a stack needs no
 * copying to grow.  A guard is kept below the part in use nevertheless: its fault tells
 * that a goroutine went deep, which nothing else does without a system call, so that the
 * pages go back when it has returned; and it is where the limit is enforced.  Each step is
 * fourfold, so a stack of 255 MB has taken six faults.
 *
 * The guard is 64 pages wide.  Code without stack probes that jumps it writes to untouched
 * pages of its own slot, which harms nobody.
 *
 *   I1  The guard of a large stack is [lo - guard, lo); the new one is there before the old
 *       one goes.
 *   I2  first <= end - lo <= slab_depth_max(), both ends included.
 */
#include "slab.h"

#include "os/os.h"

#define GROWTH 4u

static atomic_u64 limit; /* atomic; 0: as deep as the slot allows */
static atomic_u64 grown; /* atomic; for statistics */

/* The top is some lines below this. */
static char *end_of(const struct stack *s)
{
    return (char *)align_up((uintptr_t)s->top, os_page_bytes());
}

static size_t limit_now(void)
{
    size_t deepest = slab_depth_max(), n = load_relaxed(&limit);
    if (n == 0 || n > deepest || MUTANT(stack_limit_ignored))
        return deepest;
    return n;
}

size_t stack_max(size_t bytes)
{
    size_t former = limit_now();
    if (bytes > 0) {
        size_t at_most = min_u64(max_u64(bytes, STACK_FIRST_BYTES), slab_depth_max());
        store_relaxed(&limit, align_up(at_most, os_page_bytes()));
    }
    return former;
}

char *stack_bottom(const struct stack *s)
{
    return s->class == STACK_LARGE && s->is_guarded ? end_of(s) - slab_depth_max() : s->lo;
}

size_t stack_depth(const struct stack *s)
{
    return (size_t)(end_of(s) - s->lo);
}

/* Guards may overlap where the limit allows a small step only. */
bool stack_grow_insig(struct stack *s, uintptr_t addr)
{
    size_t guard = slab_guard_bytes(STACK_LARGE), max = limit_now();
    uintptr_t lo = (uintptr_t)s->lo;
    if (s->class != STACK_LARGE || !s->is_guarded || addr >= lo || addr < lo - guard)
        return false;
    size_t depth = stack_depth(s);
    if (depth >= max || MUTANT(stack_never_grows))
        return false;
    char *new_lo = end_of(s) - min_u64(depth * GROWTH, max);
    if (!os_guard_install(new_lo - guard, guard))
        return false;
    size_t bared = min_u64(guard, (size_t)(s->lo - new_lo));
    os_guard_remove(s->lo - bared, bared);
    s->lo = new_lo;
    add_relaxed(&grown, 1);
    return true;
}

/* A guard that the system refuses leaves the stack as deep as it is, and guarded. */
void stack_settle_slow(struct stack *s)
{
    size_t guard = slab_guard_bytes(STACK_LARGE);
    char *old_lo = s->lo, *first_lo = end_of(s) - STACK_FIRST_BYTES;
    san_unpoison(old_lo, first_lo);
    os_dontneed(old_lo, (size_t)(first_lo - old_lo));
    if (!os_guard_install(first_lo - guard, guard))
        return;
    size_t bared = min_u64(guard, (size_t)(first_lo - old_lo));
    os_guard_remove(old_lo - guard, bared);
    s->lo = first_lo;
}

size_t stack_grown(void)
{
    return load_relaxed(&grown);
}
