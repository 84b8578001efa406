/* SPDX-License-Identifier: BSD-3-Clause */
/* Many goroutines are made and have not begun when a collection does.  Each has one object,
 * its argument, which nobody else has.  Some end at once, and leave what they had to the
 * next one; the others wait for the end of the collection, and look again.
 */
#include "collect.h"

#define ROUNDS 25
#define PAIRS 400

static gr_wg begun, over;
static gr_chan *gate;

static void stays(void *arg)
{
    struct object *o = arg;
    need(is_whole(o, o->stamp), "an argument when its goroutine begins");
    gr_wg_done(&begun);
    gr_chan_recv(gate, NULL);
    need(is_whole(o, o->stamp) && o->stamp >= 0, "an argument after a collection");
    gr_wg_done(&over);
}

static void ends(void *arg)
{
    struct object *o = arg;
    need(is_whole(o, o->stamp), "an argument of a goroutine that ends at once");
}

static void starter(void *unused)
{
    (void)unused;
    for (intptr_t i = 0; i < PAIRS; i++) {
        gr_go(stays, object_new(i));
        gr_go(ends, object_new(i));
    }
    gr_gc();
}

static void make_and_collect(void)
{
    gate = gr_chan_make(0, 0);
    gr_wg_add(&begun, PAIRS);
    gr_wg_add(&over, PAIRS);
    elsewhere(starter, NULL);
    gr_wg_wait(&begun);
    churn(4 * PAIRS);
    gr_chan_close(gate);
    gr_wg_wait(&over);
    gr_chan_free(gate);
}

static void body(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        make_and_collect();
    printf("%d times %d: whole\n", ROUNDS, PAIRS);
}

int main(void)
{
    return gr_main(body, NULL);
}
