/* SPDX-License-Identifier: BSD-3-Clause */
/* env.h - the knobs that the environment may turn: GR_GC, GR_GC_GENERATIONAL, GR_MEMLIMIT,
 * GR_PROCS, GR_TRACEBACK, GR_DEBUG=key=value,...
 *
 * Each key of GR_DEBUG is a line of env.def and a field of env_knobs, an integer within the
 * bounds given there; the last value wins.  Keys that are not there are ignored, so that a
 * setting for a newer runtime does no harm, unless strict=1 is among them.  Two keys are
 * not numbers: help, which prints the table, and fail=name[:n][+k], which arms a failure
 * and may be repeated.
 *
 * A process that has more rights than who started it (set-user-ID) reads GR_PROCS only, and
 * shows nothing of its goroutines when it dies.
 *
 * Const after base_boot.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "cc.h"

struct env_knobs {
    int procs;     /* GR_PROCS; 0 when it is not given */
    int traceback; /* GR_TRACEBACK: 0 nothing, 1 the program's frames, 2 all frames */
    bool is_traceback_all, is_crash;
    int gc_percent;    /* GR_GC; -1: off */
    int64_t mem_limit; /* GR_MEMLIMIT; INT64_MAX: none */
    int generational;  /* GR_GC_GENERATIONAL: 0 or 1 */
#define ENV_DEF(key, initial, low, high, help) int key;
#include "env.def"
};

extern struct env_knobs env_knobs;

/* The parser behind base_boot, on strings that may be NULL.  On a mistake it fills err and
 * gives false.  Needs: err_size > 0. */
bool env_parse_procs(const char *text, char *err, size_t err_size);
bool env_parse_memlimit(const char *text, char *err, size_t err_size);
bool env_parse_generational(const char *text, char *err, size_t err_size);
bool env_parse_debug(const char *text, char *err, size_t err_size);
bool env_parse_traceback(const char *text, char *err, size_t err_size);
void env_parse_gc(const char *text); /* what is neither a percentage nor off is ignored */

/* All that the environment says, by getenv; less of it when it cannot be trusted. */
bool env_read(bool is_trusted, char *err, size_t err_size);

/* Prints every variable and key, its bounds, its default and its meaning. */
void env_help(int fd);

#define ENV_PROCS_MAX 1024

#endif
