/* SPDX-License-Identifier: BSD-3-Clause */
/* run.h - executing a plan as often and in the mode that a `run` command asks for. */
#ifndef KIT_RUN_H
#define KIT_RUN_H

#include "report.h"

enum mode { MODE_FREE, MODE_ONE, MODE_CONTROL };

/* The keys of protocol.md section 2. */
struct request {
    char id[PLAN_WORD];
    enum mode mode;
    int64_t iters, procs, unit_us;
    int noise;
    bool join;
    struct gl_control
        how; /* how.seed is also the seed of the other modes; the tape is owned */
};

/* Mode control, on a plain thread.  True when all went well, else *why says what is
 * wrong. */
bool run_control(const struct request *q, struct report *r, const char **why);

/* One controlled execution.  Needs: x clear.  The caller clears x. */
void run_control_once(const struct gl_control *how, struct exec *x, struct gl_verdict *v);

/* Mode free: boots the runtime in this process. */
bool run_free(const struct request *q, struct report *r, const char **why);

/* Mode one: boots the runtime in this process, which may end inside.  Prints notes and
 * the outcome itself. */
bool run_one(const struct request *q, const struct plan *p);

#endif
