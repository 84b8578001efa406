/* SPDX-License-Identifier: BSD-3-Clause */
/* thread_linux.c - threads and processors.
 *
 * Owns: starting threads, their signal masks, how many processors there are.
 * Not here: what a thread runs (floor sched).
 *
 * Idea: pthreads, so that libc and the sanitizers know each thread.  A refused thread is an
 * answer, not a death: the caller can go on with those it has.
 *
 *   I1  A started thread has every signal blocked but those that the machine raises for the
 *       instruction at hand: others are for the threads that the program itself started.
 */
#define _GNU_SOURCE
#include "os.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <stdlib.h>

struct start {
    void (*fn)(void *);
    void *arg;
};

static void *thread_main(void *arg)
{
    struct start s = *(struct start *)arg;
    free(arg);
    s.fn(s.arg);
    return NULL;
}

static bool create(struct os_thread *t, struct start *s, size_t stack_bytes)
{
    pthread_attr_t attr;
    sigset_t all, old;
    if (pthread_attr_init(&attr) != 0)
        return false;
    if (stack_bytes > 0)
        pthread_attr_setstacksize(&attr, align_up(stack_bytes, os_page_bytes()));
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGTRAP);
    sigdelset(&all, SIGURG);
    sigdelset(&all, SIGPROF);
    sigdelset(&all, SIGTTIN); /* blocked, they would not stop a job in the background */
    sigdelset(&all, SIGTTOU);
    /* A new thread inherits the mask of its creator. */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&t->id, &attr, thread_main, s);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return rc == 0;
}

bool os_thread_start(struct os_thread *t, void (*fn)(void *), void *arg, size_t stack_bytes)
{
    struct start *s = FAILURE(thread_start) ? NULL : malloc(sizeof *s);
    if (s == NULL)
        return false;
    *s = (struct start){fn, arg};
    if (create(t, s, stack_bytes))
        return true;
    free(s);
    return false;
}

void os_thread_join(struct os_thread *t)
{
    if (pthread_join(t->id, NULL) != 0)
        throw("a thread cannot be joined");
}

void os_thread_detach(struct os_thread *t)
{
    if (pthread_detach(t->id) != 0)
        throw("a thread cannot be detached");
}

uint32_t os_thread_number(void)
{
    return (uint32_t)gettid();
}

void os_thread_yield(void)
{
    sched_yield();
}

void os_thread_precise(void)
{
    prctl(PR_SET_TIMERSLACK, 1L, 0L, 0L, 0L); /* refused: sleeps are longer, no harm */
}

int os_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}
