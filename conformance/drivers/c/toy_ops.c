/* SPDX-License-Identifier: BSD-3-Clause */
/* toy_ops.c - a whole runtime on threads and one lock, with its driver table: the
 * smallest example.
 *
 * Owns: goroutines, frames, panics, the end of the process, the table.  Channels are in
 * toy_ops_chan.c, locks in toy_ops_sync.c.  Not here: speed, timers, heap, faults,
 * controlled mode.
 *
 * Idea: a goroutine is a thread with a condition variable.  Everything that goroutines
 * share is guarded by `toy_lock`.  To wait is to stand in some queue and park; whoever
 * serves a waiter takes it out of all its queues and readies it, so a queue holds only
 * goroutines that still wait.
 *
 * Panics unwind by longjmp from frame to frame; deferred calls of a frame run after the
 * frames above it are gone.  The panic belongs to the frame whose deferred calls run;
 * recover takes it from there, which is right exactly when the recovering block was
 * called by that frame's defer (`by`).
 *
 *   I1  running counts goroutines that are not parked; at 0 nobody can move any more:
 *       deadlock.
 *   I2  toy_lock is not held when a frame is left by a jump.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "toy.h"

pthread_mutex_t toy_lock = PTHREAD_MUTEX_INITIALIZER;
static int running, alive;
static bool main_gone;
__thread struct g *toy_self;

/* ---- the end of the process ---- */

_Noreturn void toy_die(const char *what, const char *text)
{
    fprintf(stderr, "%s%s\n\ngoroutine 1 [running]:\n", what, text);
    _exit(2);
}

static _Noreturn void die_panic(int64_t v)
{
    static const char *const texts[] = {
        [0] = "panic called with nil argument (use GODEBUG=panicnil=1 to disable)",
        [-(GL_SEND_CLOSED + 1000)] = "send on closed channel",
        [-(GL_CLOSE_CLOSED + 1000)] = "close of closed channel",
        [-(GL_CLOSE_NIL + 1000)] = "close of nil channel",
        [-(GL_MAKECHAN_SIZE + 1000)] = "runtime error: makechan: size out of range",
        [-(GL_NIL_DEREF + 1000)] =
            "runtime error: invalid memory address or nil pointer dereference",
        [-(GL_INDEX + 1000)] = "runtime error: index out of range [5] with length 3",
        [-(GL_DIV_ZERO + 1000)] = "runtime error: integer divide by zero",
        [-(GL_WG_NEGATIVE + 1000)] = "sync: negative WaitGroup counter",
    };
    char number[24];
    int64_t at = v == GL_PANIC_NIL ? 0 : -(v + 1000);
    bool known =
        at >= 0 && at < (int64_t)(sizeof texts / sizeof *texts) && texts[at] != NULL;
    snprintf(number, sizeof number, "%lld", (long long)v);
    toy_die("panic: ", known ? texts[at] : number);
}

/* One goroutine less that can move (I1). Needs: toy_lock. */
static void rest(void)
{
    if (--running > 0)
        return;
    if (main_gone && alive == 0)
        toy_die("fatal error: ", "no goroutines (main called runtime.Goexit) - deadlock!");
    toy_die("fatal error: ", "all goroutines are asleep - deadlock!");
}

/* ---- parking. Needs: toy_lock ---- */

void toy_park(void)
{
    rest();
    while (!toy_self->ready)
        pthread_cond_wait(&toy_self->wake, &toy_lock);
    toy_self->ready = false;
}

void toy_ready(struct g *g)
{
    g->ready = true;
    running++;
    pthread_cond_signal(&g->wake);
}

void toy_wait(struct queue *q)
{
    if (q->head == NULL)
        q->tail = &q->head;
    toy_self->next = NULL;
    *q->tail = toy_self;
    q->tail = &toy_self->next;
    toy_park();
}

bool toy_wake(struct queue *q)
{
    struct g *g = q->head;
    if (g == NULL)
        return false;
    q->head = g->next;
    toy_ready(g);
    return true;
}

/* ---- frames, panics, goroutines ---- */

static void frame_open(struct frame *f)
{
    f->up = toy_self->top;
    f->by = toy_self->deferring;
    f->defers = NULL;
    f->panicking = f->goexit = false;
    toy_self->top = f;
    toy_self->deferring = NULL;
}

static _Noreturn void goroutine_end(void)
{
    struct g *g = toy_self;
    pthread_mutex_lock(&toy_lock);
    alive--;
    main_gone |= g->fn == NULL;
    rest();
    pthread_mutex_unlock(&toy_lock);
    if (g->fn == NULL) /* the process's main thread must stay, or the process is a zombie */
        for (;;)
            pause();
    pthread_cond_destroy(&g->wake);
    free(g);
    pthread_exit(NULL);
}

/* Leaves the frame on top, which is f, towards the one below when it ends by panic or
 * goexit. */
static void frame_leave(struct frame *f)
{
    struct frame *up = f->up;
    toy_self->top = up;
    if (!f->panicking && !f->goexit)
        return;
    if (up == NULL) {
        if (f->panicking)
            die_panic(f->value);
        goroutine_end();
    }
    up->panicking = f->panicking || (up->panicking && !f->goexit);
    if (f->panicking)
        up->value = f->value;
    up->goexit |= f->goexit;
    longjmp(up->jmp, 1);
}

static void frame_defers(struct frame *f)
{
    for (struct defer *d; (d = f->defers) != NULL;) {
        struct defer copy = *d;
        f->defers = d->next;
        free(d);
        if (copy.fn == NULL) {
            f->panicking = true;
            f->value = GL_NIL_DEREF;
            continue;
        }
        toy_self->deferring = f;
        copy.fn(copy.arg);
        toy_self->deferring = NULL;
    }
}

static void toy_block(void *entry)
{
    struct frame f;
    frame_open(&f);
    if (setjmp(f.jmp) == 0)
        gl_block(entry, &f);
    frame_defers(&f);
    frame_leave(&f);
}

int64_t toy_attempt(void (*fn)(void *, void *), void *arg)
{
    struct frame f;
    frame_open(&f);
    if (setjmp(f.jmp) == 0)
        fn(arg, &f);
    frame_defers(&f);
    int64_t value = f.panicking ? f.value : 0;
    f.panicking = false;
    frame_leave(&f);
    return value;
}

static void toy_defer(void *frame, gl_fn fn, void *arg)
{
    struct frame *f = frame;
    struct defer *d = malloc(sizeof *d);
    if (d == NULL)
        abort();
    *d = (struct defer){fn, arg, f->defers};
    f->defers = d;
}

static int64_t toy_recover(void *frame)
{
    struct frame *by = ((struct frame *)frame)->by;
    if (by == NULL || !by->panicking)
        return GL_NIL;
    by->panicking = false;
    return by->value;
}

/* Called by a deferred call's frame it would recover; it is the deferred call, and has no
 * frame. */
static void builtin_recover(void *arg)
{
    (void)arg;
}

static void toy_defer_recover(void *frame)
{
    toy_defer(frame, builtin_recover, NULL);
}

void toy_panic(int64_t value)
{
    struct frame *f = toy_self->top;
    f->panicking = true;
    f->value = value == GL_NIL ? GL_PANIC_NIL : value;
    longjmp(f->jmp, 1);
}

static void toy_goexit(void)
{
    struct frame *f = toy_self->top;
    f->panicking = false;
    f->goexit = true;
    longjmp(f->jmp, 1);
}

static void *thread_main(void *arg)
{
    toy_self = arg;
    toy_self->fn(toy_self->arg);
    goroutine_end();
}

static void toy_go(gl_fn fn, void *arg)
{
    pthread_t t;
    pthread_attr_t attr;
    struct g *g = calloc(1, sizeof *g);
    if (fn == NULL)
        toy_die("fatal error: ", "go of nil func value");
    if (g == NULL)
        toy_die("fatal error: ", "out of memory");
    pthread_cond_init(&g->wake, NULL);
    g->fn = fn;
    g->arg = arg;
    pthread_mutex_lock(&toy_lock);
    running++;
    alive++;
    pthread_mutex_unlock(&toy_lock);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 << 10);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&t, &attr, thread_main, g) != 0)
        toy_die("fatal error: ", "cannot start a thread");
    pthread_attr_destroy(&attr);
}

static int toy_start(gl_fn fn, void *arg)
{
    static struct g g0 = {.wake = PTHREAD_COND_INITIALIZER};
    toy_self = &g0;
    running = alive = 1;
    fn(arg);
    return 0;
}

static void toy_yield(void)
{
    usleep(0);
}

/* ---- noise: threads give way where operations begin ---- */

static _Atomic int noise_level;
static _Atomic uint64_t noise_seed;

static void toy_noise(int level, uint64_t seed)
{
    atomic_store(&noise_seed, seed * 2 + 1);
    atomic_store(&noise_level, level);
}

void toy_disturb(void)
{
    static __thread uint64_t r;
    int level = atomic_load_explicit(&noise_level, memory_order_relaxed);
    if (level == 0)
        return;
    if (r == 0) /* relaxed: only that threads get different numbers matters */
        r = atomic_fetch_add_explicit(&noise_seed, 0x9E3779B97F4A7C16u,
                                      memory_order_relaxed);
    r ^= r << 13, r ^= r >> 7, r ^= r << 17;
    if (r % 16 < (level == 1 ? 1 : 4))
        sched_yield();
    else if (level == 2 && r % 16 == 15)
        usleep((useconds_t)(r >> 32) % 50);
}

static int64_t toy_goroutines(void)
{
    pthread_mutex_lock(&toy_lock);
    int n = alive;
    pthread_mutex_unlock(&toy_lock);
    return n;
}

const struct gl_ops gl_ops = {
    .name = "toy",
    .version = "1",
    .caps = "chan select mutex rwmutex wg once cond atomic var panic recover goexit exit "
            "elem ptr "
            "make goroutines one noise parallel die deadlock",
    .max_goroutines = 1000,
    .start = toy_start,
    .go = toy_go,
    .yield = toy_yield,
    .goexit = toy_goexit,
    .exit = _exit,
    .goroutines = toy_goroutines,
    .point = toy_disturb,
    .noise = toy_noise,
    .block = toy_block,
    .defer = toy_defer,
    .defer_recover = toy_defer_recover,
    .recover = toy_recover,
    .attempt = toy_attempt,
    .panic = toy_panic,
    .chan_make = toy_chan_make,
    .chan_free = free,
    .chan_send = toy_send,
    .chan_recv = toy_recv,
    .chan_close = toy_close,
    .chan_len = toy_len,
    .chan_cap = toy_cap,
    .select = toy_select,
    .create = toy_create,
    .destroy = toy_destroy,
    .mutex_lock = toy_mutex_lock,
    .mutex_unlock = toy_mutex_unlock,
    .mutex_trylock = toy_mutex_trylock,
    .rw_lock = toy_rw_lock,
    .rw_unlock = toy_rw_unlock,
    .rw_trylock = toy_rw_trylock,
    .rw_rlock = toy_rlock,
    .rw_runlock = toy_runlock,
    .rw_tryrlock = toy_tryrlock,
    .cond_wait = toy_cond_wait,
    .cond_signal = toy_cond_signal,
    .cond_broadcast = toy_cond_broadcast,
    .wg_add = toy_wg_add,
    .wg_done = toy_wg_done,
    .wg_wait = toy_wg_wait,
    .once_do = toy_once_do,
    .load = toy_load,
    .store = toy_store,
    .add = toy_add,
    .cas = toy_cas,
    .swap = toy_swap,
};
