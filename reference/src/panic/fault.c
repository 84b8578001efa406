/* SPDX-License-Identifier: BSD-3-Clause */
/* fault.c - mistakes that the machine finds: nil dereference and division by zero are
 * panics, any other bad address is fatal.
 *
 * Owns: which faults become panics or a fatal error, gr_deref, gr_div, gr_check_index.
 * Not here: signal handlers (os), stack overflow (sched, which looks first).
 *
 * Idea: the fault of a known instruction in the program's own text is like a call made
 * there: the handler changes the context so that its return enters fault_raise on the
 * goroutine's stack, below the frame that faulted.  A fault in the runtime's text is a bug
 * of ours and no panic, since a lock may be held: so gr_deref and gr_div, whose very point
 * is to fault, stand in a section of their own.
 *
 * An address that is not near nil is no mistake that a program could recover from: what lay
 * there is gone, or a pointer was made up.
 *
 * Where the machine does not trap (AArch64 divides by zero without a word) the runtime
 * looks first and raises the same panic.
 */
#include <signal.h>

#include "os/os.h"
#include "panic.h"

extern const char __executable_start[], etext[];
extern const char __start_gr_text[] __attribute__((weak));
extern const char __stop_gr_text[] __attribute__((weak));

#define NIL_PAGE_BYTES 4096
#define FAULTS_HERE                                                                        \
    __attribute__((noinline, section("gr_fault_text"), no_sanitize("undefined")))

static void fault_raise(void *pc)
{
    struct panic p = {.value = {.kind = GR_ERROR, .u = {.err = GR_ERR_NIL_DEREF}}};
    p.fault_pc = (uintptr_t)pc;
    panic_raise(&p);
}

static void fault_raise_div(void *pc)
{
    (void)pc;
    gr_panic_error(GR_ERR_DIV_ZERO);
}

/* Below the frame that faulted, as the others, so that the dump begins there. */
static void fault_die(void *addr)
{
    char details[64];
    fmt_buf(details, sizeof details, "unexpected fault address 0x%llx\n",
            (unsigned long long)(uintptr_t)addr);
    fatal_after(details, GR_FATAL_FAULT);
}

static bool is_program_text(uintptr_t pc)
{
    if (pc < (uintptr_t)__executable_start || pc >= (uintptr_t)etext)
        return false;
    return pc < (uintptr_t)__start_gr_text || pc >= (uintptr_t)__stop_gr_text;
}

static bool is_nil(const struct os_fault *f)
{
    return f->signal == SIGSEGV &&
           ((f->is_addr_known && f->addr < NIL_PAGE_BYTES) || MUTANT(fault_as_nil));
}

static bool fault_to_panic_insig(const struct os_fault *f)
{
    if (!f->is_kernel_sent || g_self() == NULL || !is_program_text(f->pc))
        return false;
    if (f->signal == SIGFPE)
        os_fault_redirect(f, fault_raise_div, NULL, NULL);
    else if (is_nil(f))
        os_fault_redirect(f, fault_raise, (void *)f->pc, NULL);
    else if (f->signal == SIGSEGV || f->signal == SIGBUS)
        os_fault_redirect(f, fault_die, (void *)f->addr, NULL);
    else
        return false;
    return true;
}

__attribute__((constructor)) static void fault_boot(void)
{
    sched_on_fault(fault_to_panic_insig);
}

FAULTS_HERE int64_t gr_deref(const int64_t *p)
{
    return *(volatile const int64_t *)p;
}

#if defined(__x86_64__)

FAULTS_HERE static int64_t machine_div(int64_t a, int64_t b)
{
    int64_t quotient = a, rest;
    __asm__ volatile("cqto\n\tidivq %2" : "+a"(quotient), "=&d"(rest) : "r"(b) : "cc");
    return quotient;
}

#else

FAULTS_HERE static int64_t machine_div(int64_t a, int64_t b)
{
    if (b == 0)
        gr_panic_error(GR_ERR_DIV_ZERO);
    return a / b;
}

#endif

FAULTS_HERE int64_t gr_div(int64_t a, int64_t b)
{
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a); /* the one quotient that may not fit: it wraps */
    return machine_div(a, b);
}

void gr_check_index(int64_t i, int64_t n)
{
    struct panic p = {.value = {.kind = GR_ERROR, .u = {.err = GR_ERR_INDEX}}};
    if (i >= 0 && i < n)
        return;
    p.index = i;
    p.length = n;
    p.has_bounds = true;
    panic_raise(&p);
}
