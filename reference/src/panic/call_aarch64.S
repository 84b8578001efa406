/* SPDX-License-Identifier: BSD-3-Clause */
/* call_aarch64.S - calling a deferred function so that recover can tell it from helpers.
 *
 * void defer_call(gr_fn fn, void *arg, void **cfa) calls fn(arg) and notes, before it does,
 * the canonical frame address that fn will have: here the stack pointer at the call, since
 * blr pushes nothing.  __builtin_dwarf_cfa() gives the same address inside fn, and another
 * one in whatever fn calls.
 */
    .text

    .globl  defer_call
    .type   defer_call, %function
    .p2align 4
defer_call:
    .cfi_startproc
    hint    #34                     /* bti c */
    stp     x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset 29, -16
    .cfi_offset 30, -8
    mov     x29, sp
    mov     x9, sp
    str     x9, [x2]
    mov     x9, x0
    mov     x0, x1
    blr     x9
    ldp     x29, x30, [sp], #16
    .cfi_restore 29
    .cfi_restore 30
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size   defer_call, . - defer_call

    .section .note.GNU-stack, "", %progbits
