/* SPDX-License-Identifier: BSD-3-Clause */
/* chan_test.c - floor chan: channels alone, in controlled runs and on several threads. */
#include "rt.h"

#include <string.h>

/* ---- helpers ------------------------------------------------------------------------- */

static enum gr_err caught;

static void catch_error(void *unused)
{
    gr_value v = gr_recover();
    (void)unused;
    caught = v.kind == GR_ERROR ? v.u.err : 0;
}

/* The run-time error that fn(arg) raises, or 0. */
static GR_NOINLINE void catch_run(gr_fn fn, void *arg)
{
    GR_FUNC;
    GR_DEFER(catch_error, NULL);
    fn(arg);
}

static enum gr_err error_of(gr_fn fn, void *arg)
{
    caught = 0;
    catch_run(fn, arg);
    return caught;
}

/* ---- one goroutine ------------------------------------------------------------------- */

static void close_it(void *c)
{
    gr_chan_close(c);
}
static void send_one(void *c)
{
    send(c, 1);
}
static void make_negative(void *unused)
{
    (void)unused, gr_chan_make(8, -1);
}
static void make_huge(void *unused)
{
    (void)unused, gr_chan_make(8, (int64_t)1 << 62);
}

static void errors_body(void *unused)
{
    gr_chan *c = gr_chan_make(8, 1);
    (void)unused;
    CHECK_EQ(error_of(close_it, NULL), GR_ERR_CLOSE_NIL);
    CHECK_EQ(error_of(close_it, c), 0);
    CHECK_EQ(error_of(close_it, c), GR_ERR_CLOSE_CLOSED);
    CHECK_EQ(error_of(send_one, c), GR_ERR_SEND_CLOSED);
    CHECK_EQ(error_of(make_negative, NULL), GR_ERR_MAKECHAN_SIZE);
    CHECK_EQ(error_of(make_huge, NULL), GR_ERR_MAKECHAN_SIZE);
    CHECK_EQ(gr_chan_len(NULL), 0);
    CHECK_EQ(gr_chan_cap(NULL), 0);
    gr_chan_free(c);
}

static void errors_are_panics(void)
{
    run_seeded(errors_body, NULL, 1, GR_END_OK);
}

static void buffer_body(void *unused)
{
    (void)unused;
    for (int64_t cap = 1; cap <= 9; cap++) {
        gr_chan *c = gr_chan_make(8, cap);
        int64_t in = 0, out = 0, v;
        bool ok;
        for (int lap = 0; lap < 7; lap++) {
            while (v = in, gr_chan_try_send(c, &v))
                in++;
            CHECK_EQ(gr_chan_len(c), cap);
            for (int64_t i = 0; i <= lap % cap; i++)
                CHECK_EQ(recv(c), out++);
            CHECK_EQ(gr_chan_len(c), in - out);
        }
        gr_chan_close(c);
        CHECK_EQ(gr_chan_len(c), in - out);
        while (gr_chan_recv(c, &v))
            CHECK_EQ(v, out++);
        CHECK_EQ(v, 0);
        CHECK_EQ(in, out);
        CHECK(gr_chan_try_recv(c, &v, &ok) && !ok);
        CHECK_EQ(gr_chan_cap(c), cap);
        gr_chan_free(c);
    }
}

static void buffers_wrap_and_drain(void)
{
    run_seeded(buffer_body, NULL, 2, GR_END_OK);
}

/* ---- elements ------------------------------------------------------------------------ */

struct sized {
    gr_chan *c;
    size_t size;
};

static void fill(unsigned char *e, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        e[i] = (unsigned char)(seed * 31 + i * 7);
}

static void sized_sender(void *arg)
{
    struct sized *s = arg;
    unsigned char *e = malloc(s->size + 1);
    for (unsigned k = 0; k < 3; k++) {
        fill(e, s->size, k);
        gr_chan_send(s->c, e);
        memset(e, 0xee, s->size);
    }
    gr_chan_close(s->c);
    free(e);
}

static void check_bytes(const unsigned char *got, const unsigned char *want, size_t size)
{
    CHECK(memcmp(got, want, size) == 0);
    CHECK_EQ(got[-1], 0x5a);
    CHECK_EQ(got[size], 0x5a);
}

static void sized_body(void *arg)
{
    struct sized *s = arg;
    unsigned char *want = calloc(1, s->size + 1), *got = malloc(s->size + 2);
    gr_go(sized_sender, s);
    for (unsigned k = 0; k < 3; k++) {
        memset(got, 0x5a, s->size + 2);
        fill(want, s->size, k);
        CHECK(gr_chan_recv(s->c, got + 1));
        check_bytes(got + 1, want, s->size);
    }
    memset(got, 0x5a, s->size + 2);
    memset(want, 0, s->size);
    CHECK(!gr_chan_recv(s->c, got + 1));
    check_bytes(got + 1, want, s->size);
    free(want);
    free(got);
}

static void elements_of_every_size(void)
{
    static const size_t sizes[] = {0,  1,  2,  3,  4,   5,   7,    8,    9,     15,
                                   16, 17, 31, 33, 127, 128, 1000, 4096, 32768, 65535};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        for (int64_t cap = 0; cap < 3; cap++) {
            struct sized s = {gr_chan_make(sizes[i], cap), sizes[i]};
            run_seeded(sized_body, &s, i + (uint64_t)cap, GR_END_OK);
            gr_chan_free(s.c);
        }
    }
}

static void empty_elements_body(void *unused)
{
    gr_chan *c = gr_chan_make(0, (int64_t)1 << 40);
    (void)unused;
    for (int i = 0; i < 5; i++)
        gr_chan_send(c, NULL);
    CHECK_EQ(gr_chan_len(c), 5);
    CHECK_EQ(gr_chan_cap(c), (int64_t)1 << 40);
    CHECK(gr_chan_recv(c, NULL));
    CHECK_EQ(gr_chan_len(c), 4);
    gr_chan_free(c);
}

static void empty_elements_cost_nothing(void)
{
    run_seeded(empty_elements_body, NULL, 1, GR_END_OK);
}

/* ---- waiting ------------------------------------------------------------------------- */

static gr_chan *chan, *done;
static int order[16], norder;

static void blocked_sender(void *arg)
{
    send(chan, (int64_t)(intptr_t)arg);
    send(done, 0);
}

/* Starts n goroutines one after the other, each parked before the next one starts. */
static void start_in_order(gr_fn fn, int n)
{
    for (int i = 1; i <= n; i++) {
        gr_go(fn, (void *)(intptr_t)i);
        gr_yield();
    }
}

static void fifo_body(void *unused)
{
    (void)unused;
    chan = gr_chan_make(8, 2);
    done = gr_chan_make(8, 8);
    send(chan, 100);
    send(chan, 101);
    start_in_order(blocked_sender, 3);
    CHECK_EQ(gr_chan_len(chan), 2);
    CHECK_EQ(recv(chan), 100);
    CHECK_EQ(recv(chan), 101);
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(recv(chan), i);
    for (int i = 0; i < 3; i++)
        recv(done);
    gr_chan_free(chan);
    gr_chan_free(done);
}

static void waiters_are_served_in_order(void)
{
    struct gr_control opt = {.strategy = GR_STRAT_ROBIN};
    struct gr_verdict out;
    gr_control_run(&opt, fifo_body, NULL, &out);
    CHECK_STR(out.text, "");
    CHECK_EQ(out.end, GR_END_OK);
    free(out.tape);
}

static void note_receiver(void *arg)
{
    recv(chan);
    order[norder++] = (int)(intptr_t)arg;
}

/* Three parked receivers; which one a send serves is the tape's last word. */
static void any_waiter_body(void *unused)
{
    (void)unused;
    norder = 0;
    chan = gr_chan_make(8, 0);
    start_in_order(note_receiver, 3);
    gr_sleep_ns(1);
    send(chan, 1);
    gr_sleep_ns(1);
    CHECK_EQ(norder, 1);
    gr_chan_free(chan);
}

static void any_waiter_can_be_served(void)
{
    bool seen[4] = {false};
    for (uint64_t seed = 1; seed < 100; seed++) {
        struct gr_control opt = {
            .strategy = GR_STRAT_RANDOM, .seed = seed, .any_waiter = true};
        struct gr_verdict out;
        gr_control_run(&opt, any_waiter_body, NULL, &out);
        CHECK_EQ(out.end, GR_END_OK);
        free(out.tape);
        seen[order[0]] = true;
    }
    CHECK(seen[1] && seen[2] && seen[3]);
}

static void closed_receiver(void *arg)
{
    int64_t v = 5;
    bool ok = gr_chan_recv(chan, &v);
    (void)arg;
    CHECK(!ok);
    CHECK_EQ(v, 0);
    send(done, 1);
}

static void closed_sender(void *arg)
{
    (void)arg;
    CHECK_EQ(error_of(send_one, chan), GR_ERR_SEND_CLOSED);
    send(done, 2);
}

static void close_body(void *arg)
{
    chan = gr_chan_make(8, 0);
    done = gr_chan_make(8, 0);
    start_in_order(arg != NULL ? closed_sender : closed_receiver, 4);
    gr_chan_close(chan);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(recv(done), arg != NULL ? 2 : 1);
    gr_chan_free(chan);
    gr_chan_free(done);
}

static void close_wakes_all(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        run_seeded(close_body, NULL, seed, GR_END_OK);
        run_seeded(close_body, &chan, seed, GR_END_OK);
    }
}

static void late_closer(void *unused)
{
    (void)unused;
    send(chan, 3);
    gr_chan_close(chan);
}

/* A sender whose value was taken does not care that the channel is closed before it runs
 * again. */
static void served_then_closed_body(void *unused)
{
    (void)unused;
    chan = gr_chan_make(8, 0);
    gr_go(late_closer, NULL);
    CHECK_EQ(recv(chan), 3);
    CHECK_EQ(recv(chan), 0);
    gr_chan_free(chan);
}

static void served_sender_ignores_close(void)
{
    run_seeds(served_then_closed_body, 200, GR_END_OK);
}

static void nil_recv(void *unused)
{
    (void)unused, gr_chan_recv(NULL, NULL);
}
static void nil_send(void *unused)
{
    (void)unused, gr_chan_send(NULL, NULL);
}

static void nil_blocks_for_ever(void)
{
    run_seeded(nil_recv, NULL, 1, GR_END_DEADLOCK);
    run_seeded(nil_send, NULL, 1, GR_END_DEADLOCK);
}

static void left_blocked(void *unused)
{
    (void)unused;
    chan = gr_chan_make(8, 0);
    start_in_order(blocked_sender, 5);
    gr_chan_free(chan); /* as a harness does after the run: nobody runs any more */
}

static void leftovers_are_dropped(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++)
        run_seeded(left_blocked, NULL, seed, GR_END_OK);
}

/* ---- threads ------------------------------------------------------------------------- */

enum { WORKERS = 4 };
static int per_worker;
static gr_wg workers;
static gr_atomic sum;

static int procs_later; /* not 0: so many from the middle on */

static void producer(void *arg)
{
    int64_t base = (int64_t)(intptr_t)arg * 1000000;
    for (int i = 0; i < per_worker; i++) {
        if (i == per_worker / 2 && base == 1000000 && procs_later != 0)
            gr_procs(procs_later);
        send(chan, base + i);
    }
    gr_wg_done(&workers);
}

static void consumer(void *unused)
{
    int64_t v, last[WORKERS + 1] = {0};
    (void)unused;
    while (gr_chan_recv(chan, &v)) {
        int64_t who = v / 1000000;
        CHECK(v >= last[who]); /* one sender's values stay in order */
        last[who] = v;
        gr_atomic_add(&sum, v);
    }
    send(done, 0);
}

static void fan_main(void *cap)
{
    int64_t want = 0;
    chan = gr_chan_make(8, (int64_t)(intptr_t)cap);
    done = gr_chan_make(8, 0);
    gr_wg_add(&workers, WORKERS);
    for (int64_t i = 1; i <= WORKERS; i++) {
        gr_go(producer, (void *)(intptr_t)i);
        gr_go(consumer, NULL);
        want += i * 1000000 * per_worker + (int64_t)per_worker * (per_worker - 1) / 2;
    }
    gr_wg_wait(&workers);
    gr_chan_close(chan);
    for (int i = 0; i < WORKERS; i++)
        recv(done);
    CHECK_EQ(gr_atomic_load(&sum), want);
}

static void fan(int64_t cap)
{
    per_worker = unit_is_slow() ? 300 : 20000;
    gr_noise(1, unit_seed());
    CHECK_EQ(gr_main(fan_main, (void *)(intptr_t)cap), 0);
}

static void fan_unbuffered(void)
{
    fan(0);
}
static void fan_buffered(void)
{
    fan(3);
}

/* From one processor, whose locks are free, to several (lock.h, I4). */
static void fan_growing(void)
{
    per_worker = unit_is_slow() ? 300 : 100000;
    procs_later = 3;
    run_free(1, fan_main, (void *)(intptr_t)3);
}

static void uncaught_body(void *unused)
{
    gr_chan *c = gr_chan_make(8, 0);
    (void)unused;
    gr_chan_close(c);
    send(c, 1);
}

static void send_on_closed_dies(void)
{
    gr_main(uncaught_body, NULL);
}
static void deadlock_dies(void)
{
    gr_main(nil_recv, NULL);
}

static const struct unit_case cases[] = {
    UNIT(errors_are_panics),
    UNIT(buffers_wrap_and_drain),
    UNIT(elements_of_every_size),
    UNIT(empty_elements_cost_nothing),
    UNIT(waiters_are_served_in_order),
    UNIT(any_waiter_can_be_served),
    UNIT(close_wakes_all),
    UNIT(served_sender_ignores_close),
    UNIT(nil_blocks_for_ever),
    UNIT(leftovers_are_dropped),
    UNIT(fan_unbuffered),
    UNIT(fan_buffered),
    UNIT(fan_growing),
    UNIT_EXITS(send_on_closed_dies, 2,
               "panic: send on closed channel\n\ngoroutine 1 [running]:\n"),
    UNIT_EXITS(deadlock_dies, 2,
               "fatal error: all goroutines are asleep - deadlock!\n\n"
               "goroutine 1 [chan receive (nil chan)]:\n"),
};

UNIT_MAIN(cases)
