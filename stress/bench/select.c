/* SPDX-License-Identifier: BSD-3-Clause */
/* select.c - what a choice among channels costs: all ready, none ready, and waiting.
 *
 * Owns: rows 12 to 14 of the table of goals (figures.toml).  The other side is
 * go/select.go.
 *
 * The cases are written anew for each select, as the compiler of a language does.
 */
#include "bench.h"

#define RECV(c) GR_CASE_RECV((c), &v)
#define SEND(c) GR_CASE_SEND((c), &v)

/* k channels with room for one: the first is empty and waits for a send, the others are
 * full.  After each select one operation makes its case ready again. */
static void fill(gr_chan **c, int k)
{
    int64_t v = 1;

    for (int i = 0; i < k; i++) {
        c[i] = gr_chan_make(sizeof v, 1);
        if (i > 0)
            gr_chan_send(c[i], &v);
    }
}

static void drop(gr_chan **c, int k)
{
    for (int i = 0; i < k; i++)
        gr_chan_free(c[i]);
}

static inline void again(gr_chan **c, int chosen, int64_t *v)
{
    if (chosen == 0)
        gr_chan_recv(c[0], v);
    else
        gr_chan_send(c[chosen], v);
}

static void select_2(int64_t n)
{
    gr_chan *c[2];
    int64_t v = 1;

    fill(c, 2);
    for (int64_t i = 0; i < n; i++) {
        struct gr_case cases[] = {SEND(c[0]), RECV(c[1])};
        again(c, gr_select(cases, 2, false), &v);
    }
    drop(c, 2);
}

static void select_4(int64_t n)
{
    gr_chan *c[4];
    int64_t v = 1;

    fill(c, 4);
    for (int64_t i = 0; i < n; i++) {
        struct gr_case cases[] = {SEND(c[0]), RECV(c[1]), RECV(c[2]), RECV(c[3])};
        again(c, gr_select(cases, 4, false), &v);
    }
    drop(c, 4);
}

static void select_8(int64_t n)
{
    gr_chan *c[8];
    int64_t v = 1;

    fill(c, 8);
    for (int64_t i = 0; i < n; i++) {
        struct gr_case cases[] = {SEND(c[0]), RECV(c[1]), RECV(c[2]), RECV(c[3]),
                                  RECV(c[4]), RECV(c[5]), RECV(c[6]), RECV(c[7])};
        again(c, gr_select(cases, 8, false), &v);
    }
    drop(c, 8);
}

static int64_t volatile taken; /* so that no loop is folded away */

static void select_default(int64_t n)
{
    gr_chan *c[4];
    int64_t v = 0;

    for (int i = 0; i < 4; i++)
        c[i] = gr_chan_make(sizeof v, 1);
    for (int64_t i = 0; i < n; i++) {
        struct gr_case cases[] = {RECV(c[0]), RECV(c[1]), RECV(c[2]), RECV(c[3])};
        if (gr_select(cases, 4, true) != GR_SELECT_DEFAULT)
            taken += v;
    }
    drop(c, 4);
}

struct four {
    gr_chan *c[4], *ack;
    int64_t n;
};

static void chooser(void *arg)
{
    struct four *f = arg;
    gr_chan **c = f->c;
    int64_t v = 0;

    for (int64_t i = 0; i < f->n; i++) {
        struct gr_case cases[] = {RECV(c[0]), RECV(c[1]), RECV(c[2]), RECV(c[3])};
        gr_select(cases, 4, false);
        gr_chan_send(f->ack, &v);
    }
}

static void select_block(int64_t n)
{
    struct four f = {.ack = gr_chan_make(sizeof(int64_t), 0), .n = n};
    int64_t v = 1;

    for (int i = 0; i < 4; i++)
        f.c[i] = gr_chan_make(sizeof v, 0);
    gr_go(chooser, &f);
    for (int64_t i = 0; i < n; i++) {
        gr_chan_send(f.c[i % 4], &v);
        gr_chan_recv(f.ack, &v);
    }
    drop(f.c, 4);
    gr_chan_free(f.ack);
}

int main(int argc, char **argv)
{
    static const struct bench list[] = {
        {"select-2", select_2, NULL,
         "a select, 2 cases ready, one of them a send, and what makes it ready again"},
        {"select-4", select_4, NULL, "the same with 4 cases"},
        {"select-8", select_8, NULL, "the same with 8 cases"},
        {"select-default", select_default, NULL,
         "a select of 4 that are empty, and default"},
        {"select-block", select_block, NULL,
         "a select of 4 that waits, and the answer to it: a round trip"},
        {0},
    };
    return bench_main(argc, argv, "select", list);
}
