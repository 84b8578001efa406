/* SPDX-License-Identifier: BSD-3-Clause */
/* signal_linux.c - faults of the machine: handlers, alternate stacks, redirection.
 *
 * Owns: the handlers of SIGSEGV, SIGBUS and SIGFPE and each thread's alternate stack.
 * Not here: what a fault means.  A higher floor's function decides (stack overflow, nil
 * dereference, division by zero) and either redirects the thread, dies, or declines.
 *
 * Idea: a declined fault happens again with the former handler in place, so that core dumps
 * and sanitizer reports show the true spot.  Redirection is sound for faults that the
 * machine raises synchronously: the thread stands at a known instruction.
 *
 *   I1  The handler runs on the alternate stack: the faulting stack may have no byte left.
 *   I2  Nothing here locks or allocates once os_fault_init is done.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <signal.h>
#include <sys/mman.h>

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
static struct sigaction former[ARRAY_LEN(fault_signals)]; /* const after init */
static _Atomic(os_fault_fn) fault_fn;
static _Atomic bool was_installed;

static void put_back(int sig)
{
    for (size_t i = 0; i < ARRAY_LEN(fault_signals); i++)
        if (fault_signals[i] == sig)
            sigaction(sig, &former[i], NULL);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    struct os_fault f = {
        .signal = sig,
        .addr = (uintptr_t)info->si_addr,
        .is_addr_known = info->si_code != SI_KERNEL,
        .pc = machine_pc(context),
        .sp = machine_sp(context),
        .fp = machine_fp(context),
        .is_kernel_sent = info->si_code > 0,
        .context = context,
    };
    /* Relaxed: it was there before this handler was.  No more: the fault may be within a
     * race detector that has locked what an acquire would lock. */
    os_fault_fn fn = load_relaxed(&fault_fn);
    if (fn != NULL && fn(&f))
        return;
    put_back(sig);
    if (!f.is_kernel_sent)
        raise(sig);
}

void os_fault_init(os_fault_fn fn)
{
    struct sigaction sa = {.sa_sigaction = on_signal};
    store_relaxed(&fault_fn, fn);
    /* SA_NODEFER: a fault inside the handler dies as one, instead of hanging. */
    sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&sa.sa_mask);
    /* Relaxed: boot is single-threaded; later calls only need to see that it happened. */
    if (atomic_exchange_explicit(&was_installed, true, memory_order_relaxed))
        return;
    for (size_t i = 0; i < ARRAY_LEN(fault_signals); i++)
        if (sigaction(fault_signals[i], &sa, &former[i]) != 0)
            throw("a signal handler cannot be installed");
}

void os_fault_redirect(const struct os_fault *f, void (*fn)(void *), void *arg, void *top)
{
    uintptr_t sp = top != NULL ? (uintptr_t)top : f->sp - machine_red_zone_bytes;
    machine_call(f->context, align_down(sp, 16), fn, arg);
}

/* Room for a goroutine dump; sanitizers make frames larger. */
#define ALTSTACK_BYTES (64u << 10)
#define SIZE_FACTOR (GR_ASAN || GR_TSAN || GR_RACECHECK ? 4u : 1u)

bool os_altstack_init(struct os_altstack *a)
{
    size_t page = os_page_bytes();
    stack_t former_ss, ss = {.ss_size = align_up(ALTSTACK_BYTES * SIZE_FACTOR, page)};
    *a = (struct os_altstack){.at = os_reserve(ss.ss_size, page), .bytes = ss.ss_size};
    if (a->at == NULL)
        return false;
    ss.ss_sp = a->at;
    if (sigaltstack(&ss, &former_ss) != 0) {
        os_release(a->at, a->bytes);
        a->at = NULL;
        return false;
    }
    if (!(former_ss.ss_flags & SS_DISABLE)) {
        a->former = former_ss.ss_sp;
        a->former_bytes = former_ss.ss_size;
    }
    return true;
}

void os_altstack_fini(struct os_altstack *a)
{
    stack_t ss = {
        .ss_sp = a->former,
        .ss_size = a->former_bytes,
        .ss_flags = a->former == NULL ? SS_DISABLE : 0,
    };
    if (a->at == NULL)
        return;
    if (sigaltstack(&ss, NULL) != 0)
        throw("an alternate signal stack cannot be taken away");
    os_release(a->at, a->bytes);
    a->at = NULL;
}
