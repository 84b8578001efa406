/* SPDX-License-Identifier: BSD-3-Clause */
/* nomodel.c - stands in for the model where a program links none.
 *
 * Owns: weak definitions of calls that another file may not offer yet.  Not here: the model (model/).
 */
#include <stdlib.h>

#include "lit.h"

__attribute__((weak)) struct lit_model *lit_explore(const struct lit_program *p,
                                                    const struct lit_explore_options *opt)
{
    (void)p, (void)opt;
    struct lit_model *m = calloc(1, sizeof *m);
    if (m)
        snprintf(m->unmodelled, sizeof m->unmodelled, "no model is linked");
    return m;
}

__attribute__((weak)) void lit_model_free(struct lit_model *m) { free(m); }

__attribute__((weak)) void lit_outcome_text(const struct lit_program *p,
                                            const struct lit_outcome *o, char *buf, size_t size)
{
    (void)p, (void)o;
    snprintf(buf, size, "?");
}

__attribute__((weak)) int lit_compare(const struct lit_program *p, const struct lit_model *m,
                                      FILE *out)
{
    (void)p, (void)m, (void)out;
    return 0;
}

__attribute__((weak)) bool lit_export_go(const struct lit_program *p, FILE *out, char *why,
                                         size_t why_size)
{
    (void)p, (void)out;
    snprintf(why, why_size, "no exporter is linked");
    return false;
}
