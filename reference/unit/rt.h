/* SPDX-License-Identifier: BSD-3-Clause */
/* rt.h - what several unit tests of the runtime share: programs in controlled runs, and on
 * a number of processors.
 */
#ifndef UNIT_RT_H
#define UNIT_RT_H

#include "unit.h"

#include <stdlib.h>

#include "gr.h"

/* fn in a controlled run that follows the seed; every other seed serves any waiter. */
static inline void run_seeded(gr_fn fn, void *arg, uint64_t seed, enum gr_end end)
{
    struct gr_control opt = {
        .strategy = GR_STRAT_RANDOM, .seed = seed, .any_waiter = seed % 2 == 0};
    struct gr_verdict out;
    gr_control_run(&opt, fn, arg, &out);
    free(out.tape);
    if (out.end != end)
        fmt_fd(1, "seed %llu: ended %d: %s\n", (unsigned long long)seed, out.end, out.text);
    CHECK_EQ(out.end, end);
}

static inline void run_seeds(gr_fn fn, uint64_t seeds, enum gr_end end)
{
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run_seeded(fn, NULL, seed, end);
}

/* fn in a free run that starts with so many processors. */
static inline void run_free(int procs, gr_fn fn, void *arg)
{
    base_boot();
    env_knobs.procs = procs;
    CHECK_EQ(gr_main(fn, arg), 0);
}

static inline int64_t recv(gr_chan *c)
{
    int64_t v = -7;
    gr_chan_recv(c, &v);
    return v;
}

static inline void send(gr_chan *c, int64_t v)
{
    gr_chan_send(c, &v);
}

/* Cases of a select. */
#define RECV(ch_, at_)                                                                     \
    {                                                                                      \
        .dir = GR_RECV, .ch = (ch_), .elem = (at_)                                         \
    }
#define SEND(ch_, at_)                                                                     \
    {                                                                                      \
        .dir = GR_SEND, .ch = (ch_), .elem = (at_)                                         \
    }

#endif
