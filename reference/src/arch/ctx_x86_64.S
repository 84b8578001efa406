/* SPDX-License-Identifier: BSD-3-Clause */
/* ctx_x86_64.S - the context contract of ctx.h for x86-64 (System V ABI).
 *
 * On the stack of a new context lie, from struct ctx's sp upwards, the function and its
 * argument; its frame pointer is 0, which ends frame-pointer walks.  The switch itself is
 * in switch_x86_64.h.
 *
 * A saved frame: 0 pc, 8 sp (as the caller sees it after the call), 16 rbx, 24 rbp,
 * 32 r12, 40 r13, 48 r14, 56 r15.
 *
 *   I1  Above function and argument the stack is 16-byte aligned, so that the call in
 *       ctx_entry leaves the alignment that the ABI wants at a function's start.
 *   I2  Objects are marked for indirect-branch tracking, not for shadow stacks: a loader
 *       then leaves shadow stacks off, which could not follow these switches.  Return
 *       addresses are jumped to with notrack, as no endbr64 stands there.
 */
        .text

        .globl  ctx_entry
        .hidden ctx_entry
        .type   ctx_entry, @function
        .p2align 4
ctx_entry:
        .cfi_startproc
        .cfi_undefined %rip
        .cfi_undefined %rbp
        popq    %rax
        popq    %rdi
        call    *%rax
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
