/* SPDX-License-Identifier: BSD-3-Clause */
/* base.h - the door of floor 0: what every file of the runtime may use.
 *
 * Owns: compiler vocabulary, bit tricks, intrusive lists, random numbers, printing without
 * libc, the three ways to die, fault points and mutants, environment knobs, and the hooks
 * through which low floors call high ones.  Nothing here allocates, locks or blocks, but
 * for the deaths.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "bits.h"
#include "cc.h"
#include "env.h"
#include "fatal.h"
#include "fault.h"
#include "fmt.h"
#include "hook.h"
#include "list.h"
#include "rand.h"

/* Reads GR_PROCS, GR_DEBUG and GR_MUTANT.  Repeated calls do nothing.  A mistake in them
 * is explained on stderr and ends the process with status 2; GR_DEBUG=help prints the
 * table and ends it with 0.  Any thread, before others exist. */
void base_boot(void);

#endif
