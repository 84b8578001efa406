/* SPDX-License-Identifier: BSD-3-Clause */
/* ops.h - the table that a C or C++ runtime fills in to become a driver.
 *
 * A driver is the kit plus one file that defines `const struct gl_ops gl_ops`.  The kit
 * reads the protocol, keeps the objects, interprets the plans and counts outcomes; the
 * table does the operations. toy_ops.c is the shortest complete example, gr_ops.c the
 * reference's.
 *
 * How to fill it in:
 *   1. name, version, caps.  A plan that needs a capability word that `caps` lacks is
 *      answered by `skip`, so members behind a missing word may stay NULL.  Always
 *      needed: start, go, yield, exit, block, create, destroy.
 *   2. block.  One host function per activation of a block:
 *          static void my_block(void *entry)
 *          {
 *              (open a frame that can hold deferred calls)
 *              gl_block(entry, &frame);
 *          }
 *      The kit passes my_block itself to defer and once_do, and calls it for `call` and
 *      where goroutines and functions of timers begin, so that what a deferred block
 *      recovers is decided by the runtime and not by the interpreter.  `frame` is whatever
 *      defer and recover need; the kit only hands it back.
 *   3. the rest, family by family, each a line or two.
 * A runtime on threads that has no panics, and the like, finds such members in ready.h.
 *
 *   I1  The kit calls members on goroutines only, except: start, control (plain thread),
 *       chan_free, timer_free and destroy (a goroutine, or a plain thread after control
 *       returned).
 *   I2  Objects are private to one execution.  They are freed when nobody can use them,
 *       else leaked.
 *   I3  Panic values are integers: codes of litmus.md section 8 for run-time errors, else
 *       the value.
 *
 * Members may leave by a panic of the runtime (longjmp, exception) where the operation
 * can panic; the kit holds nothing across them that would be lost but memory of the
 * execution.
 */
#ifndef KIT_OPS_H
#define KIT_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gl_code {
    GL_NIL = -1000,
    GL_SEND_CLOSED = -1001,
    GL_CLOSE_CLOSED = -1002,
    GL_CLOSE_NIL = -1003,
    GL_MAKECHAN_SIZE = -1004,
    GL_NIL_DEREF = -1005,
    GL_INDEX = -1006,
    GL_DIV_ZERO = -1007,
    GL_WG_NEGATIVE = -1008,
    GL_WG_MISUSE = -1009,
    GL_DAMAGED = -1010,
    GL_TICKER_PERIOD = -1011,
    GL_PANIC_NIL = -1012,
    GL_ERROR_OTHER = -1013,
};

enum gl_kind {
    GL_CHAN,
    GL_NILCHAN,
    GL_MUTEX,
    GL_RWMUTEX,
    GL_WG,
    GL_ONCE,
    GL_COND,
    GL_ATOMIC,
    GL_VAR,
    GL_TIMER,
    GL_TICKER,
    GL_PTR,  /* a pointer variable */
    GL_APTR, /* an atomic one */
    GL_KINDS
};

/* One case of a select.  elem: the value to send, or room for the value to receive (NULL:
 * drop it).
 * ch is NULL for the nil channel.  ok is set by the table for the receive that
 * was chosen. */
struct gl_case {
    bool send;
    void *ch;
    void *elem;
    bool ok;
};

enum gl_end { GL_OK, GL_EXIT, GL_PANIC, GL_FATAL, GL_DEADLOCK, GL_STEPS };

enum gl_fatal {
    GL_UNLOCK_UNLOCKED,
    GL_RW_UNLOCK_UNLOCKED,
    GL_RUNLOCK_UNLOCKED,
    GL_GO_NIL,
    GL_NO_GOROUTINES,
    GL_FATAL_OTHER
};

enum gl_strategy { GL_ZERO, GL_RANDOM, GL_PCT, GL_ROBIN };

/* One controlled execution: how to decide.  Equal structs must give equal executions. */
struct gl_control {
    enum gl_strategy strategy;
    uint64_t seed;
    int depth;           /* PCT; 0: the runtime's default */
    uint32_t steps;      /* PCT: expected decisions, 0: unknown */
    const uint8_t *tape; /* decisions to repeat first; NULL: none */
    size_t tape_len;
    bool any_waiter;    /* any parked waiter may be served */
    bool any_time;      /* a pending deadline may come while goroutines can run */
    uint64_t max_steps; /* 0: the runtime's default */
};

/* How it ended.  code: exit status, panic value, or enum gl_fatal.  tape is malloc'ed,
 * the kit frees it. */
struct gl_verdict {
    enum gl_end end;
    int64_t code;
    uint64_t steps;
    uint8_t *tape;
    size_t tape_len;
    char text[160]; /* what the runtime would have said; may be empty */
};

typedef void (*gl_fn)(void *arg);

struct gl_ops {
    const char *name, *version;
    const char *caps; /* words of protocol.md section 4, separated by spaces */
    const char *(*more_caps)(void); /* abilities that depend on settings; may be NULL */
    int64_t max_goroutines;         /* leftovers that one process can hold */

    /* Boots the runtime, runs fn(arg) on its main goroutine, gives 0 when fn returned.
     * Called once per process; the process may end inside. */
    int (*start)(gl_fn fn, void *arg);
    /* Capability control: one execution under the controlled scheduler; never ends the
     * process. */
    void (*control)(const struct gl_control *how, gl_fn fn, void *arg,
                    struct gl_verdict *out);

    /* Goroutines.  go(NULL, ..) does what the runtime does for a nil function. */
    void (*go)(gl_fn fn, void *arg);
    void (*yield)(void);
    void (*goexit)(void);
    void (*exit)(int status);
    int64_t (*procs)(int n);     /* sets when n > 0; gives the former number */
    int64_t (*goroutines)(void); /* alive in the process */
    /* May be NULL: called before plain accesses, notes, shown results and the end of
     * main, so that a controlled scheduler can switch there. */
    void (*point)(void);
    void (*noise)(int level, uint64_t seed); /* capability noise */

    /* Frames and panics. */
    void (*block)(void *entry);
    void (*defer)(void *frame, gl_fn fn,
                  void *arg);           /* fn NULL: a nil function is deferred */
    void (*defer_recover)(void *frame); /* defers the builtin recover itself */
    int64_t (*recover)(void *frame);    /* GL_NIL: nothing to recover here */
    /* Calls fn(arg, frame) in a frame that has deferred a recovering function; 0 or the
     * panic's value. */
    int64_t (*attempt)(void (*fn)(void *arg, void *frame), void *arg);
    void (*panic)(int64_t value); /* GL_NIL: panic(nil); a code: that run-time error */
    void (*fault)(int64_t code);  /* GL_NIL_DEREF, GL_INDEX, GL_DIV_ZERO: the real thing */

    /* Channels; NULL is the nil channel. */
    void *(*chan_make)(size_t elem_size, int64_t cap);
    void (*chan_free)(void *ch);
    void (*chan_send)(void *ch, const void *elem);
    bool (*chan_recv)(
        void *ch, void *elem); /* elem NULL: drop; false: closed and drained, elem zeroed */
    void (*chan_close)(void *ch);
    int64_t (*chan_len)(void *ch);
    int64_t (*chan_cap)(void *ch);
    int (*select)(struct gl_case *cases, int n, bool has_default); /* index; -1: default */

    /* Mutex, rwmutex, wg, once, cond, atomic: an object of its kind, zero; other: a
     * cond's mutex. */
    void *(*create)(enum gl_kind kind, void *other);
    void (*destroy)(enum gl_kind kind, void *object);
    void (*mutex_lock)(void *m);
    void (*mutex_unlock)(void *m);
    bool (*mutex_trylock)(void *m);
    void (*rw_lock)(void *m);
    void (*rw_unlock)(void *m);
    bool (*rw_trylock)(void *m);
    void (*rw_rlock)(void *m);
    void (*rw_runlock)(void *m);
    bool (*rw_tryrlock)(void *m);
    void (*cond_wait)(void *c);
    void (*cond_signal)(void *c);
    void (*cond_broadcast)(void *c);
    void (*wg_add)(void *w, int64_t delta);
    void (*wg_done)(void *w);
    void (*wg_wait)(void *w);
    void (*once_do)(void *o, gl_fn fn, void *arg);
    int64_t (*load)(void *a);
    void (*store)(void *a, int64_t v);
    int64_t (*add)(void *a, int64_t delta); /* the new value */
    bool (*cas)(void *a, int64_t old, int64_t v);
    int64_t (*swap)(void *a, int64_t v); /* the old value */

    /* Time.  A timer's channel carries elements of 8 bytes. */
    int64_t (*now_ns)(void);
    void (*sleep_ns)(int64_t d);
    void *(*timer_new)(int64_t d);
    void *(*ticker_new)(int64_t period);
    void *(*timer_func)(int64_t d, gl_fn fn, void *arg);
    void *(*timer_chan)(void *t);
    bool (*timer_stop)(void *t);
    bool (*timer_reset)(void *t, int64_t d);
    void (*timer_free)(void *t);

    /* Collected memory: capabilities heap, gc, cleanup, weak.  What a goroutine has on its
     * stack or in registers is kept; gc.precise: and nothing else. */
    void *(*slots_new)(int64_t n); /* zeroed pairs of a pointer and a plain word, aligned to
                                    * their size; 0: one, that the collector passes over */
    /* words there are kept, or no more */
    void (*root)(void *at, size_t bytes, bool is_root);
    /* stores a pointer in collected memory or a root */
    void (*field_set)(void *at, void *p);
    void *(*pointer_load)(void *at); /* the same as atomic operations */
    void (*pointer_store)(void *at, void *p);
    void *(*pointer_swap)(void *at, void *p);
    bool (*pointer_cas)(void *at, void *old, void *p);
    /* Collected, kept where it is referred to; NULL: there are none, such plans are
     * skipped. */
    void *(*chan_of_pointers)(int64_t cap);
    void (*finalizer)(void *object, void (*fn)(void *object, void *arg), void *arg);
    void (*cleanup_add)(void *p, gl_fn fn, void *arg, uint64_t handle[2]);
    void (*cleanup_stop)(const uint64_t handle[2]);
    void *(*weak_new)(void *p);
    void *(*weak_get)(void *w);
    void (*gc)(void);
    /* overwrites what calls have left below the caller's frame */
    void (*stack_scrub)(void);
    int64_t (*heap_objects)(void); /* not yet freed */
};

extern const struct gl_ops gl_ops;

/* Runs the activation that `entry` stands for.  Called by the table's block function,
 * once per call. */
void gl_block(void *entry, void *frame);

#endif
