/* SPDX-License-Identifier: BSD-3-Clause */
/* outcome.h - the order of a model's outcomes.
 *
 * Owns: sorting by text, which is what lit.h promises.  Not here: the text (lit.h).
 */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include "lit.h"

/* Sorts m's outcomes by lit_outcome_text. */
void outcomes_sort(const struct lit_program *p, struct lit_model *m);

#endif
