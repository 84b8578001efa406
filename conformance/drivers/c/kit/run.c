/* SPDX-License-Identifier: BSD-3-Clause */
/* run.c - the three modes: free, one, control.
 *
 * Owns: the loop over executions, joining, seeds.  Not here: the conversation (session.c).
 *
 *   I1  The results of an execution are read before its goroutines are waited for.
 *   I2  An execution that may still have goroutines is abandoned, never cleared.
 *   I3  In mode one nothing of the kit is alive but the main goroutine.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct loop {
    const struct request *q;
    struct report *r;
    const char *why;   /* NULL: all is well */
    _Atomic bool over; /* what main did is seen by who reads this */
};

static const char LOG_TOO_LONG[] = "more notes in one execution than the driver keeps";
static const char NO_MEMORY[] = "out of memory";
static const char TOO_MANY[] = "more distinct outcomes than the driver keeps";

static int64_t unit_ns(const struct request *q)
{
    return q->unit_us * 1000;
}

/* Equal seeds give equal executions, neighbouring seeds unlike ones (splitmix64). */
static uint64_t mix(uint64_t seed, uint64_t n)
{
    uint64_t z = seed * 0xD1342543DE82EF95u + n * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static const char *trouble(const struct exec *x, const struct report *r)
{
    if (atomic_load_explicit(&x->log_full, memory_order_relaxed))
        return LOG_TOO_LONG;
    return r->overflow ? TOO_MANY : NULL;
}

/* ---- free ---- */

static bool is_clock_virtual(void)
{
    return has_word(gl_ops.caps, "faketime") ||
           (gl_ops.more_caps != NULL && has_word(gl_ops.more_caps(), "faketime"));
}

static void join(struct exec *x)
{
    bool sleeps = is_clock_virtual(); /* such a clock stands still while anybody yields */
    int64_t nap = x->unit_ns;
    /* Pairs with the release in goroutine_done: what the goroutines did is over and seen.
     */
    while (atomic_load_explicit(&x->alive, memory_order_acquire) > 0)
        if (!sleeps) {
            gl_ops.yield();
        } else {
            gl_ops.sleep_ns(nap);
            nap += nap < INT64_MAX / 8 ? nap : 0; /* years pass in few naps */
        }
}

/* A goroutine that has said its last word may still be counted by the runtime for a
 * moment. */
static void settle(int64_t before)
{
    for (int i = 0; i < 100000 && gl_ops.goroutines() > before; i++)
        gl_ops.yield();
}

static void prepare(const struct request *q)
{
    if (q->procs > 0 && gl_ops.procs != NULL)
        gl_ops.procs((int)q->procs);
    if (q->noise > 0 && gl_ops.noise != NULL)
        gl_ops.noise(q->noise, q->how.seed);
}

static void free_executions(struct loop *l)
{
    const struct plan *p = l->r->plan;
    struct exec *x = NULL;
    bool counts = p->uses[OP_GOROUTINES] > 0 && l->q->join;
    prepare(l->q);
    int64_t before = counts ? gl_ops.goroutines() : 0;
    for (int64_t i = 0; i < l->q->iters && l->why == NULL; i++) {
        if (x == NULL)
            x = exec_new(p, unit_ns(l->q));
        if (x != NULL)
            x->may_sleep = !is_clock_virtual();
        if (x == NULL) {
            l->why = NO_MEMORY;
            return;
        }
        exec_main(x);
        struct gl_verdict v = {.end = GL_OK};
        report_add(l->r, x, &v);
        l->why = trouble(x, l->r);
        exec_stop_timers(x);
        if (l->q->join)
            join(x);
        if (counts)
            settle(before);
        if (atomic_load_explicit(&x->alive, memory_order_acquire) == 0)
            exec_clear(x);
        else
            x = NULL; /* I2 */
    }
    exec_free(x);
}

static void free_main(void *arg)
{
    struct loop *l = arg;
    free_executions(l);
    /* Pairs with the acquire in run_free. */
    atomic_store_explicit(&l->over, true, memory_order_release);
}

bool run_free(const struct request *q, struct report *r, const char **why)
{
    struct loop l = {q, r, NULL, false};
    int status = gl_ops.start(free_main, &l);
    /* Pairs with the release in free_main: a runtime need not show a race detector that
     * start returns after main. */
    if (!atomic_load_explicit(&l.over, memory_order_acquire) || status != 0)
        l.why = "the runtime did not run main to its end";
    *why = l.why;
    return l.why == NULL;
}

/* ---- one ---- */

static const char *one_id;

static void tell_note(int64_t v)
{
    char line[80];
    int n = snprintf(line, sizeof line, "note %s %lld\n", one_id, (long long)v);
    /* One write: notes of several goroutines do not mix. */
    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(4);
}

struct one {
    const struct request *q;
    struct exec *x;
};

static void one_main(void *arg)
{
    struct one *o = arg;
    struct gl_verdict v = {.end = GL_OK};
    prepare(o->q);
    exec_main(o->x);
    /* In one write: another goroutine's death may end the process at any moment. */
    char *line = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&line, &len);
    if (f == NULL)
        _exit(4);
    fprintf(f, "out %s 1 ", o->q->id);
    report_write(o->x, &v, f);
    fputc('\n', f);
    if (fclose(f) != 0 || write(STDOUT_FILENO, line, len) != (ssize_t)len)
        _exit(4);
    free(line);
}

bool run_one(const struct request *q, const struct plan *p)
{
    struct one o = {q, exec_new(p, unit_ns(q))};
    if (o.x == NULL)
        return false;
    one_id = q->id;
    o.x->may_sleep = !is_clock_virtual();
    o.x->on_note = tell_note;
    fflush(stdout);
    return gl_ops.start(one_main, &o) == 0;
}

/* ---- control ---- */

void run_control_once(const struct gl_control *how, struct exec *x, struct gl_verdict *v)
{
    memset(v, 0, sizeof *v);
    gl_ops.control(how, exec_main, x, v);
}

bool run_control(const struct request *q, struct report *r, const char **why)
{
    struct exec *x = exec_new(r->plan, unit_ns(q));
    struct gl_control how = q->how;
    *why = x == NULL ? NO_MEMORY : NULL;
    for (int64_t i = 0; i < q->iters && *why == NULL; i++) {
        struct gl_verdict v;
        how.seed = mix(q->how.seed, (uint64_t)i);
        run_control_once(&how, x, &v);
        how.steps = v.steps > UINT32_MAX ? UINT32_MAX : (uint32_t)v.steps;
        report_add(r, x, &v);
        *why = trouble(x, r);
        exec_clear(x);
    }
    exec_free(x);
    return *why == NULL;
}
