/* SPDX-License-Identifier: BSD-3-Clause */
/* collect.h - for programs about collected memory: objects that know whether they are
 * whole, garbage that no stack keeps, and collections until something has happened.
 */
#ifndef COLLECT_H
#define COLLECT_H

#include "need.h"

#define CYCLES 20 /* what can go is gone after so many collections */

/* An object with its stamp all over it. */
struct object {
    struct object *next;
    int64_t stamp, body[4];
};

static const gr_type object_type = GR_TYPE(struct object, GR_AT(struct object, next));

static inline struct object *object_new(int64_t stamp)
{
    struct object *o = gr_new(&object_type);
    o->stamp = stamp;
    for (int i = 0; i < 4; i++)
        o->body[i] = stamp * 31 + i;
    return o;
}

static inline bool is_whole(const struct object *o, int64_t stamp)
{
    bool same = o->stamp == stamp;
    for (int i = 0; i < 4; i++)
        same &= o->body[i] == stamp * 31 + i;
    return same;
}

/* As many objects as have so many bytes, stamped from 0 on, in turn to n lists: so marking
 * can be shared. */
static inline void lists_fill(struct object **lists, int64_t n, int64_t bytes)
{
    for (int64_t i = 0; i < bytes / (int64_t)sizeof **lists; i++) {
        struct object *o = object_new(i);
        gr_store(&o->next, lists[i % n]);
        gr_store(&lists[i % n], o);
    }
}

struct elsewhere {
    gr_fn fn;
    void *arg;
    gr_wg over;
};

static GR_NOINLINE void elsewhere_run(void *arg)
{
    struct elsewhere *e = arg;
    e->fn(e->arg);
    gr_wg_done(&e->over);
}

/* fn(arg) in a goroutine of its own: when this returns no stack has what it had. */
static inline void elsewhere(gr_fn fn, void *arg)
{
    struct elsewhere e = {.fn = fn, .arg = arg};
    gr_wg_add(&e.over, 1);
    gr_go(elsewhere_run, &e);
    gr_wg_wait(&e.over);
}

static inline void collect(void)
{
    gr_stack_scrub();
    gr_gc();
}

/* Collects until the count is reached.  After each collection it waits while the count
 * moves, and a little longer each time, for finalizers.  False: CYCLES collections were not
 * enough. */
static inline bool collect_until(gr_atomic *count, int64_t want)
{
    int64_t now = gr_atomic_load(count);
    for (int i = 1; i <= CYCLES && now < want; i++) {
        collect();
        for (int quiet = 0; quiet < 20 * i && now < want; quiet++) {
            int64_t before = now;
            gr_sleep_ns(100000);
            now = gr_atomic_load(count);
            if (now != before)
                quiet = 0;
        }
    }
    return now >= want;
}

static gr_atomic controls;

static inline void control_ends(void *object, void *arg)
{
    (void)object, (void)arg;
    gr_atomic_add(&controls, 1);
}

static inline void control_made(void *unused)
{
    (void)unused;
    gr_finalizer(object_new(0), control_ends, NULL);
}

/* Whatever was to be finalized has been: in each of n rounds an object dies that was made
 * then, and its finalizer has run. */
static inline void settle(int n)
{
    for (int i = 0; i < n; i++) {
        int64_t before = gr_atomic_load(&controls);
        elsewhere(control_made, NULL);
        need(collect_until(&controls, before + 1), "an unreachable object stays");
    }
}

static inline void churn_run(void *n)
{
    for (intptr_t i = 0; i < (intptr_t)n; i++)
        object_new(-1);
}

/* Objects like all others are made and dropped: what was freed by mistake is
 * overwritten. */
static inline void churn(intptr_t n)
{
    elsewhere(churn_run, (void *)n);
}

/* Collects all the time, in a goroutine of its own, until told to stop. */
struct collecting {
    gr_atomic stop, cycles;
    gr_wg over;
};

static inline void collecting_run(void *arg)
{
    struct collecting *c = arg;
    while (gr_atomic_load(&c->stop) == 0) {
        gr_gc();
        gr_atomic_add(&c->cycles, 1);
    }
    gr_wg_done(&c->over);
}

static inline void collecting_begin(struct collecting *c)
{
    gr_wg_add(&c->over, 1);
    gr_go(collecting_run, c);
}

static inline void collecting_end(struct collecting *c)
{
    gr_atomic_store(&c->stop, 1);
    gr_wg_wait(&c->over);
}

static inline int64_t pick(uint64_t *state, int64_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(*state >> 33) % n;
}

#endif
