/* SPDX-License-Identifier: BSD-3-Clause */
/* strategy.c - where the decisions of a controlled run come from: a tape, then a strategy.
 *
 * Owns: the tape's form, the four strategies.
 * Not here: which decisions there are (control.c and the callers of choose).
 *
 *   zero     always 0: the least surprising schedule
 *   random   uniform among the ways, at every decision
 *   robin    the goroutine that became runnable first, at every point; 0 elsewhere
 *   PCT      each goroutine draws a priority, the highest runs; at d - 1 points drawn from
 *            the first k contested ones the running goroutine drops below all others.  A
 *            yield drops too, so that waiting loops end.  Finds a bug that needs d ordered
 *            events with probability 1/(n k^(d-1)) or more.
 *
 * The tape is the decisions in order, base-128 numbers, low digits first.  One with a
 * single way is not on it.  A replayed value counts modulo the number of ways, so any bytes
 * are a tape, and zeros are the simplest one.
 */
#include <stdlib.h>

#include "sched/control.h"

#define PCT_HIGH ((uint64_t)1 << 62)

static bool tape_read(struct tape *t, uint64_t *out)
{
    if (t->in_pos >= t->in_len)
        return false;
    *out = 0;
    for (unsigned shift = 0; t->in_pos < t->in_len; shift += 7) {
        uint8_t b = t->in[t->in_pos++];
        if (shift < 64)
            *out |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0)
            break;
    }
    return true;
}

static void tape_write(struct tape *t, uint32_t v)
{
    if (t->out_cap - t->out_len < 8) {
        size_t cap = t->out_cap > 0 ? 2 * t->out_cap : 256;
        uint8_t *out = realloc(t->out, cap);
        if (out == NULL)
            fatal(GR_FATAL_NO_MEMORY);
        t->out = out;
        t->out_cap = cap;
    }
    for (; v >= 0x80; v >>= 7)
        t->out[t->out_len++] = (uint8_t)(v | 0x80);
    t->out[t->out_len++] = (uint8_t)v;
}

void strategy_begin(struct control *c)
{
    c->tape.in = c->opt.tape;
    c->tape.in_len = c->opt.tape != NULL ? c->opt.tape_len : 0;
    c->tape.in_pos = 0;
    c->tape.out_len = 0;
    rand_seed(&c->rng, c->opt.seed);
    c->contests = 0;
    c->changed = 0;
    c->nchange = 0;
    if (c->opt.strategy != GR_STRAT_PCT)
        return;
    int depth = c->opt.depth > 0 ? c->opt.depth : 2;
    uint32_t k = c->opt.expected_steps > 0 ? c->opt.expected_steps : 64;
    for (int i = 1; i < depth && c->nchange < PCT_POINTS; i++)
        c->change[c->nchange++] = 1 + rand_below(&c->rng, k);
}

void strategy_new_g(struct control *c, struct g *g)
{
    g->priority = c->opt.strategy == GR_STRAT_PCT ? PCT_HIGH + (rand_u64(&c->rng) >> 3) : 0;
}

uint32_t strategy_pick(struct control *c, uint32_t n)
{
    uint64_t v;
    if (!tape_read(&c->tape, &v)) {
        bool draws = c->opt.strategy == GR_STRAT_RANDOM || c->opt.strategy == GR_STRAT_PCT;
        v = draws ? rand_below(&c->rng, n) : 0;
    }
    v %= n;
    tape_write(&c->tape, (uint32_t)v);
    return (uint32_t)v;
}

/* Below everything else that has a priority; the later, the lower. */
static void pct_demote(struct control *c, struct g *g)
{
    g->priority = PCT_HIGH - 1 - c->contests;
}

static uint32_t pct_next(struct control *c, struct g **cand, uint32_t n, bool is_yield)
{
    for (uint32_t i = 0; i < c->nchange; i++)
        if (c->change[i] == c->contests && c->on != NULL)
            pct_demote(c, c->on);
    if (is_yield)
        pct_demote(c, c->on);
    uint32_t best = 0;
    uint64_t high = 0;
    for (uint32_t i = 0; i < n; i++) {
        /* A due timer has a new priority at each contest. */
        uint64_t p =
            cand[i] != NULL ? cand[i]->priority : PCT_HIGH + (rand_u64(&c->rng) >> 3);
        if (p >= high && (p > high || i == 0)) {
            high = p;
            best = i;
        }
    }
    return best;
}

static uint32_t robin_next(struct control *c, struct g **cand, uint32_t n)
{
    return n > 1 && cand[0] == c->on ? 1 : 0;
}

uint32_t strategy_next(struct control *c, struct g **cand, uint32_t n, bool is_yield)
{
    if (n == 1)
        return 0;
    c->contests++;
    uint64_t v;
    if (tape_read(&c->tape, &v))
        v %= n;
    else if (c->opt.strategy == GR_STRAT_PCT)
        v = pct_next(c, cand, n, is_yield);
    else if (c->opt.strategy == GR_STRAT_RANDOM)
        v = rand_below(&c->rng, n);
    else
        v = c->opt.strategy == GR_STRAT_ROBIN ? robin_next(c, cand, n) : 0;
    tape_write(&c->tape, (uint32_t)v);
    return (uint32_t)v;
}
