/* SPDX-License-Identifier: BSD-3-Clause */
/* step_select.c - select.
 *
 * Owns: the choice among cases.  Not here: the moves themselves (step_chan.c).
 *
 * Idea: the ways of all cases in one list, and any of them may be taken: the model promises
 * no fairness, `stat` lines ask for that.  Without a way: default if there is one, else the
 * goroutine parks and each of its cases is a waiter of its channel, found by scanning.
 */
#include "model/step.h"

static bool case_sends(const struct lit_case *c)
{
    return c->op == OP_SEND;
}

static void take_case(struct state *st, int g, struct way way)
{
    const struct lit_instr *in = g_instr(st, g);
    const struct lit_case *c = &in->cases[way.case_of];
    int64_t v;
    if (!case_sends(c)) {
        bool ok = chan_take(st, c->obj, g, way.with, &v);
        say(st, "case %d: gets %lld from %s", way.case_of, (long long)v,
            obj_name(st, c->obj));
        waiter_receives(st, (struct waiter){g, way.case_of}, v, ok);
        return;
    }
    v = g_value(st, g, &c->a);
    say(st, "case %d: %s <- %lld", way.case_of, obj_name(st, c->obj), (long long)v);
    if (!chan_put(st, c->obj, g, v, way.with)) {
        g_fail(st, g, CODE_SEND_CLOSED);
        return;
    }
    struct result res = {&in->d, way.case_of};
    g_finish(st, g, &res, 1, -1);
}

void step_select(struct state *st, int g)
{
    const struct lit_instr *in = g_instr(st, g);
    struct way way[MAX_WAITERS * 2 + 2];
    int n = 0, fallback = -1;
    for (int k = 0; k < in->ncases && n < MAX_WAITERS; k++) {
        const struct lit_case *c = &in->cases[k];
        if (c->op == OP_COUNT) {
            fallback = k;
            continue;
        }
        if (case_sends(c)) {
            chan_check_value(st, c->obj, g_value(st, g, &c->a));
        }
        int end = chan_ways(st, c->obj, case_sends(c), g, way, n);
        for (; n < end; n++) {
            way[n].case_of = k;
        }
    }
    st->over |= n >= MAX_WAITERS;
    if (n > 0 && !(IS_MUTANT(DEFAULT_FIRST) && fallback >= 0)) {
        take_case(st, g, way[choose(st, n)]);
    } else if (fallback >= 0) {
        struct result res = {&in->d, fallback};
        say(st, "case %d: default", fallback);
        g_finish(st, g, &res, 1, -1);
    } else {
        say(st, "parks");
        g_park(st, g, in->ncases ? G_SELECTS : G_STUCK);
    }
}
