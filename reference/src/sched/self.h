/* SPDX-License-Identifier: BSD-3-Clause */
/* self.h - which M this thread is, and which goroutine runs on it: one load each.
 *
 * Owns: how the runtime's one thread-local variable is read.  Not here: who writes it
 * (self.c).
 *
 * A compiler may keep the address of a thread-local variable across a call, and a switch
 * moves a goroutine to another thread.  So where a port exists the address is computed and
 * read in one piece of assembly that no compiler looks into or moves: two instructions, by
 * the initial-exec model, which is right in programs and in libraries that they are linked
 * with.  Elsewhere the function in self.c reads it, never inlined.
 *
 *   I1  The result is right until the next call that can park; ask again after it.
 */
#ifndef SCHED_SELF_H
#define SCHED_SELF_H

#include "base/base.h"

struct g;
struct m;

/* How struct m begins (proc.h); p: a P, which begins with the slots of floors heap, gc. */
struct m_head {
    struct g *cur;
    void **p;
};

#if defined(__x86_64__) || defined(__aarch64__)

static ALWAYS_INLINE struct m *m_self(void)
{
    struct m *m;
#if defined(__x86_64__)
    __asm__ volatile("movq m_self_slot@gottpoff(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(m)::"memory");
#else
    uintptr_t at;
    __asm__ volatile("adrp %1, :gottprel:m_self_slot\n\t"
                     "ldr %1, [%1, :gottprel_lo12:m_self_slot]\n\t"
                     "mrs %0, tpidr_el0\n\t"
                     "ldr %0, [%0, %1]"
                     : "=&r"(m), "=&r"(at)::"memory");
#endif
    return m;
}

#else

struct m *m_self(void);

#endif

static ALWAYS_INLINE struct g *g_self(void)
{
    struct m_head *m = (struct m_head *)(void *)m_self();
    return m != NULL ? m->cur : NULL;
}

#endif
