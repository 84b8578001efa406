/* SPDX-License-Identifier: BSD-3-Clause */
/* call_x86_64.S - calling a deferred function so that recover can tell it from its helpers.
 *
 * void defer_call(gr_fn fn, void *arg, void **cfa) calls fn(arg) and notes, before it does,
 * the canonical frame address that fn will have: the value of the stack pointer just before
 * the call instruction pushes the return address.  __builtin_dwarf_cfa() gives the same
 * address inside fn, and another one in whatever fn calls.
 */
    .text

    .globl  defer_call
    .type   defer_call, @function
    .p2align 4
defer_call:
    .cfi_startproc
    endbr64
    pushq   %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq    %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq    %rsp, (%rdx)
    movq    %rdi, %rax
    movq    %rsi, %rdi
    call    *%rax
    popq    %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size   defer_call, . - defer_call

    .section .note.GNU-stack, "", @progbits
