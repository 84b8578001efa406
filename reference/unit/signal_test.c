/* SPDX-License-Identifier: BSD-3-Clause */
/* signal_test.c - floor signal: defaults, delivery to channels, taking channels away. */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gr.h"

static void with_procs(int procs, gr_fn fn)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, NULL), 0);
}

static void send(int sig)
{
    CHECK(kill(getpid(), sig) == 0);
}

static int receive(gr_chan *c)
{
    int sig = 0;
    CHECK(gr_chan_recv(c, &sig));
    return sig;
}

static gr_chan *subscribe(int room, const int *sigs, size_t n)
{
    gr_chan *c = gr_chan_make(sizeof(int), room);
    CHECK(gr_signal_notify(c, sigs, n));
    return c;
}

/* ---- defaults ---- */

static void die_by(void *arg)
{
    send(*(int *)arg);
    gr_sleep_ns(60000000000);
    unit_fail(__FILE__, __LINE__, "still alive");
}

static void die_with(int sig)
{
    base_boot();
    env_knobs.procs = 2;
    gr_main(die_by, &sig);
}

/* TSan runs the handler of such a signal at once, be it in the midst of its own locks. */
static void die_with_fault(int sig)
{
    if (GR_TSAN || GR_RACECHECK)
        unit_skip("not sound under TSan");
    die_with(sig);
}

static void term_kills(void)
{
    die_with(SIGTERM);
}
static void int_kills(void)
{
    die_with(SIGINT);
}
static void hup_kills(void)
{
    die_with(SIGHUP);
}
static void quit_dumps(void)
{
    die_with(SIGQUIT);
}
static void abrt_dumps(void)
{
    die_with(SIGABRT);
}
static void segv_from_outside_dumps(void)
{
    die_with_fault(SIGSEGV);
}
static void fpe_from_outside_dumps(void)
{
    die_with_fault(SIGFPE);
}
static void trap_from_outside_dumps(void)
{
    die_with_fault(SIGTRAP);
}

static void others_do_nothing(void *unused)
{
    const int sigs[] = {SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGURG,  SIGWINCH, SIGPIPE,
                        SIGIO,   SIGPROF, SIGCONT, SIGPWR,  SIGXCPU, SIGXFSZ,  SIGVTALRM};
    (void)unused;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
            send(sigs[i]);
    for (int sig = SIGRTMIN; sig < SIGRTMIN + 5; sig++)
        send(sig);
    /* One that is asked for comes after them all, since lower numbers are taken first. */
    int last = SIGRTMIN + 5;
    gr_chan *c = subscribe(1, &last, 1);
    send(last);
    CHECK_EQ(receive(c), last);
}

/* ---- delivery ---- */

static void notify(void *unused)
{
    const int one[] = {SIGUSR1}, two[] = {SIGUSR2}, term[] = {SIGTERM};
    (void)unused;
    gr_chan *a = subscribe(4, one, 1), *b = subscribe(4, one, 1);
    CHECK(gr_signal_notify(b, two, 1)); /* more for b */
    CHECK(gr_signal_notify(b, term, 1));
    for (int i = 0; i < 3; i++) {
        send(SIGUSR1);
        CHECK_EQ(receive(a), SIGUSR1);
        CHECK_EQ(receive(b), SIGUSR1);
    }
    send(SIGUSR2);
    CHECK_EQ(receive(b), SIGUSR2);
    send(SIGTERM);
    CHECK_EQ(receive(b), SIGTERM);
    CHECK_EQ(gr_chan_len(a), 0);
    gr_signal_stop(a);
    gr_signal_stop(b);
    gr_chan_free(a);
    gr_chan_free(b);
}

static void notify_all(void *unused)
{
    const int sigs[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP, SIGABRT};
    (void)unused;
    gr_chan *c = subscribe(20, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
        send(sigs[i]);
        CHECK_EQ(receive(c), sigs[i]);
    }
    gr_signal_stop(c);
    gr_chan_free(c);
}

/* Full or without a receiver: dropped, and nobody is held up. */
static void drops(void *unused)
{
    const int both[] = {SIGUSR1, SIGUSR2};
    (void)unused;
    gr_chan *full = subscribe(1, both, 1), *none = subscribe(0, both, 1);
    gr_chan *roomy = subscribe(10, both, 2);
    for (int i = 0; i < 5; i++) {
        send(SIGUSR1);
        CHECK_EQ(receive(roomy), SIGUSR1);
    }
    CHECK_EQ(gr_chan_len(full), 1);
    CHECK_EQ(receive(full), SIGUSR1);
    (void)none;
}

/* Kinds that are pending together are all kept, each once. */
static void coalesce(void *unused)
{
    const int sigs[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM};
    int seen[65] = {0};
    (void)unused;
    gr_chan *c = subscribe(1000, sigs, 4);
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < 4; i++)
            send(sigs[i]);
    for (int kinds = 0; kinds < 4;) {
        int sig = receive(c);
        CHECK(sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGWINCH || sig == SIGALRM);
        kinds += seen[sig]++ == 0;
    }
    for (int i = 0; i < 4; i++)
        CHECK(seen[sigs[i]] >= 1 && seen[sigs[i]] <= 100);
    gr_signal_stop(c);
    gr_chan_free(c);
}

/* What came before is in the channel, what comes later is not. */
static void stop_ends_it(void *unused)
{
    const int one[] = {SIGUSR1};
    int sig, rounds = unit_is_slow() ? 200 : 2000;
    bool ok;
    (void)unused;
    for (int i = 0; i < rounds; i++) {
        gr_chan *c = subscribe(1, one, 1), *witness = subscribe(1, one, 1);
        send(SIGUSR1);
        CHECK_EQ(receive(witness), SIGUSR1); /* so it was taken while c was subscribed */
        gr_signal_stop(c);
        CHECK(gr_chan_try_recv(c, &sig, &ok));
        gr_signal_stop(witness);
        send(SIGUSR1);
        CHECK(!gr_chan_try_recv(c, &sig, &ok));
        gr_chan_free(c);
        gr_chan_free(witness);
    }
}

/* Stops right after the signal was taken, or as it is. */
static void stop_or_die(void *arg)
{
    const int term[] = {SIGTERM};
    sigset_t pending;
    int sig;
    bool ok;
    gr_chan *c = subscribe(1, term, 1);
    send(SIGTERM);
    do
        sigpending(&pending);
    while (*(int *)arg % 2 == 0 && sigismember(&pending, SIGTERM));
    for (int i = *(int *)arg * 200; i > 0; i--)
        cpu_relax();
    gr_signal_stop(c);
    if (gr_chan_try_recv(c, &sig, &ok))
        _exit(3);
    gr_sleep_ns(60000000000);
    unit_fail(__FILE__, __LINE__, "neither delivered nor dead");
}

/* One of the two, each time. */
static void stop_is_atomic(void)
{
    int delivered = 0, died = 0;
    for (int i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            base_boot();
            env_knobs.procs = 1;
            gr_main(stop_or_die, &i);
            _exit(1);
        }
        int status;
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        delivered += WIFEXITED(status) && WEXITSTATUS(status) == 3;
        died += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    }
    CHECK_EQ(delivered + died, 40);
}

static void reset_kills(void *unused)
{
    const int term[] = {SIGTERM};
    (void)unused;
    gr_chan *c = subscribe(1, term, 1);
    send(SIGTERM);
    CHECK_EQ(receive(c), SIGTERM);
    gr_signal_reset(term, 1);
    send(SIGTERM);
    gr_sleep_ns(60000000000);
    unit_fail(__FILE__, __LINE__, "still alive");
}

static void ignore(void *unused)
{
    const int term[] = {SIGTERM}, one[] = {SIGUSR1};
    (void)unused;
    gr_chan *c = subscribe(1, one, 1);
    CHECK(!gr_signal_ignored(SIGTERM));
    gr_signal_ignore(term, 1);
    CHECK(gr_signal_ignored(SIGTERM));
    for (int i = 0; i < 10; i++)
        send(SIGTERM);
    send(SIGUSR1); /* taken first, so ask twice */
    CHECK_EQ(receive(c), SIGUSR1);
    send(SIGUSR1);
    CHECK_EQ(receive(c), SIGUSR1);
    CHECK(gr_signal_notify(c, term, 1));
    CHECK(!gr_signal_ignored(SIGTERM));
    send(SIGTERM);
    CHECK_EQ(receive(c), SIGTERM);
}

/* ---- started by nohup ---- */

static void nohup_main(void *unused)
{
    const int hup[] = {SIGHUP};
    (void)unused;
    CHECK(gr_signal_ignored(SIGHUP));
    CHECK(!gr_signal_ignored(SIGTERM));
    send(SIGHUP);
    gr_chan *c = subscribe(2, hup, 1);
    CHECK(!gr_signal_ignored(SIGHUP));
    send(SIGHUP);
    CHECK_EQ(receive(c), SIGHUP);
    gr_signal_stop(c);
    CHECK(gr_signal_ignored(SIGHUP));
    gr_signal_reset(hup, 1);
    send(SIGHUP);
    CHECK(gr_signal_ignored(SIGHUP));
}

static void nohup(void)
{
    signal(SIGHUP, SIG_IGN);
    with_procs(2, nohup_main);
}

/* ---- verdicts ---- */

static void deadlock_after_stop(void *unused)
{
    const int one[] = {SIGUSR1};
    (void)unused;
    gr_chan *c = subscribe(1, one, 1);
    send(SIGUSR1);
    CHECK_EQ(receive(c), SIGUSR1); /* waiting for a signal is no deadlock */
    gr_signal_stop(c);
    gr_chan_recv(c, NULL);
}

static void no_thread(void *unused)
{
    const int one[] = {SIGUSR1};
    gr_chan *c = gr_chan_make(sizeof(int), 1);
    (void)unused;
    CHECK(!gr_signal_notify(c, one, 1));
}

static void without_thread(void)
{
    base_boot();
    CHECK(failure_arm("thread_start:1"));
    with_procs(2, no_thread);
}

static void in_control(void *unused)
{
    no_thread(unused);
}

static void controlled(void)
{
    struct gr_control opt = {.strategy = GR_STRAT_ZERO};
    struct gr_verdict v;
    gr_control_run(&opt, in_control, NULL, &v);
    CHECK_EQ(v.end, GR_END_OK);
    free(v.tape);
}

static void wrong_channel(void *unused)
{
    (void)unused;
    gr_signal_notify(gr_chan_make(8, 1), NULL, 0);
}

#define P(n, name)                                                                         \
    static void name##_p##n(void)                                                          \
    {                                                                                      \
        with_procs(n, name);                                                               \
    }
P(2, others_do_nothing)
P(1, notify)
P(4, notify)
P(2, notify_all)
P(2, drops)
P(4, coalesce)
P(1, stop_ends_it)
P(4, stop_ends_it)
P(2, reset_kills)
P(2, ignore)
P(1, deadlock_after_stop)
P(2, wrong_channel)

static const struct unit_case cases[] = {
    UNIT_DIES(term_kills, SIGTERM),
    UNIT_DIES(int_kills, SIGINT),
    UNIT_DIES(hup_kills, SIGHUP),
    UNIT_EXITS(quit_dumps, 2, "SIGQUIT: quit\n"),
    UNIT_EXITS(abrt_dumps, 2, "SIGABRT: abort\n"),
    UNIT_EXITS(segv_from_outside_dumps, 2, "SIGSEGV: segmentation violation\n"),
    UNIT_EXITS(fpe_from_outside_dumps, 2, "SIGFPE: floating-point exception\n"),
    UNIT_EXITS(trap_from_outside_dumps, 2, "SIGTRAP: trace trap\n"),
    UNIT(others_do_nothing_p2),
    UNIT(notify_p1),
    UNIT(notify_p4),
    UNIT(notify_all_p2),
    UNIT(drops_p2),
    UNIT(coalesce_p4),
    UNIT(stop_ends_it_p1),
    UNIT(stop_ends_it_p4),
    UNIT(stop_is_atomic),
    UNIT_DIES(reset_kills_p2, SIGTERM),
    UNIT(ignore_p2),
    UNIT(nohup),
    UNIT_EXITS(deadlock_after_stop_p1, 2, "fatal error: all goroutines are asleep"),
    UNIT(without_thread),
    UNIT(controlled),
    UNIT_EXITS(wrong_channel_p2, 2, "panic: signal: notify using a channel of something"),
};
UNIT_MAIN(cases)
