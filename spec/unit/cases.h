/* SPDX-License-Identifier: BSD-3-Clause */
/* cases.h - small programs with the outcomes that a person worked out for them.
 *
 * Owns: running a table of such programs through the parser and the model.  Not here: the
 * tables (model_*_test.c), one per noun.
 *
 * Each program is explored three times: as it is, without reduction (the same outcomes,
 * races and class are due) and with fifo-waiters (no outcome more).
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>

struct model_case {
    const char *name;
    const char *text; /* the program from its objects on, `show` included */
    /* The outcomes as lit_outcome_text writes them, joined by " | " and sorted; then, after
     * " ; ", words that are due: a class (batch leaky dying hanging), race:VAR, norace:VAR,
     * diverges, unmodelled, fifo:N (N outcomes with fifo-waiters). */
    const char *want;
};

/* Runs the cases named in argv, or all; --list prints names.  Return: an exit status. */
int cases_main(int argc, char **argv, const struct model_case *cases, size_t count);

#endif
