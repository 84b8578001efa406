/* SPDX-License-Identifier: BSD-3-Clause */
/* finding.h - what is left behind when an input shows a forbidden outcome.
 *
 * Owns: making the input small, the files of a finding, the line that repeats it.
 * Not here: judging (judge.h).
 */
#ifndef FUZZ_FINDING_H
#define FUZZ_FINDING_H

#include "gen.h"
#include "judge.h"

/* Where findings go, and the planted fault that the command must name ("" for none). */
struct finding_place {
    const char *folder;
    const char *mutant;
};

/* Makes the input smaller while some forbidden outcome stays, then writes HASH.lit,
 * HASH.tape and HASH.go, and prints what was seen and the command to stderr.  j holds the
 * judgement of the input; afterwards that of the smaller one. */
void finding_report(const struct finding_place *place, const uint8_t *data, size_t size,
                    struct judge *j);

/* Writes the program of an input as HASH.lit and HASH.go without running it: for an input
 * that takes the process down.  False: it is no program. */
bool finding_write(const struct finding_place *place, const uint8_t *data, size_t size);

/* Decodes and judges an input, as the target does. */
enum judged finding_judge(struct judge *j, struct gen *g, const uint8_t *data, size_t size);

#endif
