/* SPDX-License-Identifier: BSD-3-Clause */
/* code.h - the words of the language, for the library's own files.
 *
 * Owns: lookups that the door (lit.h) does not offer because only the parser and the
 * printers want them.  Not here: the tables (code.c).  Every text returned is constant or
 * in the caller's buffer.
 */
#ifndef LIT_CODE_H
#define LIT_CODE_H

#include "plan.h"

/* The number of a fatal error's name; false when there is none of that name. */
bool code_fatal_value(const char *name, size_t len, int64_t *fatal);

/* The capability that an instruction asks of a driver, "" for none. */
const char *code_op_capability(enum lit_op op);

/* A value as outcome lines print it: a code's name or the number. */
const char *code_value_text(int64_t v, char buf[24]);

/* "ok", "exit:3", "panic:send-closed", "fatal:go-nil", "deadlock". */
const char *code_status_text(enum lit_status status, int64_t code, char buf[40]);

#endif
