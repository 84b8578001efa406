/* SPDX-License-Identifier: BSD-3-Clause */
/* fatal.c - how the process dies: message, goroutines, exit status.
 *
 * Owns: the order of a death's steps, and that only one thread dies at a time.
 * Not here: what a goroutine dump looks like (hook dump, floor prof), verdicts of
 * controlled runs (hook on_fatal, floor sched), uncaught panics (floor panic).
 *
 * Idea: the dying thread must get by with what it has: no lock, no allocation, no return.
 * _exit instead of exit, since atexit functions may want locks that a goroutine holds.
 *
 *   I1  The first line on stderr is complete before the dump starts.
 *   I2  A second thread that wants to die waits for the first one to end the process; a
 *       death inside a death ends it at once.
 */
#define _GNU_SOURCE
#include "fatal.h"

#include <stdlib.h>
#include <unistd.h>

#include "env.h"
#include "fmt.h"
#include "hook.h"

#define EXIT_FATAL 2

static const char *const texts[] = {
#define FATAL_DEF(code, text) [code] = text,
#include "fatal.def"
};

STATIC_ASSERT(ARRAY_LEN(texts) == GR_FATAL_FINALIZER_SET + 1,
              "fatal.def covers enum gr_fatal");

/* atomic: 0 while nobody dies, else the kernel's number of the thread that does */
static atomic_u32 dying;

const char *fatal_text(enum gr_fatal code)
{
    if (code < 1 || code >= ARRAY_LEN(texts) || texts[code] == NULL)
        return "unknown fatal error";
    return texts[code];
}

void death_begin(void)
{
    uint32_t expected = 0, me = (uint32_t)gettid();
    /* Pairs with nothing: who loses the race reads no data of who won. */
    if (cas_relaxed(&dying, &expected, me))
        return;
    if (expected == me)
        _exit(EXIT_FATAL);
    for (;;)
        pause();
}

bool death_has_begun(void)
{
    return load_relaxed(&dying) != 0;
}

void death_end(void)
{
    if (env_knobs.is_crash)
        abort();
    _exit(EXIT_FATAL);
}

static NORETURN void die_dumping(bool is_ours)
{
    if (base_hooks.dump != NULL)
        base_hooks.dump(2, is_ours);
    if (is_ours && env_knobs.abort != 0)
        abort();
    death_end();
}

void fatal_after(const char *details, enum gr_fatal code)
{
    if (base_hooks.on_fatal != NULL)
        base_hooks.on_fatal(code, fatal_text(code));
    death_begin();
    fmt_fd(2, "%sfatal error: %s\n", details, fatal_text(code));
    die_dumping(false);
}

void fatal(enum gr_fatal code)
{
    fatal_after("", code);
}

void fatal_signal(const char *line)
{
    death_begin();
    fmt_fd(2, "%s\n", line);
    die_dumping(false);
}

void throw(const char *message)
{
    death_begin();
    fmt_fd(2, "fatal error: runtime: %s\n", message);
    die_dumping(true);
}

void die(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    fmt_vbuf(text, sizeof text, format, args);
    va_end(args);
    fmt_fd(2, "gr: %s\n", text);
    _exit(EXIT_FATAL);
}

void assert_failed(const char *file, int line, const char *cond)
{
    char text[512];
    fmt_buf(text, sizeof text, "%s:%d: assertion failed: %s", file, line, cond);
    throw(text);
}

bool assert_is_slow_on(void)
{
    return env_knobs.check >= 2;
}
