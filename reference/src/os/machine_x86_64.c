/* SPDX-License-Identifier: BSD-3-Clause */
/* machine_x86_64.c - signal contexts on x86-64. */
#define _GNU_SOURCE
#include "machine.h"

#include <signal.h>
#include <ucontext.h>

#define FXSAVE_BYTES 512

const size_t machine_red_zone_bytes = 128;

uintptr_t machine_pc(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

uintptr_t machine_sp(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
}

uintptr_t machine_fp(const void *context)
{
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RBP];
}

/* The area of FXSAVE says at its end whether more follows, as XSAVE writes it. */
void machine_regs(const void *context, struct os_interrupted *at)
{
    const mcontext_t *m = &((const ucontext_t *)context)->uc_mcontext;
    const char *fp = (const char *)m->fpregs;
    at->regs[0].lo = m->gregs;
    at->regs[0].hi = m->gregs + NGREG;
    if (fp == NULL)
        return;
    const struct _fpx_sw_bytes *more = (const void *)(fp + FXSAVE_BYTES - sizeof *more);
    at->regs[1].lo = fp;
    at->regs[1].hi =
        fp + (more->magic1 == FP_XSTATE_MAGIC1 ? more->xstate_size : FXSAVE_BYTES);
}

void machine_call(void *context, uintptr_t sp, void (*fn)(void *), void *arg)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    sp -= sizeof(uintptr_t);
    *(uintptr_t *)sp = (uintptr_t)regs[REG_RIP];
    regs[REG_RSP] = (greg_t)sp;
    regs[REG_RDI] = (greg_t)(uintptr_t)arg;
    regs[REG_RIP] = (greg_t)(uintptr_t)fn;
}
