/* SPDX-License-Identifier: BSD-3-Clause */
/* ctx_aarch64.S - the context contract of ctx.h for AArch64 (AAPCS64, little endian).
 *
 * A stopped context is a frame of 160 bytes, from struct ctx's sp upwards:
 *
 *     +0 x29 x30  +16 x19 x20  +32 x21 x22  +48 x23 x24  +64 x25 x26  +80 x27 x28
 *     +96 d8 d9  +112 d10 d11  +128 d12 d13  +144 d14 d15
 *
 * A new one has ctx_entry in x30, the function in x19 and its argument in x20; x29 is 0,
 * which ends frame-pointer walks.
 *
 * A saved frame: 0 pc (x30), 8 sp, 16 x19 ... 96 x29, 104 d8 ... 160 d15.
 *
 *   I1  The stack pointer is 16-byte aligned at all times, as the processor demands.
 *   I2  Return addresses are not signed; entries carry "bti c" (hint 34), a no-op on
 *       processors without branch targets.  frame_restore leaves by ret, which needs none.
 */
        .text

        .globl  ctx_init
        .hidden ctx_init
        .type   ctx_init, %function
        .p2align 4
ctx_init:
        .cfi_startproc
        hint    34
        and     x1, x1, #-16
        sub     x1, x1, #160
        adr     x9, ctx_entry
        stp     xzr, x9, [x1]
        stp     x2, x3, [x1, #16]
        stp     xzr, xzr, [x1, #32]
        stp     xzr, xzr, [x1, #48]
        stp     xzr, xzr, [x1, #64]
        stp     xzr, xzr, [x1, #80]
        stp     xzr, xzr, [x1, #96]
        stp     xzr, xzr, [x1, #112]
        stp     xzr, xzr, [x1, #128]
        stp     xzr, xzr, [x1, #144]
        str     x1, [x0]
        ret
        .cfi_endproc
        .size   ctx_init, .-ctx_init

        .globl  ctx_switch
        .hidden ctx_switch
        .type   ctx_switch, %function
        .p2align 4
ctx_switch:
        .cfi_startproc
        hint    34
        stp     x29, x30, [sp, #-160]!
        .cfi_adjust_cfa_offset 160
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        stp     x19, x20, [sp, #16]
        .cfi_rel_offset x19, 16
        .cfi_rel_offset x20, 24
        stp     x21, x22, [sp, #32]
        .cfi_rel_offset x21, 32
        .cfi_rel_offset x22, 40
        stp     x23, x24, [sp, #48]
        .cfi_rel_offset x23, 48
        .cfi_rel_offset x24, 56
        stp     x25, x26, [sp, #64]
        .cfi_rel_offset x25, 64
        .cfi_rel_offset x26, 72
        stp     x27, x28, [sp, #80]
        .cfi_rel_offset x27, 80
        .cfi_rel_offset x28, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x9, sp
        str     x9, [x0]
        ldr     x9, [x1]
        mov     sp, x9
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        ldp     x29, x30, [sp], #160
        .cfi_adjust_cfa_offset -160
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   ctx_switch, .-ctx_switch

        .type   ctx_entry, %function
        .p2align 4
ctx_entry:
        .cfi_startproc
        .cfi_undefined x30
        .cfi_undefined x29
        mov     x0, x20
        mov     x30, xzr
        blr     x19
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
