/* SPDX-License-Identifier: BSD-3-Clause */
/* fault.h - wrong on purpose: failures of the system, and mutants of the semantics.
 *
 * FAILURE(name): true when the named call into the system shall be taken to have failed.
 * In every build; armed by GR_DEBUG=fail=name (always) or fail=name:n (the next n times),
 * either with +k behind it (k times it succeeds first).  Failures prove that the runtime
 * survives its surroundings.
 *
 * MUTANT(name): true when the named semantic bug shall be present.  A constant 0 unless the
 * build has -DGR_MUTANTS=1; then one load of a bool.  Switched on by GR_MUTANT=name or by
 * gr_mutant_enable, before goroutines run.  Mutants prove that the suite has teeth.
 *
 * Both lists are in fault.def, sorted by name.  The identifier chan_drop is the mutant that
 * users call chan-drop; either spelling is accepted.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "cc.h"

enum failure {
#define FAILURE_DEF(name, help) FAILURE_##name,
#include "fault.def"
    FAILURE_COUNT
};

enum mutant {
#define MUTANT_DEF(name, clause) MUTANT_##name,
#include "fault.def"
    MUTANT_COUNT
};

/* How many times the failure shall still happen; -1: always. */
extern atomic_i32 failure_left[FAILURE_COUNT];
extern _Atomic bool mutant_is_on[MUTANT_COUNT + 1];

bool failure_hit_slow(enum failure f);

/* Arms by "name", "name:count", "name+spared" or "name:count+spared".  False when there is
 * no such name or number. */
bool failure_arm(const char *spec);

/* The n-th failure's name and what it stands for; NULL at the end. */
const char *failure_name(size_t n);
const char *failure_help(size_t n);

#define FAILURE(name)                                                                      \
    (UNLIKELY(load_relaxed(&failure_left[FAILURE_##name]) != 0) &&                         \
     failure_hit_slow(FAILURE_##name))

#if GR_MUTANTS
#define MUTANT(name) UNLIKELY(load_relaxed(&mutant_is_on[MUTANT_##name]))
#else
#define MUTANT(name) ((void)MUTANT_##name, 0)
#endif

#endif
