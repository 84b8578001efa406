/* SPDX-License-Identifier: BSD-3-Clause */
/* dead.c - the end of a program by its own fault: deadlock, fatal errors, faults of the
 * machine.
 *
 * Owns: the deadlock verdict, what fatal errors mean in controlled runs, stack overflow.
 * Not here: finding out that nobody can run (idle.c, control.c), the texts
 * (base/fatal.def), the dump (dump.c).
 */
#include "sched/proc.h"

static bool (*fault_next)(const struct os_fault *f);
static void (*drops[4])(struct g *g);

void sched_on_drop(void (*drop)(struct g *g))
{
    for (size_t i = 0; i < ARRAY_LEN(drops); i++) {
        if (drops[i] == NULL) {
            drops[i] = drop;
            return;
        }
    }
    throw("sched_on_drop: more users than places");
}

void dead_drop(struct g *g)
{
    for (size_t i = 0; i < ARRAY_LEN(drops) && drops[i] != NULL; i++)
        drops[i](g);
}

void sched_on_fault(bool (*fn)(const struct os_fault *f))
{
    fault_next = fn;
}

/* Every fatal error concerns all goroutines; a bug of ours the runtime's own parts too. */
static void dump_dying(int fd, bool is_ours)
{
    if (is_ours || env_knobs.traceback > 0)
        sched_dump_detail(fd, true, is_ours ? 2 : env_knobs.traceback);
}

void dead_verdict(void)
{
    fatal(gr_num_goroutines() == 0 ? GR_FATAL_NO_GOROUTINES : GR_FATAL_DEADLOCK);
}

/* A fatal error in a controlled run is its verdict. */
static void on_fatal(enum gr_fatal code, const char *text)
{
    struct m *m = m_self();
    if (m == NULL || m->control == NULL || m->cur == NULL)
        return;
    char line[160];
    fmt_buf(line, sizeof line, "fatal error: %s", text);
    bool is_deadlock = code == GR_FATAL_DEADLOCK || code == GR_FATAL_NO_GOROUTINES;
    control_end(m->control, is_deadlock ? GR_END_DEADLOCK : GR_END_FATAL, code, gr_nil(),
                line);
}

void sched_die_panic(gr_value v, const char *text)
{
    struct m *m = m_self();
    if (m != NULL && m->control != NULL)
        control_end(m->control, GR_END_PANIC, 0, v, text);
}

static void overflow_end(void *unused)
{
    (void)unused;
    fatal(GR_FATAL_STACK_OVERFLOW);
}

/* The goroutine is over.  In a controlled run its stack serves for switching away, from the
 * top; else the frames on it stay, for the dump, and the handler's own stack must do. */
static void overflow_insig(struct g *g, const struct os_fault *f)
{
    char details[96];
    dump_fault_insig(g, f);
    san_unpoison(g->stack.lo, g->stack.top);
    if (sched_controlled()) {
        os_fault_redirect(f, overflow_end, NULL, g->stack.top);
        return;
    }
    fmt_buf(details, sizeof details, "runtime: goroutine stack exceeds %zu-byte limit\n",
            stack_depth(&g->stack));
    fatal_after(details, GR_FATAL_STACK_OVERFLOW);
}

/* In the handler of a machine fault, on the alternate stack. */
static bool on_fault(const struct os_fault *f)
{
    struct g *g = g_self();
    if (!f->is_kernel_sent) /* sent by somebody: nobody can recover */
        fatal_signal(os_signal_text(f->signal));
    if (g == NULL)
        return false;
    if (load_relaxed(&g->stack_at) != STACK_NONE) {
        if (stack_grow_insig(&g->stack, f->addr))
            return true;
        if (stack_owns_guard(&g->stack, f->addr)) {
            overflow_insig(g, f);
            return true;
        }
    }
    struct m *m = m_self();
    if (m->p == NULL && m->control == NULL)
        return false; /* in a bracket: no panic without a processor */
    return fault_next != NULL && fault_next(f);
}

void sched_boot(void)
{
    static _Atomic bool was_booted;
    base_boot();
    /* Relaxed: the first boot comes before other threads exist. */
    if (atomic_exchange_explicit(&was_booted, true, memory_order_relaxed))
        return;
    lock_boot();
    base_hooks.on_fatal = on_fatal;
    base_hooks.dump = dump_dying;
    os_fault_init(on_fault);
}
