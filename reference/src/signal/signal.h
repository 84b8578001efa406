/* SPDX-License-Identifier: BSD-3-Clause */
/* signal.h - the door of floor signal: what signals of the process do.  gr/signal.h has the
 * public half.
 */
#ifndef SIGNAL_SIGNAL_H
#define SIGNAL_SIGNAL_H

#include "gr/signal.h"

/* Blocks signals in the calling thread and starts the thread that takes them.  Before other
 * threads of the runtime exist.  When the thread cannot be had, signals stay the system's
 * and gr_signal_notify says so. */
void signal_boot(void);

#endif
