/* SPDX-License-Identifier: BSD-3-Clause */
/* self.c - the one thread-local variable of the runtime: which M this thread is.
 *
 * Owns: that variable and the functions that read it.
 *
 * A compiler may keep the address of a thread-local variable across a call, and a switch
 * moves a goroutine to another thread.  So the variable lives alone in a file whose
 * functions are never inlined (the runtime is built without link-time optimisation), and
 * callers ask again after everything that can park.
 */
#include "sched/proc.h"

static _Thread_local struct m *self;

NOINLINE struct m *m_self(void)
{
    __asm__ volatile("" ::: "memory");
    return self;
}

NOINLINE void m_set_self(struct m *m)
{
    self = m;
}

/* One per thread that ever ran a controlled program; kept until the process ends. */
void m_altstack_ensure(void)
{
    static _Thread_local bool has_altstack;
    struct os_altstack unused;
    if (has_altstack)
        return;
    if (!os_altstack_init(&unused))
        fatal(GR_FATAL_NO_MEMORY);
    has_altstack = true;
}

NOINLINE struct g *g_self(void)
{
    __asm__ volatile("" ::: "memory");
    struct m *m = self;
    return m != NULL ? m->cur : NULL;
}
