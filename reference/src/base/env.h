/* SPDX-License-Identifier: BSD-3-Clause */
/* env.h - the knobs that the environment may turn: GR_PROCS, GR_DEBUG=key=value,...
 *
 * Each key of GR_DEBUG is a line of env.def and a field of env_knobs, an integer within the
 * bounds given there.  Two keys are not numbers: help, which prints the table, and
 * fail=name[:n], which arms a failure and may be repeated.
 * Const after base_boot.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "cc.h"

struct env_knobs {
    int procs; /* GR_PROCS; 0 when it is not given */
#define ENV_DEF(key, initial, low, high, help) int key;
#include "env.def"
};

extern struct env_knobs env_knobs;

/* The parser behind base_boot, on strings that may be NULL.  On a mistake it fills err and
 * gives false.  Needs: err_size > 0. */
bool env_parse_procs(const char *text, char *err, size_t err_size);
bool env_parse_debug(const char *text, char *err, size_t err_size);

/* Prints every key, its bounds, its default and its meaning. */
void env_help(int fd);

#define ENV_PROCS_MAX 256

#endif
