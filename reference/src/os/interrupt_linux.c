/* SPDX-License-Identifier: BSD-3-Clause */
/* interrupt_linux.c - interrupting a thread wherever it is, by SIGURG.
 *
 * Owns: the handler of SIGURG.
 * Not here: what happens to the thread (the function given to os_interrupt_init).
 *
 * SIGURG because nobody uses it, and its default is to do nothing.  System calls go on
 * after it (SA_RESTART) but for the few that never do (man 7 signal), as after any signal.
 *
 *   I1  errno is as before when the handler returns.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

static os_interrupt_fn interrupt_fn; /* const after init */

static void interrupted(const void *context)
{
    struct os_interrupted at = {machine_pc(context), machine_sp(context), {{0}}};
    machine_regs(context, &at);
    interrupt_fn(&at);
}

static void on_interrupt(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)sig;
    if (info->si_code == SI_TKILL && info->si_pid == getpid())
        interrupted(context);
    errno = saved;
}

bool os_interrupt_init(os_interrupt_fn fn)
{
    struct sigaction sa = {.sa_sigaction = on_interrupt};
    sa.sa_flags = SA_SIGINFO | SA_RESTART | (MUTANT(interrupt_on_stack) ? 0 : SA_ONSTACK);
    sigemptyset(&sa.sa_mask);
    if (getauxval(AT_BASE) == 0) /* no loader: libc is in the program's text */
        return false;
    interrupt_fn = fn;
    return sigaction(SIGURG, &sa, NULL) == 0;
}

void os_thread_interrupt(uint32_t number)
{
    syscall(SYS_tgkill, getpid(), number, SIGURG); /* an ended one: no harm */
}
