/* SPDX-License-Identifier: BSD-3-Clause */
/* sigwait_linux.c - signals of the process, taken by a thread that waits for them.
 *
 * Owns: which signals these are, masks, dying by one.
 * Not here: what a signal means (floor signal); handlers for the machine's faults
 * (signal_linux.c).
 *
 * Idea: where every thread blocks a signal, the kernel keeps it until one asks for it by
 * sigwaitinfo.  So no handler runs in the midst of anything, and no system call of the
 * program is interrupted.
 */
#define _GNU_SOURCE
#include "os.h"

#include <signal.h>
#include <unistd.h>

/* Not for waiting: the machine's, the runtime's, job control's, libc's own (32, 33), and
 * the two that nobody can block. */
static const int excluded[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGURG, SIGPROF,
                               SIGTTIN, SIGTTOU, SIGKILL, SIGSTOP, 32,      33};

/* The signal that this process dies by.  A system sends it to the thread that asks; an
 * emulator to the process, where whoever waits for signals takes it. */
static atomic_u32 dying;

uint64_t os_signals_mask(void)
{
    uint64_t mask = UINT64_MAX;
    for (size_t i = 0; i < ARRAY_LEN(excluded); i++)
        mask &= ~(1ull << (excluded[i] - 1));
    return mask;
}

static void fill(sigset_t *set)
{
    uint64_t mask = os_signals_mask();
    sigemptyset(set);
    for (int sig = 1; sig <= OS_SIGNAL_MAX; sig++)
        if ((mask >> (sig - 1) & 1) != 0)
            sigaddset(set, sig);
}

void os_signals_block(void)
{
    sigset_t set;
    fill(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void os_signals_unblock(void)
{
    sigset_t set;
    fill(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int os_signal_wait(void)
{
    sigset_t set;
    int sig;
    fill(&set);
    do
        sig = sigwaitinfo(&set, NULL);
    while (sig < 0);
    if ((uint32_t)sig == load_relaxed(&dying)) /* the signal itself came after the store */
        os_signal_die(sig);
    return sig;
}

bool os_signal_is_ignored(int sig)
{
    struct sigaction now;
    return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void os_signal_ignore(int sig, bool is_on)
{
    struct sigaction sa = {.sa_handler = is_on ? SIG_IGN : SIG_DFL};
    sigaction(sig, &sa, NULL);
}

static void nothing(int sig)
{
    (void)sig;
}

void os_signal_defuse(int sig)
{
    struct sigaction now, sa = {.sa_handler = nothing, .sa_flags = SA_RESTART | SA_ONSTACK};
    if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(sig, &sa, NULL);
}

void os_signal_die(int sig)
{
    struct sigaction sa = {.sa_handler = SIG_DFL};
    sigset_t set;
    store_relaxed(&dying, (uint32_t)sig);
    sigaction(sig, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    raise(sig);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* here it ends */
    _exit(128 + sig);
}

void os_signal_stop_self(void)
{
    kill(getpid(), SIGSTOP);
}

const char *os_signal_text(int sig)
{
    switch (sig) {
    case SIGQUIT:
        return "SIGQUIT: quit";
    case SIGILL:
        return "SIGILL: illegal instruction";
    case SIGTRAP:
        return "SIGTRAP: trace trap";
    case SIGABRT:
        return "SIGABRT: abort";
    case SIGBUS:
        return "SIGBUS: bus error";
    case SIGFPE:
        return "SIGFPE: floating-point exception";
    case SIGSEGV:
        return "SIGSEGV: segmentation violation";
    case SIGSTKFLT:
        return "SIGSTKFLT: stack fault";
    case SIGSYS:
        return "SIGSYS: bad system call";
    default:
        return NULL;
    }
}
