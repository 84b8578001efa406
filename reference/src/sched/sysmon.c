/* SPDX-License-Identifier: BSD-3-Clause */
/* sysmon.c - the watcher: a thread without a P that looks at the others from time to time.
 *
 * Owns: asking for preemption, taking Ps from threads that block in the system, waking
 * sleepers for deadlines that nobody attends to, asking the poller when nobody else does.
 * Not here: obeying (sched_point_slow), timer expiry (find.c), what a bracket is (block.c).
 *
 * It looks each 20 us while it finds blocked threads or goroutines that wait for a P while
 * another one is idle; less and less often, down to 400 times a second, or 1000 times while
 * a P is idle, when it finds none; earlier when a slice that others wait for ends; and
 * sleeps for good while no P is busy, but for the lines that GR_DEBUG=schedtrace asks for.
 *
 * A goroutine that others wait for has a slice of SLICE_NS.  A P whose tick moved since the
 * last look has switched at some time in between, and the slice counts from the last look:
 * so one is shorter by a nap sometimes, but nobody waits for longer than a slice, however
 * long the naps are.  At its end the thread is asked to yield at its next poll: a flag of
 * the P, and a bit in the one word that all polls read; FREEZE_NS later by a signal.  A
 * timer that is due waits less long: who slept asked for a time.
 *
 * Ps of threads in the system are said to be wanted first, all that a look finds, and taken
 * after one barrier for all of them (block.c): it disturbs whoever runs.
 *
 *   I1  What sysmon remembers of a P (seen_*, taking) is its own; all else it learns from
 *       atomics, and takes a P under sched.lock.
 */
#include "sched/proc.h"

#define SLICE_NS 10000000
#define DUE_SLICE_NS 1000000 /* when a timer of that P is due */
#define SHORTEST_NS 20000
#define FREEZE_NS 100000 /* from a request to the signal, and to the next one */
#define LONGEST_NS 2500000
#define LONGEST_IF_IDLE_NS 1000000
#define QUIET_LOOKS 50u /* looks without a find before they become rarer */

static atomic_u32 never;
static int64_t looked_ns; /* owner: sysmon; when it looked last */
/* owner: sysmon; what was left then of the slice that ends first, of those waited for */
static int64_t slice_left_ns = LONGEST_NS;

static bool has_work(struct p *p, int64_t now)
{
    return load_relaxed(&sched.nglobal) > 0 || !runq_is_empty(&p->q) ||
           timer_next_ns(&p->timers) <= now;
}

/* A request that no poll has seen becomes a signal, each FREEZE_NS. */
static void freeze_if_deaf(struct p *p, int64_t now)
{
    bool is_new = !load_relaxed(&p->preempt);
    if (!is_new && now - p->asked_ns < FREEZE_NS)
        return;
    p->asked_ns = now;
    if (!is_new)
        freeze_ask(p);
}

/* When a switch that this look is the first to see was, at the earliest. */
static int64_t switched_ns(int64_t now)
{
    return now - looked_ns < LONGEST_NS ? looked_ns : now - LONGEST_NS;
}

static bool preempt_if_long(struct p *p, int64_t now)
{
    uint32_t tick = load_relaxed(&p->tick);
    if (tick != p->seen_tick) {
        p->seen_tick = tick;
        p->seen_ns = switched_ns(now);
        return false; /* the next look comes before that slice ends */
    }
    int64_t clock = sched_now_ns();
    if (!has_work(p, clock))
        return false;
    int64_t slice = timer_next_ns(&p->timers) <= clock ? DUE_SLICE_NS : SLICE_NS;
    int64_t left = p->seen_ns + slice - now;
    if (left > 0) {
        slice_left_ns = left < slice_left_ns ? left : slice_left_ns;
        return false;
    }
    freeze_if_deaf(p, now);
    store_relaxed(&p->preempt, true);
    return true;
}

/* Whether somebody could use a P whose thread is blocked, or it is blocked for long. */
static bool is_wanted(struct p *p, int64_t now)
{
    bool is_slack = load_relaxed(&sched.nidle) > 0 || load_relaxed(&sched.nspinning) > 0;
    return !runq_is_empty(&p->q) || load_relaxed(&sched.nglobal) > 0 || !is_slack ||
           now - p->blocked_ns >= SLICE_NS;
}

static bool take_if_frozen(struct p *p)
{
    uint64_t word = load_relaxed(&p->state);
    return word % (1u << P_STATE_BITS) == P_FROZEN && idle_hand_off(p, word);
}

/* True when p is to be taken: its thread was blocked for a whole look. */
static bool want_if_blocked(struct p *p, int64_t now)
{
    uint64_t word = load_relaxed(&p->state);
    if (word % (1u << P_STATE_BITS) != P_BLOCKED)
        return false;
    if (word != p->seen_block) {
        p->seen_block = word;
        p->blocked_ns = now;
        return false;
    }
    if (!is_wanted(p, now))
        return false;
    mutex_lock(&sched.lock);
    if (!sched.stop_wanted && block_want_locked(p, word))
        p->taking = word;
    mutex_unlock(&sched.lock);
    return p->taking != 0;
}

/* True when one of those that are wanted was taken. */
static bool take_wanted(void)
{
    bool any = false;
    block_barrier();
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        struct p *p = load_relaxed(&sched.ps[i]);
        if (p->taking != 0)
            any |= idle_hand_off(p, p->taking);
        p->taking = 0;
    }
    return any;
}

static int64_t collector_look(int64_t now)
{
    return gc_hooks.watch != NULL ? gc_hooks.watch(now) : -1;
}

/* True when it found something to do. */
static bool look(int64_t now)
{
    bool any_long = false, any_taken = false, any_wanted = false, is_overdue = false;
    /* The bit goes out first: a request of the last round was obeyed, or is asked for
     * again. */
    if ((load_relaxed(&sched_attention) & ATT_PREEMPT) != 0)
        atomic_fetch_and_explicit(&sched_attention, ~(uint32_t)ATT_PREEMPT,
                                  memory_order_relaxed);
    int64_t clock = sched_now_ns();
    slice_left_ns = LONGEST_NS;
    for (uint32_t i = 0; i < load_acquire(&sched.nps); i++) { /* pairs with procs_init */
        struct p *p = load_relaxed(&sched.ps[i]);
        any_taken |= p->seen_tick == load_relaxed(&p->tick) && wake_for_stuck(p);
        any_long |= preempt_if_long(p, now);
        any_taken |= take_if_frozen(p);
        any_wanted |= want_if_blocked(p, now);
        is_overdue |= timer_next_ns(&p->timers) <= clock;
    }
    looked_ns = now;
    if (any_long)
        atomic_fetch_or_explicit(&sched_attention, ATT_PREEMPT, memory_order_relaxed);
    if (any_wanted)
        any_taken |= take_wanted();
    if ((is_overdue || any_long) && !MUTANT(sysmon_wakes_none))
        idle_wake_foreign();
    idle_retry();
    poll_late(now);
    coarse_update();
    squeeze_look();
    trace_look();
    collector_look(now);
    return any_taken || any_long;
}

/* While a P is idle work may wait in another one's seat (wake.c I1). */
static int64_t longest_ns(void)
{
    return load_relaxed(&sched.nidle) > 0 ? LONGEST_IF_IDLE_NS : LONGEST_NS;
}

/* Until some P is busy. */
static void sleep_if_idle(void)
{
    mutex_lock(&sched.lock);
    if (sched.nbusy == 0 && !sched.is_short)
        store_seq(&sched.sysmon_asleep, 1);
    mutex_unlock(&sched.lock);
    while (load_seq(&sched.sysmon_asleep) != 0) {
        int64_t trace_ns = trace_left_ns(), ns = collector_look(os_now_ns());
        os_futex_wait(&sched.sysmon_asleep, 1,
                      ns < 0 || (trace_ns >= 0 && trace_ns < ns) ? trace_ns : ns);
        trace_look();
    }
}

/* With every P busy nobody else looks at deadlines in time; slices are sysmon's matter. */
static int64_t nap_ns(int64_t period)
{
    period = slice_left_ns < period ? slice_left_ns : period;
    int64_t next = load_relaxed(&sched.nidle) > 0 ? TIMER_NEVER : earliest_ns();
    if (next > TIMER_NEVER - DUE_SLICE_NS) /* none, or as good as */
        return period;
    int64_t left = next + DUE_SLICE_NS - sched_now_ns();
    left = left > DUE_SLICE_NS ? left : DUE_SLICE_NS;
    return left < period ? left : period;
}

static void sysmon_loop(void *unused)
{
    uint32_t quiet = 0;
    int64_t period = SHORTEST_NS;
    (void)unused;
    os_thread_precise();
    calm_allow();
    trace_look();
    while ((load_relaxed(&sched_attention) & ATT_STOP) == 0) {
        os_futex_wait(&never, 0, nap_ns(period));
        sleep_if_idle();
        if (look(os_now_ns())) {
            quiet = 0;
            period = SHORTEST_NS;
        } else if (++quiet > QUIET_LOOKS) {
            int64_t longest = longest_ns();
            period = 2 * period < longest ? 2 * period : longest;
        }
    }
}

void sysmon_poke(void)
{
    if (load_relaxed(&sched.sysmon_asleep) == 0)
        return;
    coarse_update();
    store_seq(&sched.sysmon_asleep, 0);
    os_futex_wake(&sched.sysmon_asleep, 1);
}

void sysmon_start(void)
{
    static struct os_thread thread;
    if (!os_thread_start(&thread, sysmon_loop, NULL, 0))
        die(THREAD_REFUSED);
    os_thread_detach(&thread);
}
