/* SPDX-License-Identifier: BSD-3-Clause */
/* kit.h - the kit inside another program: parse a plan from memory, run it once under
 * control.
 *
 * For fuzzers and tests.  Compile the kit with GAUNTLET_NO_MAIN, link one table (ops.h)
 * that has the capability control.  Not thread-safe; any number of plans one after
 * another.
 */
#ifndef KIT_KIT_H
#define KIT_KIT_H

#include "ops.h"

struct plan;

struct gl_result {
    struct gl_verdict verdict; /* the tape is the caller's, see gl_result_fini */
    char text[1024]; /* status and values as in an `out` line: "ok 0 5 1"; may be cut off */
};

/* Parses the flat plan of protocol.md section 3 (a line `end` is optional).  NULL: why[]
 * says what is wrong, or "skip op NAME" when the runtime or the kit lacks something.
 * Ownership: the caller's, until gl_plan_free. */
struct plan *gl_plan_parse(const char *text, size_t len, char *why, size_t why_size);
void gl_plan_free(struct plan *p);

/* Executes the plan once on the calling thread, which is no goroutine.  False for lack of
 * memory. */
bool gl_plan_run(const struct plan *p, const struct gl_control *how,
                 struct gl_result *result);
void gl_result_fini(struct gl_result *result);

#endif
