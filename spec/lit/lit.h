/* SPDX-License-Identifier: BSD-3-Clause */
/* lit.h - the door of the litmus library: parse, check, print, export, explore.
 *
 * No function here writes to stdout or ends the process; errors come back as text.  Not
 * thread-safe per program, but programs are independent of each other.  Memory is bounded
 * by the limits of litmus.md section 1.
 */
#ifndef LIT_H
#define LIT_H

#include <stdio.h>

#include "plan.h"

struct lit_error {
    int line, column;
    char text[240]; /* "what is wrong; expected what" */
};

/* Parses len bytes (need not be terminated).  name is used in messages.  NULL: *err says
 * why. Ownership: the caller's, until lit_program_free. */
struct lit_program *lit_parse(const char *name, const char *text, size_t len,
                              struct lit_error *err);
void lit_program_free(struct lit_program *p);

/* Canonical source form (lit fmt). */
void lit_format(const struct lit_program *p, const char *text, size_t len, FILE *out);

/* The flat plan of protocol.md section 3, from "globals" to "show". */
void lit_plan_print(const struct lit_program *p, FILE *out);

/* A stand-alone, gofmt-clean Go program.  False when the program has operations that Go
 * source cannot express: *why says which. */
bool lit_export_go(const struct lit_program *p, FILE *out, char *why, size_t why_size);

/* The same as function func of package main; func_ begins every other name at the top
 * level. */
bool lit_export_go_func(const struct lit_program *p, const char *func, FILE *out, char *why,
                        size_t why_size);

/* Symbolic name of a code, or NULL. */
const char *lit_code_name(int64_t code);
bool lit_code_value(const char *name, size_t len, int64_t *code);
const char *lit_fatal_name(enum lit_fatal f);

/* Whether an element of this channel can carry v (litmus.md section 7). */
bool lit_value_fits(const struct lit_object *o, int64_t v);

/* ---- the model (model/) ---- */

struct lit_explore_options {
    bool no_reduction;
    bool fifo_waiters;   /* profile fifo-waiters */
    bool witnesses;      /* compute a shortest schedule per outcome */
    uint64_t max_states; /* 0: 1000000 */
    size_t max_bytes;    /* 0: 1 GiB */
};

/* One step of a witness: goroutine g (number in order of start, main 0) of this block
 * executes the instruction at line; partner is the goroutine whose parked operation it
 * completes, or -1.  g and block are -1 when a timer fires. */
struct lit_step {
    int g, block, line, partner;
    char what[56]; /* short text: "c <- 5", "takes 5 from w", "wakes", "parks" */
};

struct lit_outcome {
    enum lit_status status;
    int64_t code;
    int64_t *value; /* per shown term */
    struct lit_log log;
    double paths;  /* number of schedules that end here; 0: no bound */
    double weight; /* probability under a uniform random walk */
    int nsteps;
    struct lit_step *steps; /* witness */
};

enum lit_class { CLASS_BATCH, CLASS_LEAKY, CLASS_DYING, CLASS_HANGING };

struct lit_model {
    bool complete;        /* false: over a bound, nothing else may be judged */
    char unmodelled[96];  /* not empty: why the program has no model */
    bool diverges;        /* a cycle of states without exit exists */
    enum lit_class class; /* the strongest: dying, then hanging, then leaky */
    bool can_leak, can_die, can_hang;
    int max_leaked; /* goroutines alive at the end, at most */
    int max_goroutines, max_depth;
    int noutcomes;
    struct lit_outcome *outcomes; /* sorted by text */
    bool *racy;                   /* per object */
    uint64_t states, transitions;
    double seconds;
    void *arena;
};

/* Explores every execution.  Never NULL but for lack of memory.  Ownership: the caller's,
 * until lit_model_free. */
struct lit_model *lit_explore(const struct lit_program *p,
                              const struct lit_explore_options *opt);
void lit_model_free(struct lit_model *m);

/* "ok main.a=1 log=1,2": canonical text of an outcome. */
void lit_outcome_text(const struct lit_program *p, const struct lit_outcome *o, char *buf,
                      size_t size);

/* Compares the file's lists with the model.  Returns the number of complaints, each printed
 * as "file:line:1: ..." with the lines to paste. */
int lit_compare(const struct lit_program *p, const struct lit_model *m, FILE *out);

#endif
