/* SPDX-License-Identifier: BSD-3-Clause */
/* self.c - the one thread-local variable of the runtime: which M this thread is.
 *
 * Owns: that variable, and who writes it.  Not here: reading it (self.h), but for
 * processors without a port of their own.
 *
 * The variable lives alone in a file whose functions are never inlined (the runtime is
 * built without link-time optimisation): no compiler sees it together with code that
 * switches goroutines.
 */
#include "sched/proc.h"

STATIC_ASSERT(offsetof(struct m, cur) == 0, "g_self in self.h relies on it");

/* Not static, for the assembly of self.h has to name it. */
extern _Thread_local struct m *m_self_slot
    __attribute__((visibility("hidden"), tls_model("initial-exec")));
_Thread_local struct m *m_self_slot;

#if !defined(__x86_64__) && !defined(__aarch64__)
NOINLINE struct m *m_self(void)
{
    __asm__ volatile("" ::: "memory");
    return m_self_slot;
}
#endif

NOINLINE void m_set_self(struct m *m)
{
    m_self_slot = m;
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
