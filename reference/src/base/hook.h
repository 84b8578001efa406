/* SPDX-License-Identifier: BSD-3-Clause */
/* hook.h - the upward calls: what low floors ask of high ones, through function pointers.
 *
 * Includes go downward only; these structs are the sole way up.  They are filled at boot by
 * the floor that answers, before a second thread exists, and are const after that, but for
 * on_fatal, which controlled runs set and clear on the one thread that uses it.
 */
#ifndef BASE_HOOK_H
#define BASE_HOOK_H

#include "cc.h"
#include "gr/debug.h"

struct g;

struct base_hooks {
    /* A fatal error is about to be reported.  May switch away for good (a controlled run
     * turns it into a verdict); when it returns, the process dies as usual.
     * May be called in a signal handler when the code is GR_FATAL_STACK_OVERFLOW. */
    void (*on_fatal)(enum gr_fatal code, const char *text);

    /* Writes goroutines to fd, as GR_TRACEBACK wants it, each after a blank line; a bug of
     * the runtime (is_ours) shows all there is.  Takes no lock that a dead thread may hold,
     * allocates nothing. */
    void (*dump)(int fd, bool is_ours);
};

/* Filled by floor sched, for timers and whoever else below it must wake a goroutine. */
struct sched_hooks {
    /* Makes a parked goroutine runnable.  Any thread. */
    void (*ready)(struct g *gp);
    /* Some timer is due earlier than all others were: sleepers must look again. */
    void (*timer_earlier)(int64_t when_ns);
};

/* Filled by floor gc, for floors below it that hold pointers of the program. */
struct gc_hooks {
    /* gc_shade (gc.h): this word is about to lose its place.  Called while marking only. */
    void (*shade)(const void *word);
    /* Words of a goroutine, or of a stack that nobody runs on: conservatively. */
    void (*scan)(const void *lo, const void *hi);
    /* A P found nothing to run: a goroutine that marks meanwhile, or NULL. */
    struct g *(*idle_work)(void);
    /* Called by sysmon, which has no P, each time it looks.  Gives: in how many ns it must
     * call again, or less than 0. */
    int64_t (*watch)(int64_t now_ns);
};

extern struct base_hooks base_hooks;
extern struct sched_hooks sched_hooks;
extern struct gc_hooks gc_hooks;

/* Atomic: whether a cycle marks.  Changes only while the world stands still. */
extern _Atomic bool gc_is_marking;
/* Atomic: generational mode; const after boot. */
extern _Atomic bool gc_has_cards;

#endif
