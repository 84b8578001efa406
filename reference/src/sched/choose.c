/* SPDX-License-Identifier: BSD-3-Clause */
/* choose.c - the one function through which every free decision goes.
 *
 * Owns: the dispatch between modes, and free mode's policy.
 * Not here: strategies and tapes of controlled runs (strategy.c).
 *
 * Free mode: select cases uniformly, by the processor's own generator; everything else the
 * plain way (0).
 */
#include "sched/proc.h"

uint32_t choose(enum choice kind, uint32_t n)
{
    ASSERT(n > 0);
    if (n == 1)
        return 0;
    struct m *m = m_self();
    if (m->control != NULL)
        return control_choose(m->control, kind, n);
    return kind == CHOICE_SELECT ? rand_below(&m->p->rng, n) : 0;
}

uint32_t sched_random(uint32_t n)
{
    struct m *m = m_self();
    return m->control != NULL ? 0 : rand_below(&m->p->rng, n);
}
