/* SPDX-License-Identifier: BSD-3-Clause */
/* panic.h - defer, panic, recover.
 *
 *     static void tidy(void *arg) { gr_value v = gr_recover(); ... }
 *
 *     void work(void) {
 *         GR_FUNC;                     before the statements of a function that defers
 *         GR_DEFER(tidy, arg);         any number, loops included; last in, first out
 *         gr_panic(gr_int(7));
 *     }                                a recovered panic makes work() return here
 *
 * GR_FUNC opens a frame that lives as long as the function.  The compiler ends the life of
 * what is declared after it before the deferred calls run: a variable that they use stands
 * before GR_FUNC, or belongs to the caller.  A function that returns a value keeps it in
 * memory that its caller or a volatile local owns.  gr_recover stops a panic only in the
 * function that the defer named, not in its helpers (which must not be inlined,
 * GR_NOINLINE, nor be the deferred function's tail call: then they share its frame).
 */
#ifndef GR_PANIC_H
#define GR_PANIC_H

#include <stdbool.h>
#include <stdint.h>

#include "task.h"

enum gr_kind { GR_NIL, GR_INT, GR_STR, GR_PTR, GR_ERROR };

/* Run-time errors; the texts are Go's, so that one matcher serves every runtime. */
enum gr_err {
    GR_ERR_SEND_CLOSED = 1,
    GR_ERR_CLOSE_CLOSED,
    GR_ERR_CLOSE_NIL,
    GR_ERR_MAKECHAN_SIZE,
    GR_ERR_NIL_DEREF,
    GR_ERR_INDEX,
    GR_ERR_DIV_ZERO,
    GR_ERR_WG_NEGATIVE,
    GR_ERR_WG_MISUSE,
    GR_ERR_TICKER_PERIOD,
    GR_ERR_PANIC_NIL,
    GR_ERR_MAKESLICE_LEN,
    GR_ERR_CLEANUP_ARG,
};

typedef struct gr_value {
    enum gr_kind kind;
    union {
        int64_t i;
        const char *s;
        void *p;
        enum gr_err err;
    } u;
} gr_value;

static inline gr_value gr_nil(void)
{
    return (gr_value){.kind = GR_NIL};
}
static inline gr_value gr_int(int64_t i)
{
    return (gr_value){.kind = GR_INT, .u = {.i = i}};
}
static inline gr_value gr_str(const char *s)
{
    return (gr_value){.kind = GR_STR, .u = {.s = s}};
}

#define GR_NOINLINE __attribute__((noinline))

/* Raises v.  gr_nil() becomes GR_ERR_PANIC_NIL (panic.nil-arg).  Does not return to the
 * caller. */
_Noreturn void gr_panic(gr_value v);
_Noreturn void gr_panic_error(enum gr_err e);

/* The current panic's value, which ends the panic, when called directly by a deferred
 * function; else GR_NIL. */
#define gr_recover() gr_recover_at(__builtin_dwarf_cfa())
gr_value gr_recover_at(void *cfa);

/* Text of a run-time error, as Go prints it. */
const char *gr_err_text(enum gr_err e);

/* Faults for tests: done by the machine, caught by the runtime, raised as a panic where
 * possible. */
int64_t gr_deref(const int64_t *p);        /* NULL: GR_ERR_NIL_DEREF */
int64_t gr_div(int64_t a, int64_t b);      /* b == 0: GR_ERR_DIV_ZERO */
void gr_check_index(int64_t i, int64_t n); /* outside 0..n-1: GR_ERR_INDEX */

/* The rest is private, though users must see its size and code. */

/* One deferred call. fn == NULL: nil-deref panic when it runs, not when it is deferred
 * (defer.nil-func). */
struct gr_defer {
    gr_fn fn;
    void *arg;
};

#define GR_DEFER_INLINE 4
#define GR_DEFER_BLOCK 63

struct gr_defer_block {
    struct gr_defer_block *older; /* NULL: the frame's own slots come before this */
    struct gr_defer slot[GR_DEFER_BLOCK];
};

/* Linked from the goroutine, newest first.  The deferred calls are a stack: the frame's own
 * slots, then blocks of more; all but the newest of these are full. */
struct gr_frame {
    void *save[22]; /* first, as gr_frame_save wants it: callee-saved registers, sp, pc */
    struct gr_frame *up;
    struct gr_frame **head;       /* the goroutine's newest frame */
    struct gr_defer *top;         /* behind the newest call */
    struct gr_defer *base, *end;  /* the slots of the newest block */
    struct gr_defer_block *block; /* the newest block; NULL: slot */
    struct gr_defer slot[GR_DEFER_INLINE];
};

struct gr_frame **gr_frame_head(void);
int gr_frame_save(struct gr_frame *f) __attribute__((returns_twice));
void gr_frame_grow(struct gr_frame *f);   /* the newest block is full: another one */
void gr_frame_shrink(struct gr_frame *f); /* it is empty, and not the only one: drop it */
_Noreturn void gr_frame_nil(void);        /* a nil function was to be called */

static inline void gr_frame_open_near(struct gr_frame *f)
{
    struct gr_frame **head = gr_frame_head();
    f->head = head;
    f->up = *head;
    f->top = f->base = f->slot;
    f->end = f->slot + GR_DEFER_INLINE;
    f->block = 0;
    *head = f;
}

static inline void gr_frame_defer_near(struct gr_frame *f, gr_fn fn, void *arg)
{
    struct gr_defer *d = f->top;
    if (__builtin_expect(d == f->end, 0)) {
        gr_frame_grow(f);
        d = f->top;
    }
    d->fn = fn;
    d->arg = arg;
    f->top = d + 1;
}

/* Leaving the function: runs the calls that are left, each off the stack before it runs. */
static inline void gr_frame_close_near(struct gr_frame *f)
{
    for (;;) {
        struct gr_defer *d = f->top;
        gr_fn fn;
        if (d == f->base) {
            if (f->block == 0)
                break;
            gr_frame_shrink(f);
            continue;
        }
        f->top = --d;
        fn = d->fn;
        if (__builtin_expect(fn == 0, 0))
            gr_frame_nil();
        fn(d->arg);
    }
    *f->head = f->up;
}

/* A thread sanitizer must not see what is done here: cells and blocks of goroutines are
 * used again by others, which the language does not order.  Mutants must be reached. */
#ifndef GR_FRAME_FAR
#if defined(__SANITIZE_THREAD__) || defined(GR_MUTANTS)
#define GR_FRAME_FAR 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GR_FRAME_FAR 1
#else
#define GR_FRAME_FAR 0
#endif
#else
#define GR_FRAME_FAR 0
#endif
#endif

#if GR_FRAME_FAR
void gr_frame_open(struct gr_frame *f);
void gr_frame_defer(struct gr_frame *f, gr_fn fn, void *arg);
void gr_frame_close(struct gr_frame *f);
#else
#define gr_frame_open gr_frame_open_near
#define gr_frame_defer gr_frame_defer_near
#define gr_frame_close gr_frame_close_near
#endif

#define GR_FUNC                                                                            \
    struct gr_frame gr_frame_ __attribute__((cleanup(gr_frame_close)));                    \
    gr_frame_open(&gr_frame_);                                                             \
    if (gr_frame_save(&gr_frame_) != 0)                                                    \
    return

#define GR_DEFER(fn, arg) gr_frame_defer(&gr_frame_, (fn), (arg))

#endif
