/* SPDX-License-Identifier: BSD-3-Clause */
/* start.c - boot, gr_main, and the ways out of the process.
 *
 * Owns: gr_main, gr_exit.
 * Not here: threads and processors (floor sched), controlled runs (sched/control.c).
 *
 * The thread that calls gr_main runs goroutine 1 until that leaves it, and no other; then
 * it sleeps until goroutine 1 returns, and goes back to its caller.  Threads of the runtime
 * are told to stop at their next look for work and are never joined; the caller is about to
 * end the process.
 */
#include <unistd.h>

#include "gr/debug.h"
#include "gr/task.h"

#include "panic/panic.h"
#include "sched/sched.h"
#include "signal/signal.h"

int gr_main(gr_fn fn, void *arg)
{
    sched_boot();
    signal_boot();
    sched_main(fn, arg);
    /* somebody may be dying of a panic at this moment: then that is the end */
    panic_settle();
    return 0;
}

void gr_exit(int status)
{
    sched_die_exit(status);
    _exit(status);
}
