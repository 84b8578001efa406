/* SPDX-License-Identifier: BSD-3-Clause */
/* unit.h - unit tests: a table of cases per program, each run in a child process of its
 * own.
 *
 *     static void lists_keep_order(void) { CHECK_EQ(list_length(&l), 3); }
 *
 *     static const struct unit_case cases[] = {
 *         UNIT(lists_keep_order),
 *         UNIT_EXITS(unlock_dies, 2, "fatal error: sync: unlock of unlocked mutex\n"),
 *     };
 *     UNIT_MAIN(cases)
 *
 * NAME_test runs every case, NAME_test CASE ... those named, NAME_test --list prints names.
 * Output is TAP-like and ends with "N passed, N failed, N skipped"; the exit status is 0,
 * 1 for a failed case, 2 for a wrong command line.  A failed case shows what it printed and
 * the command that runs it again.  UNIT_SEED=n sets unit_seed(), 1 by default;
 * UNIT_SLOW=1 says that an emulator runs us.
 *
 *   I1  A case may do what it likes to its process: threads, signals, exit, fatal errors.
 *   I2  A case that hangs is ended by SIGKILL after UNIT_ALARM_S, which no verdict relies
 * on.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include "base/base.h"

#define UNIT_ALARM_S 240

/* What a case prints first in which the thread sanitizer finds a race, with status 66. */
#define RACE_REPORT "==================\nWARNING: ThreadSanitizer: data race"

struct unit_case {
    const char *name;
    void (*fn)(void);
    int status;       /* how the child must exit; ignored when signal != 0 */
    int signal;       /* the signal that must end it (sanitizers may exit instead) */
    const char *text; /* its output must begin with this; NULL: anything */
};

#define UNIT(fn_)                                                                          \
    {                                                                                      \
        .name = #fn_, .fn = fn_                                                            \
    }
#define UNIT_EXITS(fn_, status_, text_)                                                    \
    {                                                                                      \
        .name = #fn_, .fn = fn_, .status = (status_), .text = (text_)                      \
    }
#define UNIT_DIES(fn_, signal_)                                                            \
    {                                                                                      \
        .name = #fn_, .fn = fn_, .signal = (signal_)                                       \
    }

#define UNIT_MAIN(cases_)                                                                  \
    int main(int argc, char **argv)                                                        \
    {                                                                                      \
        return unit_main(argc, argv, cases_, ARRAY_LEN(cases_));                           \
    }

/* Ends the case as failed unless cond holds.  Any thread, any stack with 2 KB left. */
#define CHECK(cond) ((cond) ? (void)0 : unit_fail(__FILE__, __LINE__, #cond))
#define CHECK_EQ(a, b)                                                                     \
    unit_check_eq(__FILE__, __LINE__, #a " == " #b, (int64_t)(a), (int64_t)(b))
#define CHECK_STR(a, b) unit_check_str(__FILE__, __LINE__, (a), (b))

int unit_main(int argc, char **argv, const struct unit_case *cases, size_t count);
NORETURN void unit_fail(const char *file, int line, const char *what);
void unit_check_eq(const char *file, int line, const char *what, int64_t a, int64_t b);
void unit_check_str(const char *file, int line, const char *got, const char *want);

/* Ends the case as not applicable here. */
NORETURN void unit_skip(const char *why);

uint64_t unit_seed(void);

/* True on an emulator or under a sanitizer: loops should be shorter. */
bool unit_is_slow(void);

#endif
