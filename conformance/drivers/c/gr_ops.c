/* SPDX-License-Identifier: BSD-3-Clause */
/* gr_ops.c - the reference runtime's driver table.
 *
 * Owns: how each operation of a plan is said in gr.h.  Not here: anything else (kit/).
 *
 * Most members are the runtime's functions with void pointers.  Three things need
 * thought: - block opens the frame (GR_FUNC) and tells the kit its canonical frame
 * address, so that recover, which runs in the interpreter, speaks for the frame that the
 * defer called; - values of panics become the integers of the language and back; - a
 * controlled run's end becomes a verdict without the process noticing.
 */
#include <gr.h>
#include <stdlib.h>
#include <string.h>

#include "gr_ops.h"

/* What defer and recover need: the frame of GR_FUNC and whose frame it is. */
struct frame {
    struct gr_frame *f;
    void *cfa;
};

/* ---- panic values ---- */

static const struct {
    int64_t code;
    enum gr_err err;
} errors[] = {
    {GL_SEND_CLOSED, GR_ERR_SEND_CLOSED}, {GL_CLOSE_CLOSED, GR_ERR_CLOSE_CLOSED},
    {GL_CLOSE_NIL, GR_ERR_CLOSE_NIL},     {GL_MAKECHAN_SIZE, GR_ERR_MAKECHAN_SIZE},
    {GL_NIL_DEREF, GR_ERR_NIL_DEREF},     {GL_INDEX, GR_ERR_INDEX},
    {GL_DIV_ZERO, GR_ERR_DIV_ZERO},       {GL_WG_NEGATIVE, GR_ERR_WG_NEGATIVE},
    {GL_WG_MISUSE, GR_ERR_WG_MISUSE},     {GL_TICKER_PERIOD, GR_ERR_TICKER_PERIOD},
    {GL_PANIC_NIL, GR_ERR_PANIC_NIL},
};

enum { ERRORS = sizeof errors / sizeof *errors };

/* nothing: what stands for "no panic". */
static int64_t code_of(gr_value v, int64_t nothing)
{
    if (v.kind == GR_NIL)
        return nothing;
    if (v.kind == GR_INT)
        return v.u.i;
    for (int i = 0; v.kind == GR_ERROR && i < ERRORS; i++)
        if (errors[i].err == v.u.err)
            return errors[i].code;
    return GL_ERROR_OTHER;
}

static void ops_panic(int64_t value)
{
    for (int i = 0; i < ERRORS; i++)
        if (errors[i].code == value && value != GL_PANIC_NIL)
            gr_panic_error(errors[i].err);
    if (value == GL_NIL || value == GL_PANIC_NIL)
        gr_panic(gr_nil());
    gr_panic(gr_int(value));
}

static void ops_fault(int64_t code)
{
    if (code == GL_NIL_DEREF)
        gr_deref(NULL);
    else if (code == GL_INDEX)
        gr_check_index(5, 3);
    else
        gr_div(1, 0);
}

/* ---- frames ---- */

static GR_NOINLINE void ops_block(void *entry)
{
    GR_FUNC;
    struct frame frame = {&gr_frame_, __builtin_dwarf_cfa()};
    gl_block(entry, &frame);
}

static void ops_defer(void *frame, gl_fn fn, void *arg)
{
    gr_frame_defer(((struct frame *)frame)->f, fn, arg);
}

/* The builtin itself, deferred: called by the runtime, so its caller is no deferred
 * function. */
static GR_NOINLINE void builtin_recover(void *cfa)
{
    (void)gr_recover_at(cfa);
}

static void ops_defer_recover(void *frame)
{
    ops_defer(frame, builtin_recover, ((struct frame *)frame)->cfa);
}

static int64_t ops_recover(void *frame)
{
    return code_of(gr_recover_at(((struct frame *)frame)->cfa), GL_NIL);
}

struct attempt {
    void (*fn)(void *arg, void *frame);
    void *arg;
    int64_t code;
};

static GR_NOINLINE void attempt_end(void *arg)
{
    struct attempt *t = arg;
    t->code = code_of(gr_recover(), 0);
}

static GR_NOINLINE void attempt_body(struct attempt *t)
{
    GR_FUNC;
    struct frame frame = {&gr_frame_, __builtin_dwarf_cfa()};
    GR_DEFER(attempt_end, t);
    t->fn(t->arg, &frame);
}

static int64_t ops_attempt(void (*fn)(void *, void *), void *arg)
{
    struct attempt t = {fn, arg, 0};
    attempt_body(&t);
    return t.code;
}

/* ---- controlled runs ---- */

static int64_t fatal_code(int64_t gr_code)
{
    switch (gr_code) {
    case GR_FATAL_UNLOCK:
        return GL_UNLOCK_UNLOCKED;
    case GR_FATAL_RW_UNLOCK:
        return GL_RW_UNLOCK_UNLOCKED;
    case GR_FATAL_RW_RUNLOCK:
        return GL_RUNLOCK_UNLOCKED;
    case GR_FATAL_GO_NIL:
        return GL_GO_NIL;
    case GR_FATAL_NO_GOROUTINES:
        return GL_NO_GOROUTINES;
    default:
        return GL_FATAL_OTHER;
    }
}

static void ops_control(const struct gl_control *how, gl_fn fn, void *arg,
                        struct gl_verdict *out)
{
    static const enum gr_strategy strategies[] = {
        [GL_ZERO] = GR_STRAT_ZERO,
        [GL_RANDOM] = GR_STRAT_RANDOM,
        [GL_PCT] = GR_STRAT_PCT,
        [GL_ROBIN] = GR_STRAT_ROBIN,
    };
    struct gr_control opt = {
        .strategy = strategies[how->strategy],
        .seed = how->seed,
        .depth = how->depth,
        .expected_steps = how->steps,
        .tape = how->tape,
        .tape_len = how->tape_len,
        .any_waiter = how->any_waiter,
        .any_time = how->any_time,
        .max_steps = how->max_steps,
    };
    struct gr_verdict v = {0};
    gr_control_run(&opt, fn, arg, &v);
    static const enum gl_end ends[] = {
        [GR_END_OK] = GL_OK,
        [GR_END_EXIT] = GL_EXIT,
        [GR_END_PANIC] = GL_PANIC,
        [GR_END_FATAL] = GL_FATAL,
        [GR_END_DEADLOCK] = GL_DEADLOCK,
        [GR_END_STEPS] = GL_STEPS,
    };
    out->end = ends[v.end];
    if (v.end == GR_END_FATAL || v.end == GR_END_DEADLOCK) /* both say by code which */
        out->end = v.code == GR_FATAL_DEADLOCK ? GL_DEADLOCK : GL_FATAL;
    if (v.end == GR_END_EXIT)
        out->code = v.code;
    else if (v.end == GR_END_PANIC)
        out->code = code_of(v.value, GL_PANIC_NIL);
    else if (out->end == GL_FATAL)
        out->code = fatal_code(v.code);
    out->steps = v.steps;
    out->tape = v.tape;
    out->tape_len = v.tape_len;
    memcpy(out->text, v.text, sizeof out->text);
}

/* ---- objects ---- */

static void *ops_create(enum gl_kind kind, void *other)
{
    static const size_t bytes[GL_KINDS] = {
        [GL_MUTEX] = sizeof(gr_mutex), [GL_RWMUTEX] = sizeof(gr_rwmutex),
        [GL_WG] = sizeof(gr_wg),       [GL_ONCE] = sizeof(gr_once),
        [GL_COND] = sizeof(gr_cond),   [GL_ATOMIC] = sizeof(gr_atomic),
    };
    void *o = calloc(1, bytes[kind]);
    if (o == NULL)
        abort();
    if (kind == GL_COND)
        gr_cond_init(o, other);
    return o;
}

static void ops_destroy(enum gl_kind kind, void *object)
{
    (void)kind;
    free(object);
}

static int ops_select(struct gl_case *cases, int n, bool has_default)
{
    struct gr_case k[64];
    for (int i = 0; i < n; i++)
        k[i] = (struct gr_case){cases[i].send ? GR_SEND : GR_RECV, cases[i].ch,
                                cases[i].elem, false};
    int at = gr_select(k, n, has_default);
    if (at < 0)
        return -1;
    cases[at].ok = k[at].ok;
    return at;
}

/* ---- members whose types differ from the runtime's ---- */

static int64_t ops_procs(int n)
{
    return gr_procs(n);
}

static int64_t ops_goroutines(void)
{
    return (int64_t)gr_num_goroutines();
}

static void ops_goexit(void)
{
    gr_goexit();
}

static void ops_exit(int status)
{
    gr_exit(status);
}

/* A call on an object: the same function, with the object as the void pointer of the
 * table. */
#define DO(name)                                                                           \
    static void do_##name(void *o)                                                         \
    {                                                                                      \
        gr_##name(o);                                                                      \
    }
#define ASK(name)                                                                          \
    static bool ask_##name(void *o)                                                        \
    {                                                                                      \
        return gr_##name(o);                                                               \
    }
#define COUNT(name)                                                                        \
    static int64_t count_##name(void *o)                                                   \
    {                                                                                      \
        return gr_##name(o);                                                               \
    }

DO(mutex_lock)
DO(mutex_unlock)
ASK(mutex_trylock)
DO(rwmutex_lock)
DO(rwmutex_unlock)
ASK(rwmutex_trylock)
DO(rwmutex_rlock)
DO(rwmutex_runlock)
ASK(rwmutex_tryrlock)
DO(cond_wait)
DO(cond_signal)
DO(cond_broadcast)
DO(wg_done)
DO(wg_wait)
DO(chan_close)
DO(chan_free)
COUNT(chan_len)
COUNT(chan_cap)
COUNT(atomic_load)
ASK(timer_stop)
DO(timer_free)

static void ops_wg_add(void *w, int64_t delta)
{
    gr_wg_add(w, delta);
}

static void ops_once(void *o, gl_fn fn, void *arg)
{
    gr_once_do(o, fn, arg);
}

static void ops_store(void *a, int64_t v)
{
    gr_atomic_store(a, v);
}

static int64_t ops_add(void *a, int64_t delta)
{
    return gr_atomic_add(a, delta);
}

static bool ops_cas(void *a, int64_t old, int64_t v)
{
    return gr_atomic_cas(a, old, v);
}

static int64_t ops_swap(void *a, int64_t v)
{
    return gr_atomic_swap(a, v);
}

static void *ops_chan_make(size_t size, int64_t cap)
{
    return gr_chan_make(size, cap);
}

static void ops_send(void *ch, const void *elem)
{
    gr_chan_send(ch, elem);
}

static bool ops_recv(void *ch, void *elem)
{
    return gr_chan_recv(ch, elem);
}

static void *ops_timer(int64_t d)
{
    return gr_timer_new(d);
}

static void *ops_ticker(int64_t period)
{
    return gr_ticker_new(period);
}

static void *ops_timer_func(int64_t d, gl_fn fn, void *arg)
{
    return gr_timer_func(d, fn, arg);
}

static void *ops_timer_chan(void *t)
{
    return gr_timer_chan(t);
}

static bool ops_timer_reset(void *t, int64_t d)
{
    return gr_timer_reset(t, d);
}

#if defined(GR_RACECHECK)
/* No controlled runs: nothing orders one with the next, so that the kit's own memory, which
 * they share, would be reported. */
#define MODES "race"
#else
#define MODES "control"
#endif

/* Stacks are scanned conservatively, and kit/heapop.c leaves no stale pointer on them; but
 * frames that the compiler has not packed, or a sanitizer has spread out, have some. */
#if defined(__has_feature)
#define SANITIZED (__has_feature(thread_sanitizer) || __has_feature(address_sanitizer))
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#if defined(__OPTIMIZE__) && !SANITIZED
#define PRECISE " gc.precise"
#else
#define PRECISE ""
#endif

/* The clock of free runs is virtual when the runtime has been told so. */
static const char *ops_more_caps(void)
{
    const char *debug = getenv("GR_DEBUG");
    return debug != NULL && strstr(debug, "faketime=1") != NULL ? "faketime" PRECISE
                                                                : PRECISE;
}

const struct gl_ops gl_ops = {
    .name = "reference",
    .version = "0.1",
    .caps =
        "chan select mutex rwmutex wg once cond atomic var sleep timer ticker afterfunc "
        "panic recover goexit exit fault elem ptr make procs goroutines one heap gc "
        "cleanup "
        "weak noise parallel gotext die deadlock " MODES,
    .more_caps = ops_more_caps,
    .max_goroutines = 100000,
    .start = gr_main,
    .control = ops_control,
    .go = gr_go,
    .yield = gr_yield,
    .goexit = ops_goexit,
    .exit = ops_exit,
    .procs = ops_procs,
    .goroutines = ops_goroutines,
    .point = gr_point,
    .noise = gr_noise,
    .block = ops_block,
    .defer = ops_defer,
    .defer_recover = ops_defer_recover,
    .recover = ops_recover,
    .attempt = ops_attempt,
    .panic = ops_panic,
    .fault = ops_fault,
    .chan_make = ops_chan_make,
    .chan_free = do_chan_free,
    .chan_send = ops_send,
    .chan_recv = ops_recv,
    .chan_close = do_chan_close,
    .chan_len = count_chan_len,
    .chan_cap = count_chan_cap,
    .select = ops_select,
    .create = ops_create,
    .destroy = ops_destroy,
    .mutex_lock = do_mutex_lock,
    .mutex_unlock = do_mutex_unlock,
    .mutex_trylock = ask_mutex_trylock,
    .rw_lock = do_rwmutex_lock,
    .rw_unlock = do_rwmutex_unlock,
    .rw_trylock = ask_rwmutex_trylock,
    .rw_rlock = do_rwmutex_rlock,
    .rw_runlock = do_rwmutex_runlock,
    .rw_tryrlock = ask_rwmutex_tryrlock,
    .cond_wait = do_cond_wait,
    .cond_signal = do_cond_signal,
    .cond_broadcast = do_cond_broadcast,
    .wg_add = ops_wg_add,
    .wg_done = do_wg_done,
    .wg_wait = do_wg_wait,
    .once_do = ops_once,
    .load = count_atomic_load,
    .store = ops_store,
    .add = ops_add,
    .cas = ops_cas,
    .swap = ops_swap,
    .now_ns = gr_now_ns,
    .sleep_ns = gr_sleep_ns,
    .timer_new = ops_timer,
    .ticker_new = ops_ticker,
    .timer_func = ops_timer_func,
    .timer_chan = ops_timer_chan,
    .timer_stop = ask_timer_stop,
    .timer_reset = ops_timer_reset,
    .timer_free = do_timer_free,
    .slots_new = ops_slots,
    .root = ops_root,
    .field_set = ops_field_set,
    .pointer_load = ops_pointer_load,
    .pointer_store = ops_pointer_store,
    .pointer_swap = ops_pointer_swap,
    .pointer_cas = ops_pointer_cas,
    .chan_of_pointers = ops_chan_of_pointers,
    .finalizer = gr_finalizer,
    .cleanup_add = ops_cleanup_add,
    .cleanup_stop = ops_cleanup_stop,
    .weak_new = ops_weak_new,
    .weak_get = ops_weak_get,
    .gc = gr_gc,
    .stack_scrub = gr_stack_scrub,
    .heap_objects = ops_heap_objects,
};
