/* SPDX-License-Identifier: BSD-3-Clause */
/* lint.h - complaints about a file of the corpus that need no model (lint.c). */
#ifndef LIT_LINT_H
#define LIT_LINT_H

#include "lit.h"

/* Prints each complaint as "file:line:1: what; expected what"; returns their number. */
int lint_program(const struct lit_program *p, FILE *out);

#endif
