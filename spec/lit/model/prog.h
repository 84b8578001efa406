/* SPDX-License-Identifier: BSD-3-Clause */
/* prog.h - what the model knows about a program before it runs.
 *
 * Owns: the facts about instructions and objects that decide how a step is explored; they
 * are computed once per exploration.  Not here: anything that changes while the program
 * runs.
 *
 *   I1  class LOCAL is given only to instructions that read and write nothing but their own
 *       goroutine (and globals that main alone uses): such a step commutes with every step
 *       of every other goroutine, and no other step can disable it.
 *   I2  When in doubt a class is SHOWN; that costs states, never outcomes.
 */
#ifndef MODEL_PROG_H
#define MODEL_PROG_H

#include "plan.h"

enum instr_class {
    INSTR_SHOWN,
    INSTR_LOCAL,
    INSTR_RETURN, /* as local as what it returns to */
    INSTR_LOCK    /* lock without a parked state: not enabled while the lock is held */
};

struct prog {
    const struct lit_program *lit;
    unsigned char **cls; /* per block, per instruction: enum instr_class */
    bool *main_only;     /* per global: only main's frames touch it */
    bool *parks; /* per object: whether a parked lock can be told from one to come */
    bool counts; /* uses `goroutines`: ends and starts are seen */
    bool faketime, uses_clock;
    bool heap;        /* uses objects of the heap */
    bool precise;     /* needs gc.precise */
    bool shares_vars; /* some var is touched by more than main's frames */
    char unmodelled[96];
};

/* False: out of memory. */
bool prog_init(struct prog *p, const struct lit_program *lit, bool fifo);
void prog_fini(struct prog *p);

#endif
