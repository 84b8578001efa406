/* SPDX-License-Identifier: BSD-3-Clause */
/* judge.h - one program against the model: explore, run under control, compare.
 *
 * Owns: which programs are judged, the bound on their size, the schedules that are tried.
 * Not here: bytes to programs (gen.h), what is kept of a finding (finding.h).
 *
 *   I1  Only what the model fully explored is judged: anything else is JUDGED_SKIP.
 *   I2  A forbidden outcome comes with the whole tape of its run, so that strategy zero
 *       repeats it.
 *   I3  Equal arguments give equal answers.
 */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lit.h"

enum judged {
    JUDGED_FINE,
    JUDGED_SKIP,      /* too large, unmodelled, or not for a controlled run */
    JUDGED_FORBIDDEN, /* an outcome that the model does not have */
    JUDGED_BROKEN     /* the tools disagree: why says how */
};

struct judge {
    struct lit_program *program;
    struct lit_model *model; /* NULL when skipped early */
    char why[256];
    char seen[1024]; /* the outcome, as a driver writes it */
    uint8_t *tape;   /* malloc'ed */
    size_t tape_len;
};

/* The first half of judge_run: parses and explores.  JUDGED_FINE: may be run. */
enum judged judge_explore(struct judge *j, const char *text, size_t len);

/* Judges source text with this tape and with schedules drawn from the seed.
 * Ownership: call judge_fini whatever comes back. */
enum judged judge_run(struct judge *j, const char *text, size_t len, const uint8_t *tape,
                      size_t tape_len, uint64_t seed);

/* Whether the model without its reduction has the same outcomes; true when that is over
 * the bound. */
bool judge_cross(struct judge *j);

void judge_fini(struct judge *j);

#endif
