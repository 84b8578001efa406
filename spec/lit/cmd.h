/* SPDX-License-Identifier: BSD-3-Clause */
/* cmd.h - what the subcommands of `lit` share.
 *
 * Owns: the parsed command line, reading of files, and the entry of each subcommand.
 * Not here: the library (lit.h), which never prints to stdout and never exits.
 *
 *   I1  Subcommands return an exit status: 0, CMD_FINDINGS or CMD_BAD.
 */
#ifndef LIT_CMD_H
#define LIT_CMD_H

#include "lit.h"

enum { CMD_OK = 0, CMD_FINDINGS = 1, CMD_BAD = 2 };

struct cmd {
    const char *name;
    int nfiles;
    char **files;
    bool no_model, write, needs, stats, no_reduction, json, go, fifo, package;
    const char *out, *func;
    uint64_t max_states;
};

struct source {
    const char *file;
    char *text; /* ownership: source_close */
    size_t len;
    struct lit_program *prog; /* NULL: it does not parse, see err */
    struct lit_error err;
};

/* Reads and parses.  False: the file cannot be read; err says why. */
bool source_open(struct source *s, const char *file);
void source_close(struct source *s);
/* Prints "file:line:column: text". */
void source_print_error(const struct source *s, FILE *out);

/* Explores with the options of the command line and the profile of the file; NULL for
 * stress. */
struct lit_model *cmd_explore(const struct cmd *c, const struct lit_program *p,
                              bool witnesses);

int cmd_json(const struct cmd *c); /* cmd_json.c */
/* Writes the key "model" and its object. */
struct json;
void json_model(struct json *j, const struct lit_program *p, const struct lit_model *m);

/* cmd_show.c */
int cmd_outcomes(const struct cmd *c);
int cmd_witness(const struct cmd *c);
int cmd_explain(const struct cmd *c);

#endif
