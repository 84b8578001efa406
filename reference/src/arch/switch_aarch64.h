/* SPDX-License-Identifier: BSD-3-Clause */
/* switch_aarch64.h - ctx_switch for AArch64 (AAPCS64): see ctx.h.
 *
 * Stack pointer, frame pointer and the place to go on are stored and loaded here; all other
 * registers are declared lost, so that the compiler keeps across the switch only what the
 * calling function needs, and a caller's registers as it does for any function.
 *
 *   I1  Leaves by an indirect jump, without a call or ret of its own: the processor
 *       predicts a ret from the calls it saw.
 *   I2  The place to go on carries "bti j" (hint 36), a no-op on processors without branch
 *       targets.
 *   I3  x18 is a register like others on Linux, so it is lost as well.
 */
#ifndef ARCH_SWITCH_AARCH64_H
#define ARCH_SWITCH_AARCH64_H

static ALWAYS_INLINE void ctx_switch(struct ctx *from, struct ctx *to)
{
    register struct ctx *x0 __asm__("x0") = from;
    register struct ctx *x1 __asm__("x1") = to;
    __asm__ volatile("adr x16, 1f\n\t"
                     "mov x17, sp\n\t"
                     "stp x17, x29, [%0]\n\t"
                     "str x16, [%0, #16]\n\t"
                     "ldr x16, [%1, #16]\n\t"
                     "ldp x17, x29, [%1]\n\t"
                     "mov sp, x17\n\t"
                     "br x16\n"
                     "1:\n\t"
                     "hint 36"
                     : "+r"(x0), "+r"(x1)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22",
                       "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2",
                       "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",
                       "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
                       "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc",
                       "memory");
}

#endif
