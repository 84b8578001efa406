/* SPDX-License-Identifier: BSD-3-Clause */
/* machine_aarch64.c - signal contexts on AArch64.
 *
 * The return address is a register here: the interrupted function's own is lost, which is
 * no harm, since nobody returns into it.  Linux uses no red zone; 128 bytes are spared all
 * the same, for code that was compiled to use one.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <ucontext.h>

const size_t machine_red_zone_bytes = 128;

uintptr_t machine_pc(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
}

uintptr_t machine_sp(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.sp;
}

uintptr_t machine_fp(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.regs[29];
}

void machine_regs(const void *context, struct os_interrupted *at)
{
    const mcontext_t *m = &((const ucontext_t *)context)->uc_mcontext;
    at->regs[0].lo = m->regs;
    at->regs[0].hi = m->regs + ARRAY_LEN(m->regs);
    at->regs[1].lo = m->__reserved; /* records: vectors among them */
    at->regs[1].hi = m->__reserved + sizeof m->__reserved;
}

void machine_call(void *context, uintptr_t sp, void (*fn)(void *), void *arg)
{
    mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
    m->regs[30] = m->pc;
    m->sp = sp;
    m->regs[0] = (uintptr_t)arg;
    m->pc = (uintptr_t)fn;
}
