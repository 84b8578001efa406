/* SPDX-License-Identifier: BSD-3-Clause */
/* report.c - what an uncaught panic prints, in Go's words, and the end of the process.
 *
 * Owns: the texts of run-time errors, the chain of panics on stderr, the one death at a
 * time. Not here: the list of goroutines (sched_dump).
 *
 *     panic: 1 [recovered]            oldest first, later ones behind a tab; Goexits are
 *                                     not printed
 *     	panic: 2
 *     [signal SIGSEGV: ...]           after a nil dereference by the machine
 *
 *     goroutine 1 [running]:
 *
 * A value raised again by the deferred call that recovered it is printed once: [recovered,
 * repanicked].
 */
#include "panic.h"

/* Where text goes: a descriptor, or a buffer that cuts what is too long. */
struct sink {
    int fd; /* -1: the buffer */
    char *buf;
    size_t used, size;
};

const char *gr_err_text(enum gr_err e)
{
    switch (e) {
    case GR_ERR_SEND_CLOSED:
        return "send on closed channel";
    case GR_ERR_CLOSE_CLOSED:
        return "close of closed channel";
    case GR_ERR_CLOSE_NIL:
        return "close of nil channel";
    case GR_ERR_MAKECHAN_SIZE:
        return "makechan: size out of range";
    case GR_ERR_NIL_DEREF:
        return "runtime error: invalid memory address or nil pointer dereference";
    case GR_ERR_INDEX:
        return "runtime error: index out of range";
    case GR_ERR_DIV_ZERO:
        return "runtime error: integer divide by zero";
    case GR_ERR_WG_NEGATIVE:
        return "sync: negative WaitGroup counter";
    case GR_ERR_WG_MISUSE:
        return "sync: WaitGroup misuse: Add called concurrently with Wait";
    case GR_ERR_TICKER_PERIOD:
        return "non-positive interval for NewTicker";
    case GR_ERR_PANIC_NIL:
        return "panic called with nil argument (use GODEBUG=panicnil=1 to disable)";
    case GR_ERR_MAKESLICE_LEN:
        return "runtime error: makeslice: len out of range";
    case GR_ERR_CLEANUP_ARG:
        return "runtime.AddCleanup: ptr is equal to arg, cleanup will never run";
    }
    return "unknown error";
}

static void put(struct sink *s, const char *text, size_t n)
{
    if (s->fd >= 0) {
        fmt_write(s->fd, text, n);
        return;
    }
    for (size_t i = 0; i < n && s->used + 1 < s->size; i++)
        s->buf[s->used++] = text[i];
    s->buf[s->used] = '\0';
}

static void puts_to(struct sink *s, const char *text)
{
    put(s, text, __builtin_strlen(text));
}

/* A tab after each newline keeps a text of many lines apart from the report around it. */
static void put_indented(struct sink *s, const char *text)
{
    const char *end;
    while ((end = __builtin_strchr(text, '\n')) != NULL) {
        put(s, text, (size_t)(end - text) + 1);
        puts_to(s, "\t");
        text = end + 1;
    }
    puts_to(s, text);
}

static void put_value(struct sink *s, const struct panic *p)
{
    char buf[64];
    gr_value v = p->value;
    switch (v.kind) {
    case GR_NIL:
        puts_to(s, "nil");
        return;
    case GR_STR:
        put_indented(s, v.u.s);
        return;
    case GR_INT:
        fmt_buf(buf, sizeof buf, "%lld", (long long)v.u.i);
        break;
    case GR_PTR:
        fmt_buf(buf, sizeof buf, "(pointer) %p", v.u.p);
        break;
    case GR_ERROR:
        puts_to(s, gr_err_text(v.u.err));
        if (!p->has_bounds)
            return;
        if (p->index < 0)
            fmt_buf(buf, sizeof buf, " [%lld]", (long long)p->index);
        else
            fmt_buf(buf, sizeof buf, " [%lld] with length %lld", (long long)p->index,
                    (long long)p->length);
        break;
    }
    puts_to(s, buf);
}

static bool value_equal(const gr_value *a, const gr_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case GR_NIL:
        return true;
    case GR_INT:
        return a->u.i == b->u.i;
    case GR_STR:
        return a->u.s == b->u.s;
    case GR_PTR:
        return a->u.p == b->u.p;
    case GR_ERROR:
        return a->u.err == b->u.err;
    }
    return false;
}

/* The panic that newer ones were put on top of: Goexits in between do not count. */
static struct panic *older_panic(const struct panic *p)
{
    struct panic *q = p->older;
    while (q != NULL && q->is_goexit)
        q = q->older;
    return q;
}

static bool is_repanicked(const struct panic *p, const struct panic *newer)
{
    return newer != NULL && newer->older == p && value_equal(&p->value, &newer->value);
}

/* Lines for p, which is no Goexit, and all older ones; newer is the next printed one.
 * Recursion is as deep as panics are nested, which the stack has survived once already with
 * larger frames. */
static void put_chain(struct sink *s, const struct panic *p, const struct panic *newer)
{
    struct panic *older = older_panic(p);
    if (older != NULL) {
        put_chain(s, older, p);
        if (is_repanicked(older, p))
            return;
        puts_to(s, "\t");
    }
    puts_to(s, "panic: ");
    put_value(s, p);
    if (p->recovered)
        puts_to(s, is_repanicked(p, newer) ? " [recovered, repanicked]" : " [recovered]");
    puts_to(s, "\n");
}

static void put_signal(struct sink *s, const struct panic *p)
{
    char buf[128];
    for (; p != NULL; p = p->older) {
        if (p->fault_pc == 0)
            continue;
        fmt_buf(buf, sizeof buf,
                "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x%llx]\n",
                (unsigned long long)p->fault_pc);
        puts_to(s, buf);
        return;
    }
}

void panic_settle(void)
{
    if (UNLIKELY(death_has_begun()))
        death_begin();
}

void panic_die(struct g *g)
{
    const struct panic *p = g->panics;
    struct sink out = {.fd = 2};
    char line[160];
    struct sink first = {.fd = -1, .buf = line, .size = sizeof line};
    sched_point(); /* others may come in between the last deferred call and the death */
    put_chain(&first, p, NULL);
    line[__builtin_strcspn(line, "\n")] = '\0';
    sched_die_panic(p->value, line);
    death_begin();
    put_chain(&out, p, NULL);
    put_signal(&out, p);
    if (env_knobs.traceback > 0 || MUTANT(trace_level_ignored))
        sched_dump(2, env_knobs.is_traceback_all);
    death_end();
}
