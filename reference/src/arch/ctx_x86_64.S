/* SPDX-License-Identifier: BSD-3-Clause */
/* ctx_x86_64.S - the context contract of ctx.h for x86-64 (System V ABI).
 *
 * A stopped context, from struct ctx's sp upwards:
 *
 *     +0 r15  +8 r14  +16 r13  +24 r12  +32 rbx  +40 rbp  +48 return address
 *
 * A new one has ctx_entry as return address, the function in r12 and its argument in r13;
 * rbp is 0, which ends frame-pointer walks.
 *
 * A saved frame: 0 pc, 8 sp (as the caller sees it after the call), 16 rbx, 24 rbp,
 * 32 r12, 40 r13, 48 r14, 56 r15.
 *
 *   I1  Above the return address of a new context the stack is 16-byte aligned, so that the
 *       call in ctx_entry leaves the alignment that the ABI wants at a function's start.
 *   I2  Objects are marked for indirect-branch tracking, not for shadow stacks: a loader
 *       then leaves shadow stacks off, which could not follow these switches.  Return
 *       addresses are jumped to with notrack, as no endbr64 stands there.
 *   I3  A switch leaves by jmp, not ret: the processor predicts a ret from the calls it
 *       saw, which were made on the other stack, and is wrong each time (measured: 25
 *       against 9 ns one way).
 */
        .text

        .globl  ctx_init
        .hidden ctx_init
        .type   ctx_init, @function
        .p2align 4
ctx_init:
        .cfi_startproc
        endbr64
        andq    $-16, %rsi
        leaq    ctx_entry(%rip), %rax
        movq    $0, -8(%rsi)
        movq    $0, -16(%rsi)
        movq    %rax, -24(%rsi)
        movq    $0, -32(%rsi)
        movq    $0, -40(%rsi)
        movq    %rdx, -48(%rsi)
        movq    %rcx, -56(%rsi)
        movq    $0, -64(%rsi)
        movq    $0, -72(%rsi)
        leaq    -72(%rsi), %rax
        movq    %rax, (%rdi)
        ret
        .cfi_endproc
        .size   ctx_init, .-ctx_init

        .globl  ctx_switch
        .hidden ctx_switch
        .type   ctx_switch, @function
        .p2align 4
ctx_switch:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        notrack jmp *%rcx
        .cfi_endproc
        .size   ctx_switch, .-ctx_switch

        .type   ctx_entry, @function
        .p2align 4
ctx_entry:
        .cfi_startproc
        .cfi_undefined %rip
        .cfi_undefined %rbp
        movq    %r13, %rdi
        call    *%r12
        ud2
        .cfi_endproc
        .size   ctx_entry, .-ctx_entry

        .globl  frame_save
        .hidden frame_save
        .globl  gr_frame_save
        .type   frame_save, @function
        .type   gr_frame_save, @function
        .p2align 4
frame_save:
gr_frame_save:
        .cfi_startproc
        endbr64
#if defined(GR_TSAN) || defined(GR_RACECHECK)
        jmp     _setjmp@PLT
#else
        movq    (%rsp), %rax
        leaq    8(%rsp), %rdx
        movq    %rax, (%rdi)
        movq    %rdx, 8(%rdi)
        movq    %rbx, 16(%rdi)
        movq    %rbp, 24(%rdi)
        movq    %r12, 32(%rdi)
        movq    %r13, 40(%rdi)
        movq    %r14, 48(%rdi)
        movq    %r15, 56(%rdi)
        xorl    %eax, %eax
        ret
#endif
        .cfi_endproc
        .size   frame_save, .-frame_save
        .size   gr_frame_save, .-gr_frame_save

        .globl  frame_restore
        .hidden frame_restore
        .type   frame_restore, @function
        .p2align 4
frame_restore:
        .cfi_startproc
        endbr64
#if defined(GR_TSAN) || defined(GR_RACECHECK)
        jmp     longjmp@PLT
#else
        movl    %esi, %eax
        movq    (%rdi), %rdx
        movq    16(%rdi), %rbx
        movq    24(%rdi), %rbp
        movq    32(%rdi), %r12
        movq    40(%rdi), %r13
        movq    48(%rdi), %r14
        movq    56(%rdi), %r15
        movq    8(%rdi), %rsp
        notrack jmp *%rdx
#endif
        .cfi_endproc
        .size   frame_restore, .-frame_restore

        .section .note.GNU-stack, "", @progbits

/* GNU property note: x86 feature 1 "and" mask = IBT. */
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4, 16, 5
        .string "GNU"
        .long   0xc0000002, 4, 1, 0
