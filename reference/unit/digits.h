/* SPDX-License-Identifier: BSD-3-Clause */
/* digits.h - unit tests of panics: what happened, noted as the digits of a number. */
#ifndef UNIT_DIGITS_H
#define UNIT_DIGITS_H

#include "unit.h"

#include <stdlib.h>

#include "gr.h"

/* What happened, as digits: 1234. */
static int64_t seen;

static inline void note(int64_t digit)
{
    seen = seen * 10 + digit;
}

static inline void note_arg(void *arg)
{
    note((int64_t)(intptr_t)arg);
}

static inline void *n(int64_t i)
{
    return (void *)(intptr_t)i;
}

/* fn in a controlled run.  *text gets what the verdict says. */
static inline enum gr_end run_with(gr_fn fn, uint64_t seed, char *text, size_t size)
{
    struct gr_control opt = {.strategy = GR_STRAT_RANDOM, .seed = seed};
    struct gr_verdict out;
    seen = 0;
    gr_control_run(&opt, fn, NULL, &out);
    free(out.tape);
    if (text != NULL)
        fmt_buf(text, size, "%s", out.text);
    return out.end;
}

#endif
