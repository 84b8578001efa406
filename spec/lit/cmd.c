/* SPDX-License-Identifier: BSD-3-Clause */
/* cmd.c - files and options, as every subcommand wants them.
 *
 * Owns: reading a source file within its limit, the place of an error, the model's options.
 * Not here: the subcommands.  At most one byte more than a litmus file may have is read, so
 * that a device or a huge file is refused by its size.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lex.h"

static bool read_file(struct source *s, FILE *f)
{
    s->text = malloc(LEX_MAX_BYTES + 1);
    if (!s->text)
        return false;
    s->len = fread(s->text, 1, LEX_MAX_BYTES + 1, f);
    return !ferror(f);
}

bool source_open(struct source *s, const char *file)
{
    *s = (struct source){.file = file, .err = {.line = 1, .column = 1}};
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "rb");
    bool good = f && read_file(s, f);
    if (!good)
        snprintf(s->err.text, sizeof s->err.text,
                 "cannot read it: %s; expected a litmus file", strerror(errno));
    if (f && f != stdin)
        fclose(f);
    if (good)
        s->prog = lit_parse(file, s->text, s->len, &s->err);
    return good;
}

void source_close(struct source *s)
{
    lit_program_free(s->prog);
    free(s->text);
}

void source_print_error(const struct source *s, FILE *out)
{
    fprintf(out, "%s:%d:%d: %s\n", s->file, s->err.line, s->err.column, s->err.text);
}

struct lit_model *cmd_explore(const struct cmd *c, const struct lit_program *p,
                              bool witnesses)
{
    struct lit_explore_options opt = {.no_reduction = c->no_reduction,
                                      .fifo_waiters = c->fifo,
                                      .witnesses = witnesses,
                                      .max_states = c->max_states};
    for (int i = 0; i < p->profile.n; i++)
        opt.fifo_waiters |= strcmp(p->profile.v[i], "fifo-waiters") == 0;
    return lit_explore(p, &opt);
}
