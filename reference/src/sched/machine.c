/* SPDX-License-Identifier: BSD-3-Clause */
/* machine.c - threads that run goroutines: their beginning and their loop.
 *
 * Owns: the pool of Ms, a thread's start and life, gr_threads_max.
 * Not here: what it runs next (find.c), its sleep (idle.c).
 *
 * A thread is started when a P should run and no sleeping thread is there to have it.
 * There are as many as there are Ps, plus those that block in the system or are tied to a
 * goroutine.  A thread does not end, but with a goroutine that is tied to it (bound.c): it
 * sleeps until it is needed again.  The caller of gr_main is one of them as long as
 * goroutine 1, which starts there, does not leave it (bound.c I4): it must be able to
 * return to its caller at any time.
 *
 * Needing more threads than gr_threads_max allows is fatal.  A thread that the system
 * refuses is not, as long as others exist: its P stays idle, its work goes to them.
 *
 *   I1  m->next_p is set before the thread starts: it begins with a P.
 */
#include "gr/thread.h"

#include "sched/proc.h"

#define REFUSALS_MAX 100u /* with no M at all */

static struct fixpool machines = FIXPOOL_INIT(sizeof(struct m));
static uint32_t others = 1; /* guarded by sched.lock: threads that are no Ms; sysmon */
static uint32_t refusals;   /* guarded by sched.lock */

static struct m *machine_new(struct p *p)
{
    struct m *m = fixpool_acquire(&machines);
    /* No memset: race detectors watch it, also where they do not watch the runtime. */
    for (size_t i = 0; i < sizeof *m / sizeof(uint64_t); i++)
        ((volatile uint64_t *)(void *)m)[i] = 0;
    m->next_p = p;
    return m;
}

/* How many threads there are, with it. */
static uint32_t count_in_locked(struct m *m)
{
    list_push_back(&sched.all_ms, &m->all);
    return others + ++sched.nms;
}

static void count_out_locked(struct m *m)
{
    list_remove(&m->all);
    sched.nms--;
}

static void machine_begin(struct m *m)
{
    m_set_self(m);
    os_thread_precise();
    if (!os_altstack_init(&m->altstack))
        fatal(GR_FATAL_NO_MEMORY);
    fiber_adopt(&m->g0);
    store_relaxed(&m->number, os_thread_number());
    m_take(m, m->next_p);
}

/* The thread is about to end; its P was given away. */
static void machine_end(struct m *m)
{
    os_altstack_fini(&m->altstack);
    m_set_self(NULL);
    mutex_lock(&sched.lock);
    count_out_locked(m);
    mutex_unlock(&sched.lock);
    fixpool_release(&machines, m);
}

static void m_loop(void *arg)
{
    struct m *m = arg;
    machine_begin(m);
    struct g *g;
    while ((g = m->is_apart ? bound_next(m) : find_runnable(m)) != NULL) {
        if (m->is_spinning)
            spin_end(m);
        if (UNLIKELY(load_relaxed(&g->is_bound)) && g->bound_m != m)
            bound_hand(m, g);
        else
            sched_run(m, g);
    }
    machine_end(m);
}

void machine_first(struct p *p, struct g *g)
{
    struct m *m = machine_new(p);
    m->is_apart = m->is_first = true;
    mutex_lock(&sched.lock);
    count_in_locked(m);
    mutex_unlock(&sched.lock);
    machine_begin(m);
    while (g != NULL) {
        sched_run(m, g);
        bool is_over = (load_relaxed(&sched_attention) & ATT_STOP) != 0;
        g = is_over ? NULL : bound_next(m);
    }
    machine_end(m);
    mutex_lock(&sched.lock);
    others++;
    mutex_unlock(&sched.lock);
}

/* Without any M somebody must come to see to goroutines: sysmon tries again and again. */
static bool refused(struct m *m)
{
    mutex_lock(&sched.lock);
    count_out_locked(m);
    bool is_hopeless = sched.nms == 0 && ++refusals >= REFUSALS_MAX;
    mutex_unlock(&sched.lock);
    fixpool_release(&machines, m);
    if (is_hopeless)
        die(THREAD_REFUSED);
    return false;
}

static void check_limit(uint32_t n, uint32_t max)
{
    if (n <= max)
        return;
    fmt_fd(2, "runtime: program exceeds %u-thread limit\n", max);
    fatal(GR_FATAL_THREADS);
}

bool machine_start(struct p *p, bool is_spinning)
{
    struct m *self = m_self();
    if (self != NULL && self->is_apart && (self->nlocks > 0 || !self->is_first))
        return false; /* who knows what the program did to that thread: sysmon does it */
    struct m *m = machine_new(p);
    m->is_spinning = is_spinning;
    mutex_lock(&sched.lock);
    uint32_t n = count_in_locked(m), max = sched.nms_max;
    mutex_unlock(&sched.lock);
    check_limit(n, max);
    struct os_thread thread; /* not in *m: it may have ended when we detach it */
    if (!os_thread_start(&thread, m_loop, m, 0))
        return refused(m);
    os_thread_detach(&thread);
    return true;
}

int gr_threads_max(int n)
{
    mutex_lock(&sched.lock);
    uint32_t former = sched.nms_max, used = others + sched.nms;
    if (n > 0)
        sched.nms_max = (uint32_t)n;
    mutex_unlock(&sched.lock);
    if (n > 0)
        check_limit(used, (uint32_t)n);
    return (int)former;
}
