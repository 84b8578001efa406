/* SPDX-License-Identifier: BSD-3-Clause */
/* chan_storm.c - claim: whatever the capacity and the number of senders and receivers, each
 * value is received exactly once and each receiver sees the values of one sender in the
 * order in which they were sent.
 *
 * A value is (sender, sequence number).  Every receiver keeps the last number it saw from
 * each sender, which must only grow (chan.recv.fifo-per-sender-many), and a count; senders
 * and receivers are joined, then the counts and the sum of all numbers must be those sent
 * (chan.recv.each-value-once).
 */
#include "stress.h"

enum { SENDERS_MAX = 8, RECEIVERS_MAX = 8 };

struct storm {
    gr_chan *values;
    uint64_t each;
    int senders;
    gr_wg sending, receiving;
    gr_atomic count, sum;
};

struct sender {
    struct storm *storm;
    uint64_t number;
};

static void send_all(void *arg)
{
    struct sender *s = arg;

    for (uint64_t i = 1; i <= s->storm->each; i++) {
        uint64_t value = s->number << 32 | i;
        gr_chan_send(s->storm->values, &value);
    }
    gr_wg_done(&s->storm->sending);
}

static void receive_all(void *arg)
{
    struct storm *storm = arg;
    uint64_t last[SENDERS_MAX] = {0}, value, count = 0, sum = 0;

    while (gr_chan_recv(storm->values, &value)) {
        uint64_t sender = value >> 32, number = value & 0xffffffffu;
        if (sender >= (uint64_t)storm->senders || number > storm->each)
            stress_fail("received %#llx, which nobody sent", (unsigned long long)value);
        if (number <= last[sender])
            stress_fail("sender %llu: number %llu after %llu", (unsigned long long)sender,
                        (unsigned long long)number, (unsigned long long)last[sender]);
        last[sender] = number;
        count++;
        sum += number;
    }
    gr_atomic_add(&storm->count, (int64_t)count);
    gr_atomic_add(&storm->sum, (int64_t)sum);
    gr_wg_done(&storm->receiving);
}

static uint64_t one_round(uint64_t seed)
{
    struct stress_random r = {seed};
    struct storm storm = {.each = 1 + stress_below(&r, 2000)};
    struct sender sender[SENDERS_MAX];
    int receivers = 1 + (int)stress_below(&r, RECEIVERS_MAX);
    static const int caps[] = {0, 0, 1, 2, 3, 7, 128};

    storm.senders = 1 + (int)stress_below(&r, SENDERS_MAX);
    storm.values = gr_chan_make(sizeof(uint64_t), caps[stress_below(&r, 7)]);
    gr_wg_add(&storm.sending, storm.senders);
    gr_wg_add(&storm.receiving, receivers);
    for (int i = 0; i < receivers; i++)
        gr_go(receive_all, &storm);
    for (int i = 0; i < storm.senders; i++) {
        sender[i] = (struct sender){&storm, (uint64_t)i};
        gr_go(send_all, &sender[i]);
    }
    gr_wg_wait(&storm.sending);
    gr_chan_close(storm.values);
    gr_wg_wait(&storm.receiving);

    uint64_t sent = storm.each * (uint64_t)storm.senders;
    uint64_t sum = storm.each * (storm.each + 1) / 2 * (uint64_t)storm.senders;
    if ((uint64_t)gr_atomic_load(&storm.count) != sent ||
        (uint64_t)gr_atomic_load(&storm.sum) != sum)
        stress_fail("%llu values of sum %llu sent, %lld of sum %lld received",
                    (unsigned long long)sent, (unsigned long long)sum,
                    (long long)gr_atomic_load(&storm.count),
                    (long long)gr_atomic_load(&storm.sum));
    gr_chan_free(storm.values);
    return 2 * sent;
}

int main(int argc, char **argv)
{
    return stress_main(argc, argv, "chan_storm",
                       "each value is received exactly once, in each sender's order",
                       one_round);
}
