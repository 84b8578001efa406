/* SPDX-License-Identifier: BSD-3-Clause */
/* lint.c - what a complete file of the corpus should have, beyond being a program.
 *
 * Owns: complaints that need no model.  Not here: errors (the parser refuses those), the
 * comparison with the model.  A fuzzer's program may lack an id and be run all the same; a
 * file of the corpus may not.
 */
#include <string.h>

#include "lint.h"

static int complain(const struct lit_program *p, int line, const char *text, FILE *out)
{
    fprintf(out, "%s:%d:1: %s\n", p->file, line, text);
    return 1;
}

/* The file's name, less ".lit", must end with the path. */
static bool path_fits(const struct lit_program *p)
{
    size_t file = strlen(p->file), path = strlen(p->path);
    if (file < 4 || strcmp(p->file + file - 4, ".lit") != 0 || !strstr(p->file, "litmus/"))
        return true;
    file -= 4;
    return file > path && memcmp(p->file + file - path, p->path, path) == 0 &&
           p->file[file - path - 1] == '/';
}

static bool can_die(const struct lit_program *p)
{
    for (int i = 0; i < p->nexpects; i++) {
        if (p->expects[i].verb != VERB_FORBID && p->expects[i].status != STATUS_OK)
            return true;
    }
    return false;
}

int lint_program(const struct lit_program *p, FILE *out)
{
    int n = 0, lists = 0;
    for (int i = 0; i < p->nexpects; i++)
        lists += p->expects[i].verb != VERB_FORBID;
    if (!p->id)
        n += complain(p, 1, "no id line; expected 'id NAME-NNNN'", out);
    if (p->spec.n == 0)
        n += complain(p, 1, "no spec line; expected the clauses that the program shows",
                      out);
    if (p->about.n == 0)
        n += complain(p, 1, "no about line; expected a sentence on what it shows", out);
    if (!path_fits(p))
        n +=
            complain(p, 1,
                     "the litmus line differs from the file's name; expected the path below"
                     " conformance/litmus",
                     out);
    if (lists == 0 && p->nexpects > 0)
        n += complain(p, p->expects[0].line, "no want or allow line; expected at least one",
                      out);
    if (lists == 0 && p->nexpects == 0 && p->mode == MODE_STRESS)
        n += complain(p, 1, "no want or allow line; expected at least one", out);
    if (p->mode == MODE_STAT && p->nstats == 0)
        n += complain(p, 1, "mode stat without stat lines; expected at least one", out);
    if (p->stderrs.n > 0 && !can_die(p))
        n += complain(p, 1, "stderr without an outcome that dies; expected none", out);
    return n;
}
