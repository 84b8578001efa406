/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect.h"

#define LIMIT 1000 /* primes below it */
#define RING 1000
#define ROUNDS 6
#define PRODUCERS 4
#define ITEMS 10000
#define EXCHANGES 20000
#define QUEUED 20000

static int64_t take(gr_chan *c)
{
    struct object *o = NULL;
    gr_chan_recv(c, &o);
    need(o != NULL && is_whole(o, o->stamp), "an object on its way");
    return o->stamp;
}

static void give(gr_chan *c, int64_t stamp)
{
    struct object *o = object_new(stamp);
    gr_chan_send(c, &o);
}

static gr_chan *channel(int64_t room)
{
    return gr_chan_new(&gr_type_pointer, room);
}

/* What one goroutine is told. */
struct task {
    gr_chan *in, *out;
    int64_t number;
};

static const gr_type task_type =
    GR_TYPE(struct task, GR_AT(struct task, in) | GR_AT(struct task, out));

static void start(gr_fn fn, gr_chan *in, gr_chan *out, int64_t number)
{
    struct task *t = gr_new(&task_type);
    gr_init(&t->in, in);
    gr_init(&t->out, out);
    t->number = number;
    gr_go(fn, t);
}

static void counts(void *task)
{
    struct task *t = task;
    for (int64_t i = 2;; i++)
        give(t->out, i);
}

static void filters(void *task)
{
    struct task *t = task;
    for (;;) {
        int64_t i = take(t->in);
        if (i % t->number != 0)
            give(t->out, i);
    }
}

static int64_t sieve(void)
{
    gr_chan *c = channel(0);
    int64_t sum = 0;
    start(counts, NULL, c, 0);
    for (int64_t prime = take(c); prime < LIMIT; prime = take(c)) {
        gr_chan *next = channel(4);
        sum += prime;
        start(filters, c, next, prime);
        c = next;
    }
    return sum;
}

static void passes(void *task)
{
    struct task *t = task;
    for (int i = 0; i < ROUNDS; i++)
        give(t->out, take(t->in) + 1);
}

static int64_t ring(void)
{
    gr_chan *first = channel(0), *c = first;
    int64_t stamp = 0;
    for (int i = 0; i < RING; i++) {
        gr_chan *next = channel(0);
        start(passes, c, next, 0);
        c = next;
    }
    for (int i = 0; i < ROUNDS; i++) {
        give(first, stamp);
        stamp = take(c);
    }
    return stamp;
}

static gr_atomic busy;

static void produces(void *task)
{
    struct task *t = task;
    for (int64_t i = 0; i < ITEMS; i++)
        give(t->out, t->number * ITEMS + i);
    if (gr_atomic_add(&busy, -1) == 0)
        gr_chan_close(t->out);
}

static void consumes(void *task)
{
    struct task *t = task;
    struct object *o;
    int64_t sum = 0;
    while (gr_chan_recv(t->in, &o)) {
        need(is_whole(o, o->stamp), "an object on its way");
        sum += o->stamp;
    }
    give(t->out, sum);
}

static int64_t fan(void)
{
    gr_chan *c = channel(10), *sums = channel(0);
    int64_t sum = 0;
    gr_atomic_store(&busy, PRODUCERS);
    for (int i = 0; i < PRODUCERS; i++) {
        start(produces, NULL, c, i);
        start(consumes, c, sums, 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        sum += take(sums);
    return sum;
}

static void answers(void *task)
{
    struct task *t = task;
    for (;;)
        give(t->out, take(t->in) + 1);
}

static int64_t exchanges(void)
{
    gr_chan *there = channel(0), *back = channel(0);
    int64_t stamp = 0;
    start(answers, there, back, 0);
    for (int i = 0; i < EXCHANGES; i++) {
        give(there, stamp + 1);
        stamp = take(back);
    }
    return stamp;
}

/* A list under a lock: one end is filled, the other emptied. */
static gr_mutex lock;
static gr_cond filled;
static struct object *oldest, *newest;
GR_ROOT(oldest);
GR_ROOT(newest);

static void enqueues(void *unused)
{
    (void)unused;
    for (int64_t i = 0; i < QUEUED; i++) {
        struct object *o = object_new(i);
        gr_mutex_lock(&lock);
        gr_store(newest == NULL ? &oldest : &newest->next, o);
        gr_store(&newest, o);
        gr_cond_signal(&filled);
        gr_mutex_unlock(&lock);
    }
}

static int64_t queue(void)
{
    int64_t sum = 0;
    gr_cond_init(&filled, &lock);
    gr_go(enqueues, NULL);
    for (int64_t i = 0; i < QUEUED; i++) {
        gr_mutex_lock(&lock);
        while (oldest == NULL)
            gr_cond_wait(&filled);
        struct object *o = oldest;
        gr_store(&oldest, o->next);
        if (oldest == NULL)
            gr_store(&newest, NULL);
        gr_mutex_unlock(&lock);
        need(is_whole(o, i), "an object of the queue");
        sum += o->stamp;
    }
    return sum;
}

static void body(void *unused)
{
    struct collecting c = {0};
    (void)unused;
    collecting_begin(&c);
    printf("sieve: %d\n", (int)sieve());
    printf("ring: %d\n", (int)ring());
    printf("fan: %d\n", (int)fan());
    printf("exchanges: %d\n", (int)exchanges());
    printf("queue: %d\n", (int)queue());
    collecting_end(&c);
}

int main(void)
{
    return gr_main(body, NULL);
}
