/* SPDX-License-Identifier: BSD-3-Clause */
/* park_test.c - floor sched in free mode: wake-ups are not lost, and nobody starves. */
#define _GNU_SOURCE
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gr/control.h"
#include "gr/debug.h"
#include "gr/sync.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/proc.h"

static atomic_u32 done;
static int scale(int n)
{
    return unit_is_slow() ? n / 10 : n;
}

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    env_knobs.asyncpreemptoff = 1; /* see freeze.c: our hooks are no runtime text */
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void wait_done(uint32_t n)
{
    while (load_acquire(&done) < n)
        gr_yield();
}

/* A counting gate: the smallest thing built on park and ready. */
struct gate {
    struct mutex lock;
    struct g *waiter;
    int tokens;
};

static bool gate_commit(struct g *g, void *arg)
{
    struct gate *t = arg;
    t->waiter = g;
    mutex_unlock(&t->lock);
    return true;
}

static void gate_wait(struct gate *t)
{
    sched_point();
    mutex_lock(&t->lock);
    if (t->tokens > 0) {
        t->tokens--;
        mutex_unlock(&t->lock);
        return;
    }
    sched_park(gate_commit, t, PARK_CHAN_RECV);
}

static void gate_post(struct gate *t)
{
    sched_point();
    mutex_lock(&t->lock);
    struct g *g = t->waiter;
    t->waiter = NULL;
    if (g == NULL)
        t->tokens++;
    mutex_unlock(&t->lock);
    if (g != NULL)
        sched_ready(g);
}

/* ---- park and ready ---- */

struct pair {
    struct gate ping, pong;
    int turns;
};

static void echo(void *arg)
{
    struct pair *p = arg;
    for (int i = 0; i < p->turns; i++) {
        gate_wait(&p->ping);
        gate_post(&p->pong);
    }
    add_acq_rel(&done, 1);
}

static void serve(void *arg)
{
    struct pair *p = arg;
    for (int i = 0; i < p->turns; i++) {
        gate_post(&p->ping);
        gate_wait(&p->pong);
    }
    add_acq_rel(&done, 1);
}

static void ping_pong(void *unused)
{
    (void)unused;
    enum { PAIRS = 20 };
    static struct pair pairs[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        pairs[i].turns = scale(20000);
        gr_go(echo, &pairs[i]);
        gr_go(serve, &pairs[i]);
    }
    wait_done(2 * PAIRS);
    struct gr_stats s;
    gr_stats_read(&s);
    CHECK_EQ(s.spawned, 1 + 2 * PAIRS);
    CHECK(s.parks > 0);
}

static void ping_pong_p1(void)
{
    with_procs(1, ping_pong);
}
static void ping_pong_p2(void)
{
    with_procs(2, ping_pong);
}
static void ping_pong_p8(void)
{
    with_procs(8, ping_pong);
}

static void noisy_ping_pong(void *unused)
{
    static struct pair p;
    gr_noise(2, unit_seed());
    p.turns = scale(2000);
    gr_go(echo, &p);
    serve(&p);
    wait_done(2);
    gr_noise(0, 0);
    (void)unused;
}

static void noise_p2(void)
{
    with_procs(2, noisy_ping_pong);
}

/* Wake-ups one at a time with everybody asleep in between: what the idle protocol is
 * for. */
static void lone_wakes(void *unused)
{
    (void)unused;
    static struct pair p;
    p.turns = scale(20000);
    gr_go(echo, &p);
    serve(&p);
    wait_done(2);
}

static void lone_wakes_p8(void)
{
    with_procs(8, lone_wakes);
}

static bool refuse(struct g *g, void *arg)
{
    (void)g;
    ++*(int *)arg;
    return false;
}

static void refusing(void *unused)
{
    (void)unused;
    int asked = 0;
    for (int i = 0; i < 1000; i++)
        sched_park(refuse, &asked, PARK_SELECT);
    CHECK_EQ(asked, 1000);
}

static void commit_may_refuse(void)
{
    with_procs(2, refusing);
}

/* ---- parallelism ---- */

static atomic_u32 turn;

static void answer(void *arg)
{
    uint32_t n = (uint32_t)(uintptr_t)arg;
    store_release(&turn, 2 * n + 1); /* pairs with the acquire in rendezvous */
}

/* The one who waits neither polls nor yields: the other must get a processor of its own. */
static void rendezvous(void *unused)
{
    (void)unused;
    for (uint32_t n = 1; n <= 200; n++) {
        gr_go(answer, (void *)(uintptr_t)n);
        while (load_acquire(&turn) != 2 * n + 1)
            cpu_relax();
    }
}

static void runs_in_parallel(void)
{
    with_procs(2, rendezvous);
}

/* ---- fairness ---- */

static _Atomic bool stop;

static void ping_for_ever(void *arg)
{
    struct pair *p = arg;
    while (!load_relaxed(&stop)) {
        gate_post(&p->ping);
        gate_wait(&p->pong);
    }
    add_acq_rel(&done, 1);
}

static void pong_for_ever(void *arg)
{
    struct pair *p = arg;
    while (!load_relaxed(&stop)) {
        gate_wait(&p->ping);
        gate_post(&p->pong);
    }
    gate_post(&p->pong);
}

static void victim(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        gr_yield();
    store_relaxed(&stop, true);
}

static void seat_and_victim(void *unused)
{
    (void)unused;
    static struct pair p;
    gr_go(victim, NULL);
    gr_go(pong_for_ever, &p);
    gr_go(ping_for_ever, &p);
    wait_done(1);
}

static void seat_does_not_starve_ring(void)
{
    with_procs(1, seat_and_victim);
}

static void setter(void *unused)
{
    (void)unused;
    store_relaxed(&stop, true);
}

static void hog(void *unused)
{
    (void)unused;
    gr_go(setter, NULL);
    while (!load_relaxed(&stop))
        gr_point();
}

static void polls_preempt(void)
{
    with_procs(1, hog);
}

static void count_one(void *unused)
{
    (void)unused;
    add_relaxed(&done, 1);
}

/* It never switches again, and nobody was woken for what it left in its seat. */
static void calm_hog(void *unused)
{
    (void)unused;
    while (load_relaxed(&m_self()->p->calm) < CALM_AFTER) {
        uint32_t before = load_relaxed(&done);
        gr_go(count_one, NULL);
        while (load_relaxed(&done) == before)
            gr_yield();
    }
    while (load_relaxed(&sched.nidle) == 0)
        gr_yield();
    gr_go(setter, NULL);
    while (!load_relaxed(&stop))
        cpu_relax();
}

static void a_calm_hog_is_robbed(void)
{
    with_procs(2, calm_hog);
}

static void spawn_chain(void *unused)
{
    (void)unused;
    if (!load_relaxed(&stop))
        gr_go(spawn_chain, NULL);
}

static void chain_and_victim(void *unused)
{
    (void)unused;
    gr_go(victim, NULL);
    gr_go(spawn_chain, NULL);
    while (!load_relaxed(&stop))
        gr_yield();
}

static void spawn_chain_does_not_starve(void)
{
    with_procs(1, chain_and_victim);
}

static atomic_u32 turns, is_over;

static void counts_turns(void *unused)
{
    (void)unused;
    while (load_relaxed(&is_over) == 0) {
        add_relaxed(&turns, 1);
        gr_yield();
    }
}

static void done_at_once(void *wg)
{
    gr_wg_done(wg);
}

/* Each second switch is to the one that waits, from the seat, the others are to births: the
 * ring has its turn whichever of the switches those are. */
static void joins_beside_the_ring(void *unused)
{
    (void)unused;
    gr_go(counts_turns, NULL);
    gr_yield();
    for (int shift = 0; shift < 8; shift++) {
        uint32_t before = load_relaxed(&turns);
        for (int i = 0; i < 1000; i++) {
            gr_wg wg = {0};
            gr_wg_add(&wg, 1);
            gr_go(done_at_once, &wg);
            gr_wg_wait(&wg);
        }
        CHECK(load_relaxed(&turns) - before > 10);
        gr_yield();
    }
    store_relaxed(&is_over, 1);
}

static void spawn_and_join_do_not_starve(void)
{
    with_procs(1, joins_beside_the_ring);
}

static char order[8];
static atomic_u32 norder;

static void letter(void *arg)
{
    order[add_relaxed(&norder, 1)] = *(const char *)arg;
    gr_yield();
    order[add_relaxed(&norder, 1)] = *(const char *)arg;
}

/* Who of the two comes first is nobody's business. */
static bool yields_in_turn_once(void)
{
    store_relaxed(&norder, 0);
    gr_go(letter, (void *)"a");
    gr_go(letter, (void *)"b");
    while (load_relaxed(&norder) < 4)
        gr_yield();
    return order[0] != order[1] && order[0] == order[2] && order[1] == order[3];
}

/* On a loaded machine a time slice may end between two letters, but not each time. */
static void yields_in_turn(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        if (yields_in_turn_once())
            return;
    CHECK(!"in a hundred times they never came in turn");
}

static void yield_goes_behind(void)
{
    with_procs(1, yields_in_turn);
}

static const struct unit_case cases[] = {
    UNIT(ping_pong_p1),
    UNIT(ping_pong_p2),
    UNIT(ping_pong_p8),
    UNIT(noise_p2),
    UNIT(lone_wakes_p8),
    UNIT(commit_may_refuse),
    UNIT(runs_in_parallel),
    UNIT(seat_does_not_starve_ring),
    UNIT(polls_preempt),
    UNIT(a_calm_hog_is_robbed),
    UNIT(spawn_chain_does_not_starve),
    UNIT(spawn_and_join_do_not_starve),
    UNIT(yield_goes_behind),
};
UNIT_MAIN(cases)
