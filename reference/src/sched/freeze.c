/* SPDX-License-Identifier: BSD-3-Clause */
/* freeze.c - preemption of goroutines that do not poll: the thread is frozen where it is.
 *
 * Owns: what the signal does to a thread, and when it may.
 * Not here: who is to be interrupted (sysmon.c, stop.c), how a processor gets back to a
 * frozen thread (bound.c).
 *
 * A C function may stand anywhere: in malloc, with a lock that belongs to the thread, with
 * the address of a thread-local in a register.  So a goroutine that is interrupted is never
 * switched, and never moved to another thread.  Its thread waits inside the signal handler
 * instead, its P goes on with others, and the goroutine sits in the queues as one that is
 * tied to its thread.  Whoever dequeues it hands a P to the thread, which returns from the
 * handler.  Nothing was switched; the price is a thread for each such goroutine.
 *
 * Frozen is who stands in the program's own text: not in the runtime (section gr_text), for
 * it may hold a lock that the others need, nor in a library, for libc's locks are needed as
 * well, by the others' malloc.  A thread that stands there is asked again.  A callback from
 * a library that holds a lock can be frozen: then others block on that lock, are not
 * frozen there, and with one P go on only after the owner thaws, which needs that P: the
 * few functions of libc that call back under a lock (dl_iterate_phdr, fopencookie) must be
 * given functions that do not take long.
 *
 * Runtime code that the compiler or the linker puts elsewhere would be taken for the
 * program's: hence -mno-outline-atomics and -fno-plt in the Makefile.  (A stub for memset,
 * called with a channel locked, was such code: all who wanted the channel slept for ever.)
 *
 * What the runtime calls with its own state half changed must lie in gr_text too: a commit,
 * a poller's functions.  A goroutine that is frozen there while it is about to yield comes
 * back as a running one, and is queued as such.  Unit tests with such hooks of their own
 * turn freezing off.
 *
 * Off: under sanitizers (their run-time would be frozen too), in static programs (libc is
 * in the program's text there) and with GR_DEBUG=asyncpreemptoff=1.
 *
 *   I1  A P in P_FROZEN is nobody's: it is taken under sched.lock, as a blocked one is,
 *       but its thread does not come back for it.
 *   I2  While m is frozen, m->cur is bound to m, and m waits for a P on its note (bound.c
 *       I3).
 */
#include "sched/proc.h"

extern const char __executable_start[] __attribute__((weak));
extern const char etext[] __attribute__((weak));
extern const char __start_gr_text[] __attribute__((weak));
extern const char __stop_gr_text[] __attribute__((weak));

static bool is_in(uintptr_t pc, const char *lo, const char *hi)
{
    return pc >= (uintptr_t)lo && pc < (uintptr_t)hi;
}

static bool is_program_text(uintptr_t pc)
{
    return is_in(pc, __executable_start, etext) &&
           !is_in(pc, __start_gr_text, __stop_gr_text);
}

/* The thread has a P that it was asked to give up. */
static bool is_asked(struct m *m)
{
    if (m == NULL || m->control != NULL || m->cur == NULL || m->p == NULL)
        return false;
    if (load_relaxed(&sched.stopper) == m->cur)
        return false; /* the world would stand still for ever */
    return load_relaxed(&m->p->preempt) ||
           (load_relaxed(&sched_attention) & ATT_WORLD) != 0;
}

static void freeze_insig(const struct os_interrupted *at)
{
    struct m *m = m_self();
    if (!is_asked(m) || !is_program_text(at->pc))
        return;
    struct g *g = m->cur;
    struct p *p = m->p;
    if (!m->is_apart)
        note_clear(&m->wake);
    g->bound_m = m;
    m->frozen = *at;
    store_relaxed(&g->is_bound, true);
    store_relaxed(&g->state, G_FROZEN);
    store_relaxed(&p->preempt, false);
    m->p = NULL;
    if (!MUTANT(freeze_forgets))
        push_behind(p, g);
    /* Pairs with the acquire in block_take_locked. */
    store_release(&p->state, ++p->nblocks << P_STATE_BITS | P_FROZEN);
    note_sleep(&m->wake);
    note_clear(&m->wake);
    m_take(m, m->next_p);
    ASSERT(!stack_is_unseen(load_relaxed(&g->stack_at)));
    store_relaxed(&m->p->tick, load_relaxed(&m->p->tick) + 1); /* its slice begins */
    store_relaxed(&g->state, G_RUNNING);
    store_relaxed(&g->is_bound, m->nlocks > 0);
}

static bool is_on; /* const after boot */

void freeze_init(void)
{
    is_on = !SAN_FIBERS && env_knobs.asyncpreemptoff == 0 && etext != NULL &&
            os_interrupt_init(freeze_insig);
}

bool freeze_ask(struct p *p)
{
    struct m *m = load_acquire(&p->m); /* pairs with m_take: its number is there */
    if (!is_on || m == NULL || p_state(p) != P_BUSY)
        return false;
    os_thread_interrupt(load_relaxed(&m->number));
    return true;
}
