/* SPDX-License-Identifier: BSD-3-Clause */
/* machine_x86_64.c - signal contexts on x86-64. */
#define _GNU_SOURCE
#include "machine.h"

#include <ucontext.h>

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

void machine_call(void *context, uintptr_t sp, void (*fn)(void *), void *arg)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    sp -= sizeof(uintptr_t);
    *(uintptr_t *)sp = (uintptr_t)regs[REG_RIP];
    regs[REG_RSP] = (greg_t)sp;
    regs[REG_RDI] = (greg_t)(uintptr_t)arg;
    regs[REG_RIP] = (greg_t)(uintptr_t)fn;
}
