/* SPDX-License-Identifier: BSD-3-Clause */
/* os.h - the door of floor os: memory, threads, futex, clock, processors, signals, names.
 *
 * Owns: every system call of the runtime but write(2) in base/fmt.c.  errno does not cross
 * this door: results are booleans, NULL or numbers, and the caller decides who is to blame.
 * One file per matter and system: mem_linux.c, thread_linux.c, futex_linux.c,
 * clock_linux.c, signal_linux.c, symbol_linux.c, and machine_ARCH.c for what a signal
 * handler must know about registers.
 */
#ifndef OS_OS_H
#define OS_OS_H

#include <pthread.h>

#include "base/base.h"
#include "io.h"

/* ---- memory ---- */

/* Bytes of a page; a power of two, 4096 or more. */
size_t os_page_bytes(void);

/* Zeroed, private, readable and writable memory, committed at first touch, never huge
 * pages, left out of core dumps.  align is a power of two.  NULL: refused. */
void *os_reserve(size_t bytes, size_t align);

/* How much address space the process may have; SIZE_MAX: no limit worth the name. */
size_t os_space_limit(void);

/* Lets the system use huge pages for what is aligned to their size, after all: for memory
 * that is filled at once, and looked at all over. */
void os_prefer_huge(void *at, size_t bytes);
#define OS_HUGE_BYTES ((size_t)2 << 20)

/* Unmaps a whole reservation. */
void os_release(void *at, size_t bytes);

/* Drops the contents: reads as zero afterwards, memory goes back to the system.  Guards
 * stay.  Needs: page-aligned bounds. */
void os_dontneed(void *at, size_t bytes);

/* The same for several places, in one call where the system has one. */
struct os_range {
    void *at;
    size_t bytes;
};
void os_dontneed_many(const struct os_range *r, size_t n);

enum os_guard {
    OS_GUARD_MADVISE = 1, /* guard markers in the page table: no cost in mappings */
    OS_GUARD_MPROTECT,    /* one more mapping per guard, within a budget */
    OS_GUARD_NONE,        /* the caller must use canaries */
};

/* The kind in use, found out once: a marker must be seen to stop a system call's access
 * before it is trusted (emulators accept advice that they do not know). */
enum os_guard os_guard_kind(void);

/* The same in the eyes of a race detector as unmapping the pages and getting new ones: what
 * happened on them before is forgotten.  Contents become zero; a guard on them is lost. */
void os_renew(void *at, size_t bytes);

/* Makes every access to the pages fault.  False: refused (kind none, or the budget of
 * mappings is spent).  Needs: page-aligned bounds inside a reservation. */
bool os_guard_install(void *at, size_t bytes);
void os_guard_remove(void *at, size_t bytes);

/* ---- names ---- */

struct os_symbol {
    const char *name; /* NULL: unknown */
    uintptr_t offset; /* from the function's first byte */
    /* what tools that read the executable's file call the place */
    uintptr_t file_address;
};

/* The function of the program that pc lies in.  False: none, or one of a library, or the
 * executable has no table of symbols.  Async-signal-safe. */
bool os_symbol(uintptr_t pc, struct os_symbol *out);

/* The path of the program's executable; gives its length, 0 when it is not known.
 * Async-signal-safe. */
size_t os_program_path(char *buf, size_t size);

/* ---- threads ---- */

struct os_thread {
    pthread_t id;
};

/* Starts fn(arg) on a new thread with a stack of at least stack_bytes (0: the system's
 * default) and all asynchronous signals blocked.  False: refused. */
bool os_thread_start(struct os_thread *t, void (*fn)(void *), void *arg,
                     size_t stack_bytes);
void os_thread_join(struct os_thread *t);
void os_thread_detach(struct os_thread *t);

/* The kernel's number of the calling thread. */
uint32_t os_thread_number(void);
void os_thread_yield(void);

/* The calling thread's timed sleeps end on time, not up to 50 us later. */
void os_thread_precise(void);

/* Processors that this process may use (affinity), 1 or more. */
int os_cpu_count(void);

/* How many processors' time the control group allows, rounded up; 0: no limit.  root is
 * what the paths begin with: "" but in tests. */
int os_cpu_quota(const char *root);

/* Where a thread was interrupted. */
struct os_interrupted {
    uintptr_t pc, sp;
    struct {
        const void *lo, *hi;
    } regs[2]; /* all that it has in registers, as long as the handler runs */
};

/* fn runs on a thread that is interrupted, in a signal handler, on its alternate stack; it
 * may wait there.  Once, at boot.  False: refused, or the program is static: then its text
 * is not told from libc's. */
typedef void (*os_interrupt_fn)(const struct os_interrupted *at);
bool os_interrupt_init(os_interrupt_fn fn);
void os_thread_interrupt(uint32_t number); /* any thread; by os_thread_number */

/* ---- futex ---- */

/* Sleeps while *word == expected, at most timeout_ns (negative: for ever).  Wakes
 * spuriously. False: the time is over.  Blocks: M. */
bool os_futex_wait(atomic_u32 *word, uint32_t expected, int64_t timeout_ns);

/* Wakes up to n sleepers on word. */
void os_futex_wake(atomic_u32 *word, int n);

/* ---- barrier ---- */

/* Asks for the right to os_barrier.  False: this system has none. */
bool os_barrier_init(void);

/* When it returns every thread of the process has passed a full memory barrier since the
 * call began.  Tens of microseconds.  Needs: a successful os_barrier_init. */
void os_barrier(void);

/* ---- clock ---- */

/* Monotonic time in ns since some point before the process began; never 0. */
int64_t os_now_ns(void);

/* The same clock as of the last tick of the system, some milliseconds old, at a quarter of
 * the price. */
int64_t os_coarse_ns(void);

/* Processor time that the process has used, in ns. */
int64_t os_cpu_ns(void);

/* ---- signals ---- */

/* A fault of the machine, as its handler sees it. */
struct os_fault {
    int signal;          /* SIGSEGV, SIGBUS or SIGFPE */
    uintptr_t addr;      /* what was accessed; for SIGFPE the instruction */
    bool is_addr_known;  /* else addr is 0: it was no address at all (not canonical) */
    uintptr_t pc, sp;    /* where */
    uintptr_t fp;        /* the frame pointer there */
    bool is_kernel_sent; /* raised by the machine, not by kill(2) */
    void *context;       /* private */
};

/* Decides about a fault, in the handler, on the alternate stack.  True: it is dealt with
 * (os_fault_redirect was called).  False: the process shall die as if no handler were
 * there.  May also not return, by way of fatal. */
typedef bool (*os_fault_fn)(const struct os_fault *f);

/* Installs the handlers of SIGSEGV, SIGBUS and SIGFPE for the whole process.  Repeated
 * calls only replace the function. */
void os_fault_init(os_fault_fn fn);

/* When the handler returns, fn(arg) runs instead of the faulting instruction: on the stack
 * that ends at top, or, when top is NULL, below the faulting frame (red zone spared) with
 * the faulting instruction as its caller.  fn must not return. */
void os_fault_redirect(const struct os_fault *f, void (*fn)(void *), void *arg, void *top);

/* Signals of the process: sent from outside, or by kill(2); not those that the machine
 * raises for an instruction, nor SIGURG and SIGPROF, which the runtime sends to its own
 * threads, nor SIGTTIN and SIGTTOU, which must stop a job in the background by themselves.
 */
#define OS_SIGNAL_MAX 64

/* The set as a mask: bit n - 1 for signal n. */
uint64_t os_signals_mask(void);

/* Blocks them in the calling thread and those that it starts from now on. */
void os_signals_block(void);
void os_signals_unblock(void); /* of the calling thread only */

/* The next one that is sent, by number.  Needs: blocked in all threads.  Blocks: M. */
int os_signal_wait(void);

/* Whether the process ignores it, as programs start under nohup do; and changing that. */
bool os_signal_is_ignored(int sig);
void os_signal_ignore(int sig, bool is_on);

/* From now on the signal does nothing, on whatever thread it comes, unless there is a
 * handler already. */
void os_signal_defuse(int sig);

/* Ends the process by this signal, whatever was arranged for it. */
NORETURN void os_signal_die(int sig);

/* Stops the process until SIGCONT. */
void os_signal_stop_self(void);

/* "SIGQUIT: quit"; NULL: not one that has words here. */
const char *os_signal_text(int sig);

/* Gives the calling thread an alternate signal stack; each thread that runs goroutines
 * needs one.  False: refused.  os_altstack_fini before the thread ends. */
struct os_altstack {
    void *at;
    size_t bytes;
    void *former; /* what the thread had before (a sanitizer's), put back by fini */
    size_t former_bytes;
};
bool os_altstack_init(struct os_altstack *a);
void os_altstack_fini(struct os_altstack *a);

#endif
