/* SPDX-License-Identifier: BSD-3-Clause */
/* select_storm.c - claim: a select does exactly one of its cases.
 *
 * Workers hold tokens.  Each worker repeats a select over all channels, in an order of its
 * own and in both directions at once: it offers one of its tokens on some channels and
 * takes one from others.  Only the case that the select names may have had an effect
 * (select.one-chosen, select.win-once, select.loser-dequeued), so at the end every token is
 * held exactly once: a double fire makes two of one, a lost case makes none.  Opposite
 * orders of the same channels must not deadlock (select.lock-order); a worker also selects
 * on one channel in both directions (chan.self-deadlock-select).
 */
#include "stress.h"

enum { WORKERS = 6, CHANNELS = 4, TOKENS = 4, STEPS = 3000 };

struct storm {
    gr_chan *ch[CHANNELS];
    gr_chan *stop;
    gr_wg done;
    gr_atomic held[WORKERS * TOKENS];
    gr_atomic ops;
};

struct worker {
    struct storm *storm;
    uint64_t seed;
    int number;
    int steps;
    int ntokens;
    uint64_t token[WORKERS * TOKENS];
};

static int make_cases(struct worker *w, struct stress_random *r, struct gr_case *cases,
                      uint64_t *offer, uint64_t *slot)
{
    int n = 0;

    for (uint64_t i = 0, first = stress_below(r, CHANNELS); i < CHANNELS; i++) {
        gr_chan *c = w->storm->ch[(first + i * 3) % CHANNELS];
        uint64_t what = stress_below(r, 4);
        if (what != 0 && w->ntokens > 0)
            cases[n++] = (struct gr_case){.dir = GR_SEND, .ch = c, .elem = offer};
        if (what != 1)
            cases[n++] = (struct gr_case){.dir = GR_RECV, .ch = c, .elem = slot};
    }
    cases[n++] = (struct gr_case){.dir = GR_RECV, .ch = w->storm->stop};
    return n;
}

static void work(void *arg)
{
    struct worker *w = arg;
    struct stress_random r = {w->seed};
    struct gr_case cases[2 * CHANNELS + 1];
    uint64_t ops = 0;

    for (;;) {
        uint64_t offer = w->ntokens ? w->token[w->ntokens - 1] : 0, slot = UINT64_MAX;
        int n = make_cases(w, &r, cases, &offer, &slot);
        /* Worker 0 counts the steps, so it never waits for good: the others may all be
         * receivers. */
        int k = gr_select(cases, n, w->number == 0 || stress_below(&r, 8) == 0);
        if (k == n - 1)
            break;
        ops++;
        if (k == GR_SELECT_DEFAULT) {
            gr_yield();
        } else if (cases[k].dir == GR_SEND) {
            w->ntokens--;
        } else {
            if (!cases[k].ok || slot >= WORKERS * TOKENS)
                stress_fail("worker %d received %#llx", w->number,
                            (unsigned long long)slot);
            if (w->ntokens == WORKERS * TOKENS)
                stress_fail("worker %d holds more tokens than there are", w->number);
            w->token[w->ntokens++] = slot;
        }
        if (w->number == 0 && --w->steps == 0)
            gr_chan_close(w->storm->stop);
    }
    for (int i = 0; i < w->ntokens; i++)
        gr_atomic_add(&w->storm->held[w->token[i]], 1);
    gr_atomic_add(&w->storm->ops, (int64_t)ops);
    gr_wg_done(&w->storm->done);
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    struct storm storm = {.stop = gr_chan_make(0, 0)};
    static struct worker worker[WORKERS];

    for (int i = 0; i < CHANNELS; i++)
        storm.ch[i] = gr_chan_make(sizeof(uint64_t), i < 2 ? 0 : i - 1);
    gr_wg_add(&storm.done, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        worker[i] = (struct worker){&storm, stress_next(&r), i, STEPS, TOKENS, {0}};
        for (int t = 0; t < TOKENS; t++)
            worker[i].token[t] = (uint64_t)(i * TOKENS + t);
        gr_go(work, &worker[i]);
    }
    gr_wg_wait(&storm.done);
    for (int i = 0; i < CHANNELS; i++) {
        uint64_t token;
        bool ok;
        while (gr_chan_try_recv(storm.ch[i], &token, &ok))
            gr_atomic_add(&storm.held[token], 1);
        gr_chan_free(storm.ch[i]);
    }
    for (int t = 0; t < WORKERS * TOKENS; t++)
        if (gr_atomic_load(&storm.held[t]) != 1)
            stress_fail("token %d is held %lld times", t,
                        (long long)gr_atomic_load(&storm.held[t]));
    gr_chan_free(storm.stop);
    return (uint64_t)gr_atomic_load(&storm.ops);
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, "select_storm", "a select does exactly one of its cases",
                       one_round);
}
