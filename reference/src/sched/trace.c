/* SPDX-License-Identifier: BSD-3-Clause */
/* trace.c - lines about the scheduler, GR_DEBUG=schedtrace=ms, in Go's words.
 *
 * Owns: the lines and when they are due.  Not here: who looks at the clock (sysmon.c).
 *
 *     SCHED 1004ms: gomaxprocs=2 idleprocs=0 threads=3 spinningthreads=0 idlethreads=1
 *         runqueue=4 [12 0]                                        (all in one line)
 *
 * In brackets: the length of each processor's queue.  With scheddetail=1 lines follow for
 * each processor, thread and goroutine instead; threads go by the system's numbers:
 *
 *       P0: status=busy schedtick=381 runqsize=12
 *       M4711: p=0 curg=1 spinning=false blocked=false lockedg=nil
 *       G1: status=waiting(chan receive)
 *
 * Numbers are read while others change them: each was right at some time near the line's.
 */
#include "sched/proc.h"

#define MS 1000000

static int64_t began_ns, last_ns; /* owner: sysmon */

int64_t trace_left_ns(void)
{
    if (env_knobs.schedtrace == 0)
        return -1;
    int64_t left = last_ns + (int64_t)env_knobs.schedtrace * MS - os_now_ns();
    return left > 0 ? left : 0;
}

struct counts {
    uint32_t procs, idle_procs, threads, idle_threads;
};

static uint32_t list_length(const struct list_link *head)
{
    uint32_t n = 0;
    for (const struct list_link *l = head->next; l != NULL && l != head; l = l->next)
        n++;
    return n;
}

static struct counts count_locked(void)
{
    return (struct counts){
        .procs = load_relaxed(&sched.nprocs),
        .idle_procs = load_relaxed(&sched.nidle),
        .threads = sched.nms,
        .idle_threads = list_length(&sched.idle_ms),
    };
}

static uint32_t queue_length(struct p *p)
{
    return runq_len(&p->q) + (load_relaxed(&p->q.next) != NULL) +
           load_relaxed(&p->q.fresh.n);
}

static void put_processor(struct p *p, uint32_t state)
{
    static const char *const states[] = {[P_IDLE] = "idle",
                                         [P_BUSY] = "busy",
                                         [P_BLOCKED] = "syscall",
                                         [P_RETIRED] = "retired"};
    fmt_fd(2, "  P%u: status=%s schedtick=%u runqsize=%u\n", p->id, states[state],
           load_relaxed(&p->tick), queue_length(p));
}

/* What a thread was at some moment; numbers that are 0 or none print as nil. */
struct thread_line {
    uint32_t number;
    int64_t p;
    uint64_t curg, lockedg;
    bool is_spinning, is_blocked;
};

#define THREADS_SHOWN 64u

static uint64_t number_of(struct g *g)
{
    return g != NULL ? load_relaxed(&g->goid) : 0;
}

/* UNWATCHED: most of it is the thread's own. */
UNWATCHED static struct thread_line thread_line(const struct m *m)
{
    const struct p *p = m->p;
    return (struct thread_line){.number = load_relaxed(&m->number),
                                .p = p != NULL ? (int64_t)p->id : -1,
                                .curg = number_of(m->cur),
                                .lockedg = number_of(m->bound),
                                .is_spinning = m->is_spinning,
                                .is_blocked = p == NULL};
}

static const char *number_text(char buf[24], int64_t n, int64_t least)
{
    if (n < least)
        return "nil";
    fmt_buf(buf, 24, "%lld", (long long)n);
    return buf;
}

static void put_thread(const struct thread_line *t)
{
    char p[24], curg[24], lockedg[24];
    fmt_fd(2, "  M%u: p=%s curg=%s spinning=%s blocked=%s lockedg=%s\n", t->number,
           number_text(p, t->p, 0), number_text(curg, (int64_t)t->curg, 1),
           t->is_spinning ? "true" : "false", t->is_blocked ? "true" : "false",
           number_text(lockedg, (int64_t)t->lockedg, 1));
}

/* Threads may end: they are looked at under the lock, and printed after it. */
static void put_threads(void)
{
    static struct thread_line lines[THREADS_SHOWN]; /* owner: sysmon */
    uint32_t n = 0, left = 0;
    mutex_lock(&sched.lock);
    for (struct list_link *l = sched.all_ms.next; l != &sched.all_ms; l = l->next) {
        if (n < THREADS_SHOWN)
            lines[n++] = thread_line(LIST_ENTRY(l, struct m, all));
        else
            left++;
    }
    mutex_unlock(&sched.lock);
    for (uint32_t i = 0; i < n; i++)
        put_thread(&lines[i]);
    if (left > 0)
        fmt_fd(2, "  ...%u more threads...\n", left);
}

static void put_goroutine(struct g *g)
{
    static const char *const states[] = {
        [G_IDLE] = "idle",       [G_RUNNABLE] = "runnable", [G_RUNNING] = "running",
        [G_WAITING] = "waiting", [G_BLOCKED] = "syscall",   [G_DEAD] = "dead"};
    uint32_t state = load_relaxed(&g->state);
    const char *why = "";
    if (state == G_WAITING)
        why = park_reason_text(load_relaxed(&g->why));
    if (state != G_IDLE && state != G_DEAD)
        fmt_fd(2, "  G%llu: status=%s(%s)%s\n", (unsigned long long)load_relaxed(&g->goid),
               states[state], why, load_relaxed(&g->is_system) ? " system" : "");
}

static void put_details(void)
{
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        struct p *p = load_relaxed(&sched.ps[i]);
        put_processor(p, load_relaxed(&p->state) % (1u << P_STATE_BITS));
    }
    put_threads();
    for (struct g *g = g_first(); g != NULL; g = g->all_next)
        put_goroutine(g);
}

static void put_lines(int64_t now)
{
    char line[960];
    mutex_lock(&sched.lock);
    struct counts c = count_locked();
    mutex_unlock(&sched.lock);
    size_t n = fmt_buf(line, sizeof line,
                       "SCHED %lldms: gomaxprocs=%u idleprocs=%u threads=%u "
                       "spinningthreads=%u idlethreads=%u runqueue=%u",
                       (long long)((now - began_ns) / MS), c.procs, c.idle_procs, c.threads,
                       load_relaxed(&sched.nspinning), c.idle_threads,
                       load_relaxed(&sched.nglobal));
    for (uint32_t i = 0; env_knobs.scheddetail == 0 && i < c.procs; i++)
        n += fmt_buf(line + n, sizeof line - n, "%s%u", i == 0 ? " [" : " ",
                     queue_length(load_relaxed(&sched.ps[i])));
    fmt_fd(2, "%s%s\n", line, env_knobs.scheddetail == 0 ? "]" : "");
    if (env_knobs.scheddetail != 0)
        put_details();
}

void trace_look(void)
{
    if (env_knobs.schedtrace == 0)
        return;
    int64_t now = os_now_ns();
    if (began_ns == 0)
        began_ns = now;
    if (now - last_ns < (int64_t)env_knobs.schedtrace * MS)
        return;
    last_ns = now;
    put_lines(now);
}
