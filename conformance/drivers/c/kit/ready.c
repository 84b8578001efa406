/* SPDX-License-Identifier: BSD-3-Clause */
/* ready.c - frames, panics, threads, atomics and derived members (ready.h).
 *
 * Idea: a frame is a variable of the function that runs a body in it, and its deferred
 * calls run in that function too, when the frames above are gone.
 *
 *   I1  top is the innermost frame of this thread; to leave a frame is to set top to the
 *       one below, which then goes on with what the left one ended with.
 */
#include "ready.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 256 << 10 };

struct deferred {
    gl_fn fn;
    void *arg;
    struct deferred *next;
};

struct frame {
    jmp_buf jmp;
    struct frame *up;
    struct frame *by; /* whose deferred call this frame is */
    struct deferred *defers;
    bool panicking, exiting;
    int64_t value; /* of the panic */
};

static __thread struct frame *top;
static __thread struct frame *deferring; /* its deferred call is about to start */

static _Noreturn void die(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n\ngoroutine 1 [running]:\n", what, text);
    _exit(2);
}

void ready_fatal(const char *text)
{
    die("fatal error", text);
}

void *ready_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL)
        ready_fatal("out of memory");
    return p;
}

static _Noreturn void die_panic(int64_t v)
{
    static const char *const texts[] = {
        [0] = "panic called with nil argument (use GODEBUG=panicnil=1 to disable)",
        [GL_NIL - GL_SEND_CLOSED] = "send on closed channel",
        [GL_NIL - GL_CLOSE_CLOSED] = "close of closed channel",
        [GL_NIL - GL_CLOSE_NIL] = "close of nil channel",
        [GL_NIL - GL_MAKECHAN_SIZE] = "runtime error: makechan: size out of range",
        [GL_NIL - GL_NIL_DEREF] =
            "runtime error: invalid memory address or nil pointer dereference",
        [GL_NIL - GL_INDEX] = "runtime error: index out of range [5] with length 3",
        [GL_NIL - GL_DIV_ZERO] = "runtime error: integer divide by zero",
        [GL_NIL - GL_WG_NEGATIVE] = "sync: negative WaitGroup counter",
    };
    int64_t at = v == GL_PANIC_NIL ? 0 : GL_NIL - v;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)v);
    bool is_known = at >= 0 && at < (int64_t)(sizeof texts / sizeof *texts);
    die("panic", is_known ? texts[at] : number);
}

/* A panic or goexit goes on in the frame below; nothing is below the first. */
static void leave(struct frame *f)
{
    struct frame *up = f->up;
    top = up;
    if (f->panicking && up == NULL)
        die_panic(f->value);
    if (up == NULL || (!f->panicking && !f->exiting))
        return;
    up->panicking = f->panicking || (up->panicking && !f->exiting);
    if (f->panicking)
        up->value = f->value;
    up->exiting |= f->exiting;
    longjmp(up->jmp, 1);
}

static void run_deferred(struct frame *f)
{
    for (struct deferred *d; (d = f->defers) != NULL;) {
        struct deferred call = *d;
        f->defers = d->next;
        free(d);
        if (call.fn == NULL) {
            f->panicking = true;
            f->value = GL_NIL_DEREF;
            continue;
        }
        deferring = f;
        call.fn(call.arg);
        deferring = NULL;
    }
}

static void run_body(struct frame *f, void (*body)(void *, void *), void *arg)
{
    f->up = top;
    f->by = deferring;
    top = f;
    deferring = NULL;
    if (setjmp(f->jmp) == 0)
        body(arg, f);
    run_deferred(f);
}

void ready_block(void *entry)
{
    struct frame f = {0};
    run_body(&f, gl_block, entry);
    leave(&f);
}

int64_t ready_attempt(void (*fn)(void *, void *), void *arg)
{
    struct frame f = {0};
    run_body(&f, fn, arg);
    int64_t value = f.panicking ? f.value : 0;
    f.panicking = false;
    leave(&f);
    return value;
}

struct call {
    gl_fn fn;
    void *arg;
    void (*ended)(void);
};

static void call_body(void *arg, void *frame)
{
    const struct call *c = arg;
    (void)frame;
    c->fn(c->arg);
}

/* False: it left by goexit. */
static bool run_goroutine(struct call *c)
{
    struct frame f = {0};
    run_body(&f, call_body, c);
    leave(&f);
    return !f.exiting;
}

void ready_main(gl_fn fn, void *arg, void (*ended)(void))
{
    struct call c = {.fn = fn, .arg = arg};
    if (run_goroutine(&c))
        return;
    ended();
    for (;;) /* without its first thread a process looks dead */
        pause();
}

static void *thread_main(void *arg)
{
    struct call c = *(struct call *)arg;
    free(arg);
    run_goroutine(&c);
    c.ended();
    return NULL;
}

void ready_thread(gl_fn fn, void *arg, void (*ended)(void))
{
    pthread_t t;
    pthread_attr_t attr;
    struct call *c = ready_alloc(sizeof *c);
    if (fn == NULL)
        ready_fatal("go of nil func value");
    *c = (struct call){fn, arg, ended};
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&t, &attr, thread_main, c) != 0)
        ready_fatal("no thread for another goroutine");
    pthread_attr_destroy(&attr);
}

void ready_copy(void *to, const void *from, size_t size)
{
    if (to != NULL && from != NULL)
        memcpy(to, from, size);
    else if (to != NULL)
        memset(to, 0, size);
}

void ready_shuffle(int *order, int n)
{
    for (int i = 0; i < n; i++) {
        int j = rand() % (i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

void ready_defer(void *frame, gl_fn fn, void *arg)
{
    struct frame *f = frame;
    struct deferred *d = ready_alloc(sizeof *d);
    *d = (struct deferred){fn, arg, f->defers};
    f->defers = d;
}

int64_t ready_recover(void *frame)
{
    struct frame *by = ((struct frame *)frame)->by;
    if (by == NULL || !by->panicking)
        return GL_NIL;
    by->panicking = false;
    return by->value;
}

/* The builtin as the deferred call: counts as a call by the block that deferred it. */
static void recover_for(void *frame)
{
    ready_recover(frame);
}

void ready_defer_recover(void *frame)
{
    ready_defer(frame, recover_for, frame);
}

void ready_panic(int64_t value)
{
    top->panicking = true;
    top->value = value == GL_NIL ? GL_PANIC_NIL : value;
    longjmp(top->jmp, 1);
}

void ready_goexit(void)
{
    top->panicking = false;
    top->exiting = true;
    longjmp(top->jmp, 1);
}

/* ---- members made of others ---- */

void ready_send(void *ch, const void *elem)
{
    struct gl_case k = {.send = true, .ch = ch, .elem = (void *)elem};
    gl_ops.select(&k, 1, false);
}

bool ready_recv(void *ch, void *elem)
{
    struct gl_case k = {.ch = ch, .elem = elem};
    gl_ops.select(&k, 1, false);
    return k.ok;
}

void ready_wg_done(void *w)
{
    gl_ops.wg_add(w, -1);
}

static void once_end(void *o)
{
    ready_store(o, 1);
    gl_ops.mutex_unlock(o);
}

struct once_call {
    gl_fn fn;
    void *arg, *once;
};

/* The first call counts as done and lets the others in however it ends. */
static void once_body(void *arg, void *frame)
{
    const struct once_call *c = arg;
    ready_defer(frame, once_end, c->once);
    c->fn(c->arg);
}

void ready_once(void *o, gl_fn fn, void *arg)
{
    struct once_call c = {fn, arg, o};
    gl_ops.mutex_lock(o);
    if (ready_load(o) == 0) {
        struct frame f = {0};
        run_body(&f, once_body, &c);
        leave(&f);
    } else {
        gl_ops.mutex_unlock(o);
    }
}

void ready_yield(void)
{
    sched_yield();
}

static _Atomic int noise_level;

void ready_noise(int level, uint64_t seed)
{
    srand((unsigned)seed);
    atomic_store(&noise_level, level);
}

/* A thread takes its time to start: only a pause lets it overtake. */
void ready_disturb(void)
{
    int level = atomic_load(&noise_level);
    if (level > 0 && rand() % 16 < 2 * level)
        sched_yield();
    if (level > 1 && rand() % 16 == 0)
        usleep((useconds_t)rand() % 50);
}

void ready_destroy(enum gl_kind kind, void *object)
{
    (void)kind;
    free(object);
}

/* ---- atomics ---- */

static _Atomic int64_t *cell(void *a)
{
    ready_disturb();
    return a;
}

int64_t ready_load(void *a)
{
    return atomic_load(cell(a));
}

void ready_store(void *a, int64_t v)
{
    atomic_store(cell(a), v);
}

int64_t ready_add(void *a, int64_t delta)
{
    return atomic_fetch_add(cell(a), delta) + delta;
}

bool ready_cas(void *a, int64_t old, int64_t v)
{
    return atomic_compare_exchange_strong(cell(a), &old, v);
}

int64_t ready_swap(void *a, int64_t v)
{
    return atomic_exchange(cell(a), v);
}
