/* SPDX-License-Identifier: BSD-3-Clause */
/* control.h - the controlled scheduler: one thread, every free decision drawn from a
 * strategy, replayable.
 *
 * gr_control_run executes a whole program (main goroutine and all it starts) on the calling
 * thread and reports how it ended, instead of ending the process: deadlock, uncaught panic,
 * fatal error and gr_exit are verdicts here.  The clock is virtual.  Equal options and
 * equal programs give equal runs, to the last decision.
 *
 * The tape is the list of decisions, one varint each (0 when there is one way only; those
 * are not recorded).  A decision beyond the end of a replayed tape follows the strategy;
 * strategy GR_STRAT_ZERO always takes 0 = "stay with the current goroutine, first case,
 * first waiter", so any byte string is a valid tape: a value is taken modulo the number of
 * ways.
 */
#ifndef GR_CONTROL_H
#define GR_CONTROL_H

#include "panic.h"

enum gr_strategy { GR_STRAT_ZERO, GR_STRAT_RANDOM, GR_STRAT_PCT, GR_STRAT_ROBIN };

enum gr_end {
    GR_END_OK,       /* main returned */
    GR_END_EXIT,     /* gr_exit: code is the status */
    GR_END_PANIC,    /* uncaught panic: value */
    GR_END_FATAL,    /* fatal error: text; code is enum gr_fatal of debug.h */
    GR_END_DEADLOCK, /* all goroutines are asleep */
    GR_END_STEPS,    /* max_steps decisions or points were used up: undecided */
};

struct gr_control {
    enum gr_strategy strategy;
    uint64_t seed;
    int depth;               /* PCT: d - 1 change points; 0 means 2 */
    uint32_t expected_steps; /* PCT: k; 0 means 64 */
    const uint8_t *tape;     /* NULL: none */
    size_t tape_len;
    bool any_waiter; /* any parked waiter may be served (profile spec); false: first come
                           first served */
    bool any_time; /* a pending deadline may come while goroutines can run: one more way at
                           each point; false: the clock stands still until nobody can run */
    uint64_t max_steps; /* 0 means 100000 */
};

struct gr_verdict {
    enum gr_end end;
    int64_t code;
    gr_value value;
    char text[160]; /* first line as it would be printed on stderr */
    size_t leaked;  /* goroutines alive when the run ended, main not counted */
    uint64_t steps;
    uint8_t *tape; /* decisions taken; malloc'ed, the caller frees */
    size_t tape_len;
};

/* Any thread that is not a goroutine; one at a time.  Leftover goroutines are dropped:
 * their deferred calls do not run. */
void gr_control_run(const struct gr_control *opt, gr_fn fn, void *arg,
                    struct gr_verdict *out);

/* A decision point for memory accesses that the program itself makes; free outside
 * controlled runs (one relaxed load), and a preemption poll in free mode. */
void gr_point(void);

#endif
