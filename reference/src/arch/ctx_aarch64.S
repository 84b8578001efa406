/* SPDX-License-Identifier: BSD-3-Clause */
/* ctx_aarch64.S - the context contract of ctx.h for AArch64 (AAPCS64, little endian).
 *
 * On the stack of a new context lie, from struct ctx's sp upwards, the function and its
 * argument; its frame pointer is 0, which ends frame-pointer walks.  The switch itself is
 * in switch_aarch64.h.
 *
 * A saved frame: 0 pc (x30), 8 sp, 16 x19 ... 96 x29, 104 d8 ... 160 d15.
 *
 *   I1  The stack pointer is 16-byte aligned at all times, as the processor demands.
 *   I2  Return addresses are not signed; entries carry "bti c" (hint 34), a no-op on
 *       processors without branch targets.  frame_restore leaves by ret, which needs none.
 */
        .text

        .globl  ctx_entry
        .hidden ctx_entry
        .type   ctx_entry, %function
        .p2align 4
ctx_entry:
        .cfi_startproc
        .cfi_undefined x30
        .cfi_undefined x29
        hint    36
        ldp     x1, x0, [sp], #16
        mov     x30, xzr
        blr     x1
        brk     #1
        .cfi_endproc
        .size   ctx_entry, .-ctx_entry

        .globl  frame_save
        .hidden frame_save
        .globl  gr_frame_save
        .type   frame_save, %function
        .type   gr_frame_save, %function
        .p2align 4
frame_save:
gr_frame_save:
        .cfi_startproc
        hint    34
        mov     x9, sp
        stp     x30, x9, [x0]
        stp     x19, x20, [x0, #16]
        stp     x21, x22, [x0, #32]
        stp     x23, x24, [x0, #48]
        stp     x25, x26, [x0, #64]
        stp     x27, x28, [x0, #80]
        str     x29, [x0, #96]
        stp     d8, d9, [x0, #104]
        stp     d10, d11, [x0, #120]
        stp     d12, d13, [x0, #136]
        stp     d14, d15, [x0, #152]
        mov     w0, #0
        ret
        .cfi_endproc
        .size   frame_save, .-frame_save
        .size   gr_frame_save, .-gr_frame_save

        .globl  frame_restore
        .hidden frame_restore
        .type   frame_restore, %function
        .p2align 4
frame_restore:
        .cfi_startproc
        hint    34
        ldp     x30, x9, [x0]
        ldp     x19, x20, [x0, #16]
        ldp     x21, x22, [x0, #32]
        ldp     x23, x24, [x0, #48]
        ldp     x25, x26, [x0, #64]
        ldp     x27, x28, [x0, #80]
        ldr     x29, [x0, #96]
        ldp     d8, d9, [x0, #104]
        ldp     d10, d11, [x0, #120]
        ldp     d12, d13, [x0, #136]
        ldp     d14, d15, [x0, #152]
        mov     sp, x9
        mov     w0, w1
        ret
        .cfi_endproc
        .size   frame_restore, .-frame_restore

        .section .note.GNU-stack, "", %progbits
