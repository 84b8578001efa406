/* SPDX-License-Identifier: BSD-3-Clause */
/* ctx.h - the context contract: what a port to a processor must provide, in assembly.
 *
 * A context is a stack that does not run now; all of its registers that a C function must
 * preserve lie on that stack, and struct ctx holds where it goes on.  The floating-point
 * environment (rounding, exception masks) is the thread's and is not switched.
 *
 *   I1  *c is valid exactly while nobody runs on the context's stack.
 *   I2  At the first instruction of entry the stack is aligned as the ABI wants it.
 *   I3  Unwinders stop at ctx_entry: its return address is declared undefined, and the
 *       frame pointer there is 0.
 *
 * Frames for panics: frame_save marks a point of the calling function that frame_restore
 * comes back to, as setjmp and longjmp do, without libc's signal mask and pointer mangling.
 * In the TSan flavours they are jumps to _setjmp and longjmp, which TSan intercepts to
 * repair its own record of the call stack.
 */
#ifndef ARCH_CTX_H
#define ARCH_CTX_H

#include "base/base.h"

/* Known to the assembly by offset. A walk of a stopped context's frames starts with pc and
 * fp. */
struct ctx {
    void *sp;
    void *fp; /* the frame pointer; NULL in a new context */
    void *pc; /* where it goes on */
};

/* Where new contexts start: takes the function and its argument off the stack. */
void ctx_entry(void);

/* Prepares c so that the first switch to it calls entry(arg) on the stack that ends at top.
 * entry must not return.  Needs: top 16-byte aligned, 256 bytes below it writable. */
static inline void ctx_init(struct ctx *c, void *top, void (*entry)(void *), void *arg)
{
    void **sp = (void **)((uintptr_t)top & ~(uintptr_t)15) - 2;
    sp[0] = (void *)(uintptr_t)entry;
    sp[1] = arg;
    *c = (struct ctx){.sp = sp, .fp = NULL, .pc = (void *)(uintptr_t)ctx_entry};
}

/* Calls for the newest lines of c's stack, which whoever switches to it reads first.  A
 * hint: c may be running, and what it says then is not believed. */
static ALWAYS_INLINE void ctx_prefetch(const struct ctx *c, int lines)
{
    const char *sp = __atomic_load_n(&c->sp, __ATOMIC_RELAXED);
    for (int line = 0; line < lines; line++)
        __builtin_prefetch(sp + line * CACHE_LINE);
}

/* void ctx_switch(struct ctx *from, struct ctx *to): stores the running context in *from
 * and continues *to.  Returns when somebody switches back to *from, perhaps on another
 * thread. Blocks: nothing.  Errno and every thread-local address are stale afterwards.
 * Inline: the function that switches is the one that goes on. */
#if defined(__x86_64__)
#include "switch_x86_64.h"
#elif defined(__aarch64__)
#include "switch_aarch64.h"
#else
#error "no port to this processor; HACKING.md says what one consists of"
#endif

/* Words that frame_save needs: the largest port's count (AArch64: pc, sp, x19-x29, d8-d15),
 * one spare. */
#define FRAME_WORDS 22

/* Gives 0 at once; gives `value` (not 0) again for each frame_restore(buf, value) while the
 * calling function has not returned.  The public gr_frame_save is this very routine: the
 * buffer is the first member of struct gr_frame. */
int frame_save(void **buf) __attribute__((returns_twice));

/* Abandons everything above the frame of buf and continues there.  Under ASan call
 * san_unpoison on the abandoned part first. */
NORETURN void frame_restore(void **buf, int value);

/* The stack pointer that buf holds; NULL where it cannot be told (TSan flavours). */
static inline void *frame_sp(void *const *buf)
{
    return GR_TSAN || GR_RACECHECK ? NULL : buf[1];
}

#endif
