/* SPDX-License-Identifier: BSD-3-Clause */
/* fatal.h - the deaths of a process.
 *
 *   fatal   the program's fault, not recoverable (deadlock, unlock of an unlocked mutex):
 *           "fatal error: TEXT", all goroutines, exit status 2.
 *   throw   our own fault: "fatal error: runtime: MESSAGE", the same, abort() when
 *           GR_DEBUG=abort=1.
 *   die     the surroundings' fault (bad environment variable, no memory at boot):
 *           "gr: MESSAGE", exit status 2, no dump.
 *
 * The language's own death, an uncaught panic, belongs to floor panic and is recoverable
 * until its end.  All fatal texts live in fatal.def.
 */
#ifndef BASE_FATAL_H
#define BASE_FATAL_H

#include "cc.h"
#include "gr/debug.h"

/* Ends the process, unless base_hooks.on_fatal takes over.  Any thread, any stack with 4 KB
 * left, signal handlers too. */
NORETURN void fatal(enum gr_fatal code);

/* The same with a line of details (and its newline) before the first one. */
NORETURN void fatal_after(const char *details, enum gr_fatal code);

/* A signal that ends the process: the line, all goroutines, status 2.  on_fatal is not
 * asked. */
NORETURN void fatal_signal(const char *line);

/* A broken invariant of the runtime.  on_fatal is not asked. */
NORETURN void throw(const char *message);

/* A mistake in what the process was given.  Printf-like, one line without the newline. */
NORETURN void die(const char *format, ...) FORMAT(1, 2);

/* The head of every death, before its first word is printed.  Returns in one thread of the
 * process, once; in others never.  A thread that dies while it dies ends the process. */
void death_begin(void);
bool death_has_begun(void);

/* Its last step: status 2, or SIGABRT when GR_TRACEBACK=crash. */
NORETURN void death_end(void);

/* The text of a fatal error, as printed after "fatal error: ". */
const char *fatal_text(enum gr_fatal code);

#endif
