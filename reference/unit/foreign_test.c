/* SPDX-License-Identifier: BSD-3-Clause */
/* foreign_test.c - work from outside of the processors: threads that make goroutines
 * runnable, a poller, the runtime's own goroutines; none of it is lost or makes a false
 * verdict. */
#define _GNU_SOURCE
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "gr/control.h"
#include "gr/debug.h"
#include "gr/time.h"
#include "os/os.h"
#include "sched/sched.h"

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

/* ---- a mailbox of goroutines: what a thread outside takes from ---- */

static struct mutex box_lock;
static struct g *box;          /* guarded by box_lock: linked by g->link */
static atomic_u32 nbox, ntold; /* waiting; announcements, a futex word */

static void tell(void)
{
    add_acq_rel(&ntold, 1); /* pairs with the loads of those that wait */
    os_futex_wake(&ntold, 1);
}

static bool box_commit(struct g *g, void *unused)
{
    (void)unused;
    mutex_lock(&box_lock);
    g->link = box;
    box = g;
    add_acq_rel(&nbox, 1); /* pairs with box_waiting */
    mutex_unlock(&box_lock);
    tell();
    return true;
}

static void box_wait(void)
{
    sched_park(box_commit, NULL, PARK_CHAN_RECV);
}

static struct g *box_take(void)
{
    mutex_lock(&box_lock);
    struct g *list = box;
    for (struct g *g = list; g != NULL; g = g->link)
        sub_seq(&nbox, 1);
    box = NULL;
    mutex_unlock(&box_lock);
    return list;
}

static uint32_t box_waiting(void)
{
    return load_acquire(&nbox);
}

/* ---- threads that make goroutines runnable ---- */

static void waker(void *unused)
{
    (void)unused;
    for (;;) {
        uint32_t told = load_acquire(&ntold);
        struct g *list = box_take();
        if (list == NULL)
            os_futex_wait(&ntold, told, -1);
        while (list != NULL) {
            struct g *g = list;
            list = g->link;
            sched_ready_foreign(g);
        }
    }
}

static void sleeper(void *unused)
{
    (void)unused;
    for (int i = 0; i < scale(2000); i++)
        box_wait();
    add_acq_rel(&done, 1);
}

static void foreign_wakes(void *unused)
{
    static struct os_thread thread;
    (void)unused;
    sched_external(1); /* the waker */
    CHECK(os_thread_start(&thread, waker, NULL, 0));
    for (int i = 0; i < 4; i++)
        gr_go(sleeper, NULL);
    sleeper(NULL);
    while (load_acquire(&done) < 5)
        gr_yield();
}

static void foreign_wakes_p1(void)
{
    with_procs(1, foreign_wakes);
}
static void foreign_wakes_p2(void)
{
    with_procs(2, foreign_wakes);
}
static void foreign_wakes_p8(void)
{
    with_procs(8, foreign_wakes);
}

static void external_ends(void *unused)
{
    (void)unused;
    sched_external(1);
    sched_external(-1);
    box_wait();
}

static void external_gone_is_deadlock(void)
{
    with_procs(2, external_ends);
}

/* The reason against the verdict goes away while everybody sleeps. */
static void taker_back(void *unused)
{
    (void)unused;
    while (box_waiting() == 0)
        os_futex_wait(&ntold, 0, -1);
    os_thread_yield();
    sched_external(-1);
}

static void external_ends_late(void *unused)
{
    static struct os_thread thread;
    (void)unused;
    sched_external(1);
    CHECK(os_thread_start(&thread, taker_back, NULL, 0));
    box_wait();
}

static void external_gone_late_is_deadlock(void)
{
    with_procs(2, external_ends_late);
}

/* ---- a poller ---- */

static atomic_u32 nready, woken, npolls;

/* Who waits becomes ready when the test says so, once per word. */
static struct g *fake_poll(int64_t timeout_ns)
{
    int64_t end = timeout_ns > 0 ? os_now_ns() + timeout_ns : timeout_ns;
    add_relaxed(&npolls, 1);
    for (;;) {
        uint32_t told = load_acquire(&ntold);
        if (load_acquire(&nready) > 0 && box_waiting() > 0) {
            store_relaxed(&nready, 0);
            return box_take();
        }
        if (timeout_ns == 0 || swap_acq_rel(&woken, 0) != 0)
            return NULL;
        int64_t left = timeout_ns < 0 ? -1 : end - os_now_ns();
        if (timeout_ns > 0 && left <= 0)
            return NULL;
        os_futex_wait(&ntold, told, left);
    }
}

static void fake_wake(void)
{
    store_release(&woken, 1); /* pairs with the swap in fake_poll */
    tell();
}

static const struct sched_poller fake = {fake_poll, fake_wake, box_waiting};

static void readier(void *unused)
{
    (void)unused;
    for (;;) {
        while (box_waiting() == 0 || load_acquire(&nready) != 0)
            os_thread_yield();
        store_release(&nready, 1); /* pairs with fake_poll */
        tell();
    }
}

static void naps(void *unused)
{
    (void)unused;
    uint64_t r = unit_seed();
    while (load_acquire(&done) < 4)
        gr_sleep_ns((int64_t)(splitmix64(&r) % 100000));
    add_acq_rel(&done, 1);
}

static void polled_sleeper(void *unused)
{
    (void)unused;
    for (int i = 0; i < scale(500); i++)
        box_wait();
    add_acq_rel(&done, 1);
}

static void polling(void *hog)
{
    static struct os_thread thread;
    sched_set_poller(&fake);
    CHECK(os_thread_start(&thread, readier, NULL, 0));
    for (int i = 0; i < 3; i++)
        gr_go(polled_sleeper, NULL);
    gr_go(naps, NULL);
    while (hog != NULL && load_acquire(&done) < 3)
        gr_yield();
    polled_sleeper(NULL);
    while (load_acquire(&done) < 5)
        gr_sleep_ns(100000);
}

static void polls_p1(void)
{
    with_procs(1, polling);
}
static void polls_p2(void)
{
    with_procs(2, polling);
}
static void polls_p8(void)
{
    with_procs(8, polling);
}

static void polling_busy(void *unused)
{
    (void)unused;
    polling(&done);
}

/* The processors never run out of work, and yet descriptors are noticed. */
static void busy_polls_p1(void)
{
    with_procs(1, polling_busy);
}
static void busy_polls_p2(void)
{
    with_procs(2, polling_busy);
}

static void hog(void *unused)
{
    (void)unused;
    while (load_acquire(&done) == 0)
        gr_point();
}

static void one_wait(void *unused)
{
    (void)unused;
    box_wait();
    add_acq_rel(&done, 1);
}

static void hogging(void *unused)
{
    (void)unused;
    sched_set_poller(&fake);
    gr_go(one_wait, NULL);
    while (box_waiting() == 0)
        gr_yield();
    store_release(&nready, 1); /* pairs with fake_poll; nobody is told */
    hog(NULL);
}

/* The one processor never looks itself: sysmon does. */
static void sysmon_polls(void)
{
    with_procs(1, hogging);
}

static void nobody_waits(void *unused)
{
    (void)unused;
    sched_set_poller(&fake);
    sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void idle_poller_is_deadlock(void)
{
    with_procs(2, nobody_waits);
}

/* ---- the runtime's own goroutines ---- */

static void own(void *arg)
{
    add_acq_rel(&done, 1);
    if (arg != NULL)
        sched_park(NULL, NULL, PARK_CHAN_RECV);
}

static void uncounted(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        sched_spawn_system(own, NULL);
    sched_spawn_system(own, &done);
    while (load_acquire(&done) < 101)
        gr_yield();
    for (int i = 0; i < 200; i++)
        gr_yield();
    CHECK_EQ(gr_num_goroutines(), 1);
    sched_park(NULL, NULL, PARK_CHAN_SEND);
}

static void system_goroutines_do_not_count(void)
{
    with_procs(1, uncounted);
}

#define DEADLOCK_TEXT "fatal error: all goroutines are asleep - deadlock!\n"

static const struct unit_case cases[] = {
    UNIT(foreign_wakes_p1),
    UNIT(foreign_wakes_p2),
    UNIT(foreign_wakes_p8),
    UNIT_EXITS(external_gone_is_deadlock, 2, DEADLOCK_TEXT),
    UNIT_EXITS(external_gone_late_is_deadlock, 2, DEADLOCK_TEXT),
    UNIT(polls_p1),
    UNIT(polls_p2),
    UNIT(polls_p8),
    UNIT(busy_polls_p1),
    UNIT(busy_polls_p2),
    UNIT(sysmon_polls),
    UNIT_EXITS(idle_poller_is_deadlock, 2, DEADLOCK_TEXT),
    UNIT_EXITS(system_goroutines_do_not_count, 2,
               DEADLOCK_TEXT "\ngoroutine 1 [chan send]:\n"),
};
UNIT_MAIN(cases)
