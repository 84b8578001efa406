/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects that nothing has but a record of the runtime, handed on from one to the next. */
#include "collect.h"

#define COURIERS 300
#define HOPS 30
#define DEFERS 40
#define FRAMES 2000
#define PANICS 200
#define WAITERS 100
#define BIRTHS 2000

static gr_atomic arrived;
static gr_wg all;
static gr_mutex lock;
static gr_cond cond;
static bool is_open;

/* A courier carries its number and how many hops it has made. */
struct courier {
    struct object *load;
    int64_t number, hops;
};

static const gr_type courier_type = GR_TYPE(struct courier, GR_AT(struct courier, load));

static struct courier *courier_new(int64_t number, int64_t hops)
{
    struct courier *c = gr_new(&courier_type);
    c->number = number;
    c->hops = hops;
    gr_store(&c->load, object_new(number));
    return c;
}

static void look(const struct courier *c, const char *what)
{
    need(c->load != NULL && is_whole(c->load, c->number), what);
}

static void by_timer(void *arg)
{
    struct courier *c = arg;
    look(c, "a timer's argument");
    if (c->hops == HOPS)
        gr_wg_done(&all);
    else
        gr_timer_func(c->number * 100, by_timer, courier_new(c->number, c->hops + 1));
}

static void by_goroutine(void *arg)
{
    struct courier *c = arg;
    look(c, "a goroutine's argument");
    if (c->hops == HOPS)
        gr_wg_done(&all);
    else
        gr_go(by_goroutine, courier_new(c->number, c->hops + 1));
}

/* One of many that were made at once: most wait for long before they begin. */
static void by_birth(void *arg)
{
    look(arg, "the argument of one of many goroutines");
    gr_wg_done(&all);
}

static void by_defer(void *arg)
{
    look(arg, "a deferred call's argument");
    gr_atomic_add(&arrived, 1);
}

static GR_NOINLINE void defers(int64_t frame)
{
    GR_FUNC;
    for (int64_t i = 0; i < DEFERS; i++)
        GR_DEFER(by_defer, courier_new(frame + i, 0));
    if (frame % 200 == 0) {
        collect();
        churn(2000);
    }
}

static void recovers(void *unused)
{
    (void)unused;
    churn(20);
    gr_value v = gr_recover();
    need(v.kind == GR_PTR, "no panic");
    look(v.u.p, "a panic's value");
    gr_atomic_add(&arrived, 1);
}

static GR_NOINLINE void panics(int64_t number)
{
    GR_FUNC;
    GR_DEFER(recovers, NULL);
    gr_panic((gr_value){.kind = GR_PTR, .u = {.p = courier_new(number, 0)}});
}

/* The courier is known to the waiter's stack alone, and that to a queue of waiters. */
static void by_waiter(void *arg)
{
    struct courier *c = courier_new((intptr_t)arg, 0);
    gr_mutex_lock(&lock);
    gr_atomic_add(&arrived, 1);
    while (!is_open)
        gr_cond_wait(&cond);
    gr_mutex_unlock(&lock);
    look(c, "a waiter's local");
    gr_wg_done(&all);
}

static void timers(void)
{
    gr_wg_add(&all, COURIERS);
    for (int64_t i = 0; i < COURIERS; i++)
        gr_timer_func(i * 100, by_timer, courier_new(i, 0));
    gr_wg_wait(&all);
    gr_wg_add(&all, COURIERS);
    for (int64_t i = 0; i < COURIERS; i++) /* these wait over some collections */
        gr_timer_func(30000000, by_timer, courier_new(i, HOPS));
    for (int i = 0; i < 3; i++) {
        collect();
        churn(2000);
    }
    gr_wg_wait(&all);
    puts("timers: whole");
}

static void goroutines(void)
{
    gr_wg_add(&all, COURIERS);
    for (int64_t i = 0; i < COURIERS; i++)
        gr_go(by_goroutine, courier_new(i, 0));
    gr_wg_wait(&all);
    for (int n = 0; n < 3; n++) {
        gr_wg_add(&all, BIRTHS);
        for (int64_t i = 0; i < BIRTHS; i++)
            gr_go(by_birth, courier_new(i, 0));
        gr_wg_wait(&all);
    }
    puts("goroutines: whole");
}

static void deferred_calls(void)
{
    gr_atomic_store(&arrived, 0);
    for (int64_t i = 0; i < FRAMES; i++)
        defers(i);
    need(gr_atomic_load(&arrived) == FRAMES * DEFERS, "deferred calls are missing");
    puts("deferred calls: whole");
    gr_atomic_store(&arrived, 0);
    for (int64_t i = 0; i < PANICS; i++)
        panics(i);
    need(gr_atomic_load(&arrived) == PANICS, "panics are missing");
    puts("panics: whole");
}

static void waiters(struct collecting *c)
{
    gr_cond_init(&cond, &lock);
    gr_atomic_store(&arrived, 0);
    gr_wg_add(&all, WAITERS);
    for (intptr_t i = 0; i < WAITERS; i++)
        gr_go(by_waiter, (void *)i);
    while (gr_atomic_load(&arrived) < WAITERS)
        gr_yield();
    int64_t cycles = gr_atomic_load(&c->cycles);
    while (gr_atomic_load(&c->cycles) < cycles + 3)
        churn(1000);
    gr_mutex_lock(&lock);
    is_open = true;
    gr_cond_broadcast(&cond);
    gr_mutex_unlock(&lock);
    gr_wg_wait(&all);
    puts("waiters: whole");
}

static void body(void *unused)
{
    struct collecting c = {0};
    (void)unused;
    collecting_begin(&c);
    timers();
    goroutines();
    deferred_calls();
    waiters(&c);
    collecting_end(&c);
}

int main(void)
{
    return gr_main(body, NULL);
}
