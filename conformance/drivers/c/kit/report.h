/* SPDX-License-Identifier: BSD-3-Clause */
/* report.h - how often each outcome was seen. */
#ifndef KIT_REPORT_H
#define KIT_REPORT_H

#include <stdio.h>

#include "exec.h"

enum { REPORT_OUTCOMES = 4096, REPORT_WORDS = 2 + PLAN_TERMS + EXEC_LOG };

struct outcome {
    uint64_t hash;
    int64_t count;
    uint8_t *tape; /* of its first execution; NULL when not controlled */
    size_t tape_len;
    int nwords;
    int64_t words[]; /* end, code, then the shown values and the log; see report.c */
};

struct report {
    const struct plan *plan;
    int n;
    int64_t undecided;
    bool overflow; /* more than REPORT_OUTCOMES distinct ones */
    struct outcome *table[2 * REPORT_OUTCOMES];
    int64_t words[REPORT_WORDS]; /* of the execution that is being counted */
};

void report_init(struct report *r, const struct plan *p);
void report_fini(struct report *r);

/* Counts an execution that ended like this.  Takes v->tape over. */
void report_add(struct report *r, const struct exec *x, struct gl_verdict *v);

/* The answers to a run: out, tape and undecided lines. */
void report_print(const struct report *r, const char *id, FILE *out);

/* Writes "ok 0 5 1" or "panic:-1001 1,2": status and values, as in an out line. */
void report_write(const struct exec *x, const struct gl_verdict *v, FILE *out);

#endif
