/* SPDX-License-Identifier: BSD-3-Clause */
/* machine.h - the registers of a signal's context, one file machine_ARCH.c per processor.
 *
 * Owns: reading pc and sp from a ucontext, and changing it so that a function call seems to
 * stand where the signal struck.  Everything here is async-signal-safe.
 */
#ifndef OS_MACHINE_H
#define OS_MACHINE_H

#include "os.h"

uintptr_t machine_pc(const void *context);
uintptr_t machine_sp(const void *context);
uintptr_t machine_fp(const void *context);

/* Fills at->regs: where in the context registers are, those of vectors too. */
void machine_regs(const void *context, struct os_interrupted *at);

/* Makes the context continue in fn(arg) at stack pointer sp (16-byte aligned), with the old
 * pc as return address where the processor has a place for it. */
void machine_call(void *context, uintptr_t sp, void (*fn)(void *), void *arg);

/* Bytes below sp that the interrupted function may use without saying so. */
extern const size_t machine_red_zone_bytes;

#endif
