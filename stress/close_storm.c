/* SPDX-License-Identifier: BSD-3-Clause */
/* close_storm.c - claim: of several closers exactly one succeeds; a send that races with
 * close is either received or panics, never both and never neither; every waiter wakes.
 *
 * Senders, receivers and closers meet on one channel.  Sends and closes run under a
 * recovering frame and count how they ended.  At the end: one successful close, as many
 * values received as sends that returned, all goroutines back (chan.close.race-once,
 * chan.close.concurrent-send, chan.close.wakes-all-receivers).
 */
#include "stress.h"

enum { SENDERS = 5, RECEIVERS = 5, CLOSERS = 3 };

struct storm {
    gr_chan *c;
    gr_wg all;
    gr_atomic sent, refused, received, closed, refused_closes;
    uint64_t each;
};

struct attempt {
    struct storm *storm;
    uint64_t value;
    bool is_close, failed;
};

static void note_panic(void *arg)
{
    struct attempt *a = arg;
    gr_value v = gr_recover();

    if (v.kind == GR_NIL)
        return;
    a->failed = true;
    enum gr_err wanted = a->is_close ? GR_ERR_CLOSE_CLOSED : GR_ERR_SEND_CLOSED;
    if (v.kind != GR_ERROR || v.u.err != wanted)
        stress_fail("a panic of kind %d instead of the error %d", (int)v.kind, (int)wanted);
}

static void try_it(struct attempt *a)
{
    GR_FUNC;
    GR_DEFER(note_panic, a);
    if (a->is_close)
        gr_chan_close(a->storm->c);
    else
        gr_chan_send(a->storm->c, &a->value);
}

static void send_some(void *arg)
{
    struct storm *storm = arg;

    for (uint64_t i = 0; i < storm->each; i++) {
        struct attempt a = {storm, i, false, false};
        try_it(&a);
        gr_atomic_add(a.failed ? &storm->refused : &storm->sent, 1);
        if (a.failed)
            break;
    }
    gr_wg_done(&storm->all);
}

static void receive_some(void *arg)
{
    struct storm *storm = arg;
    uint64_t value;

    while (gr_chan_recv(storm->c, &value)) {
        if (value >= storm->each)
            stress_fail("received %#llx, which nobody sent", (unsigned long long)value);
        gr_atomic_add(&storm->received, 1);
    }
    if (value != 0)
        stress_fail("a closed channel gave %#llx instead of zero",
                    (unsigned long long)value);
    gr_wg_done(&storm->all);
}

static void close_it(void *arg)
{
    struct storm *storm = arg;
    struct attempt a = {storm, 0, true, false};

    for (uint64_t n = storm->each / 4; n > 0; n--)
        gr_yield();
    try_it(&a);
    gr_atomic_add(a.failed ? &storm->refused_closes : &storm->closed, 1);
    gr_wg_done(&storm->all);
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    static const int caps[] = {0, 1, 2, 16};
    struct storm storm = {.each = 1 + stress_below(&r, 60)};

    storm.c = gr_chan_make(sizeof(uint64_t), caps[stress_below(&r, 4)]);
    gr_wg_add(&storm.all, SENDERS + RECEIVERS + CLOSERS);
    for (int i = 0; i < SENDERS; i++)
        gr_go(send_some, &storm);
    for (int i = 0; i < CLOSERS; i++)
        gr_go(close_it, &storm);
    for (int i = 0; i < RECEIVERS; i++)
        gr_go(receive_some, &storm);
    gr_wg_wait(&storm.all);
    if (gr_atomic_load(&storm.closed) != 1 ||
        gr_atomic_load(&storm.refused_closes) != CLOSERS - 1)
        stress_fail("%lld closes succeeded", (long long)gr_atomic_load(&storm.closed));
    if (gr_atomic_load(&storm.sent) != gr_atomic_load(&storm.received))
        stress_fail("%lld sends returned, %lld values were received",
                    (long long)gr_atomic_load(&storm.sent),
                    (long long)gr_atomic_load(&storm.received));
    gr_chan_free(storm.c);
    return (uint64_t)(gr_atomic_load(&storm.sent) + gr_atomic_load(&storm.received)) +
           CLOSERS;
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, "close_storm",
                       "one close succeeds, and a racing send is received or refused",
                       one_round);
}
