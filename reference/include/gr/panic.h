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

/* One deferred call. fn == NULL: nil-deref panic when it runs, not when it is deferred
 * (defer.nil-func). */
struct gr_defer {
    gr_fn fn;
    void *arg;
    struct gr_defer *next; /* towards older ones */
    bool pooled;
};

#define GR_DEFER_INLINE 4

/* Private, though users must see its size.  Linked from the goroutine, newest first. */
struct gr_frame {
    void *save[22]; /* first, as gr_frame_save wants it: callee-saved registers, sp, pc */
    struct gr_frame *up;
    struct gr_defer *defers; /* newest first */
    struct gr_defer slot[GR_DEFER_INLINE];
    void *owner;   /* the goroutine */
    uint32_t used; /* of slot */
};

void gr_frame_open(struct gr_frame *f);
void gr_frame_close(
    struct gr_frame *f); /* leaving the function: runs the defers that are left */
void gr_frame_defer(struct gr_frame *f, gr_fn fn, void *arg);
int gr_frame_save(struct gr_frame *f) __attribute__((returns_twice));

#define GR_FUNC                                                                            \
    struct gr_frame gr_frame_ __attribute__((cleanup(gr_frame_close)));                    \
    gr_frame_open(&gr_frame_);                                                             \
    if (gr_frame_save(&gr_frame_) != 0)                                                    \
    return

#define GR_DEFER(fn, arg) gr_frame_defer(&gr_frame_, (fn), (arg))

#endif
