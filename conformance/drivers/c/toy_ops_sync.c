/* SPDX-License-Identifier: BSD-3-Clause */
/* toy_ops_sync.c - the toy's locks, wait groups, once, condition variables and atomics.
 *
 * Owns: their state.  Not here: parking (toy_ops.c).
 *
 * A mutex that is unlocked wakes one waiter, which tries again.  A read-write lock is
 * handed over: to all readers that wait when a writer leaves, else to the first writer.
 * What a waiter has been handed it owns when it wakes up.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "toy.h"

struct mutex {
    bool held;
    struct queue q;
};

struct rw {
    bool writing;
    int readers;
    struct queue wq, rq;
};

struct wg {
    int64_t count;
    struct queue q;
};

struct once {
    struct mutex m;
    bool done;
};

struct cond {
    struct mutex *m;
    struct queue q;
};

void *toy_create(enum gl_kind kind, void *other)
{
    static const size_t bytes[GL_KINDS] = {
        [GL_MUTEX] = sizeof(struct mutex), [GL_RWMUTEX] = sizeof(struct rw),
        [GL_WG] = sizeof(struct wg),       [GL_ONCE] = sizeof(struct once),
        [GL_COND] = sizeof(struct cond),   [GL_ATOMIC] = sizeof(_Atomic int64_t),
    };
    void *o = calloc(1, bytes[kind]);
    if (o == NULL)
        abort();
    if (kind == GL_COND)
        ((struct cond *)o)->m = other;
    return o;
}

void toy_destroy(enum gl_kind kind, void *object)
{
    (void)kind;
    free(object);
}

static void enter(void)
{
    toy_disturb();
    pthread_mutex_lock(&toy_lock);
}

static void leave(void)
{
    pthread_mutex_unlock(&toy_lock);
}

static void check(bool held, const char *text)
{
    if (!held)
        toy_die("fatal error: sync: ", text);
}

/* ---- mutex ---- */

static void lock_locked(struct mutex *m)
{
    while (m->held)
        toy_wait(&m->q);
    m->held = true;
}

static void unlock_locked(struct mutex *m)
{
    check(m->held, "unlock of unlocked mutex");
    m->held = false;
    toy_wake(&m->q);
}

void toy_mutex_lock(void *m)
{
    enter();
    lock_locked(m);
    leave();
}

void toy_mutex_unlock(void *m)
{
    enter();
    unlock_locked(m);
    leave();
}

bool toy_mutex_trylock(void *p)
{
    struct mutex *m = p;
    enter();
    bool ok = !m->held;
    m->held = true;
    leave();
    return ok;
}

/* ---- rwmutex ---- */

static bool try_write(struct rw *m)
{
    bool ok = !m->writing && m->readers == 0;
    m->writing |= ok;
    return ok;
}

static bool try_read(struct rw *m)
{
    bool ok = !m->writing && m->wq.head == NULL;
    m->readers += ok;
    return ok;
}

void toy_rw_lock(void *p)
{
    struct rw *m = p;
    enter();
    if (!try_write(m))
        toy_wait(&m->wq);
    leave();
}

bool toy_rw_trylock(void *m)
{
    enter();
    bool ok = try_write(m);
    leave();
    return ok;
}

void toy_rw_unlock(void *p)
{
    struct rw *m = p;
    enter();
    check(m->writing, "Unlock of unlocked RWMutex");
    m->writing = false;
    while (toy_wake(&m->rq))
        m->readers++;
    if (m->readers == 0)
        m->writing = toy_wake(&m->wq);
    leave();
}

void toy_rlock(void *p)
{
    struct rw *m = p;
    enter();
    if (!try_read(m))
        toy_wait(&m->rq);
    leave();
}

bool toy_tryrlock(void *m)
{
    enter();
    bool ok = try_read(m);
    leave();
    return ok;
}

void toy_runlock(void *p)
{
    struct rw *m = p;
    enter();
    check(m->readers > 0, "RUnlock of unlocked RWMutex");
    if (--m->readers == 0)
        m->writing = toy_wake(&m->wq);
    leave();
}

/* ---- cond, wg, once ---- */

void toy_cond_wait(void *p)
{
    struct cond *c = p;
    enter();
    unlock_locked(c->m);
    toy_wait(&c->q);
    lock_locked(c->m);
    leave();
}

void toy_cond_signal(void *c)
{
    enter();
    toy_wake(&((struct cond *)c)->q);
    leave();
}

void toy_cond_broadcast(void *c)
{
    enter();
    while (toy_wake(&((struct cond *)c)->q))
        continue;
    leave();
}

void toy_wg_add(void *p, int64_t delta)
{
    struct wg *w = p;
    enter();
    w->count += delta;
    bool bad = w->count < 0;
    while (w->count == 0 && toy_wake(&w->q))
        continue;
    leave();
    if (bad)
        toy_panic(GL_WG_NEGATIVE);
}

void toy_wg_done(void *w)
{
    toy_wg_add(w, -1);
}

void toy_wg_wait(void *p)
{
    struct wg *w = p;
    enter();
    if (w->count > 0)
        toy_wait(&w->q);
    leave();
}

struct first_call {
    struct once *o;
    gl_fn fn;
    void *arg;
};

static void once_end(void *arg)
{
    struct once *o = arg;
    enter();
    o->done = true;
    unlock_locked(&o->m);
    leave();
}

static void once_body(void *arg, void *frame)
{
    struct first_call *c = arg;
    gl_ops.defer(frame, once_end, c->o);
    c->fn(c->arg);
}

void toy_once_do(void *p, gl_fn fn, void *arg)
{
    struct first_call c = {p, fn, arg};
    enter();
    lock_locked(&c.o->m);
    bool done = c.o->done;
    if (done)
        unlock_locked(&c.o->m);
    leave();
    int64_t value = done ? 0 : toy_attempt(once_body, &c);
    if (value != 0)
        toy_panic(value);
}

/* ---- atomics: sequentially consistent, as the language wants them ---- */

int64_t toy_load(void *a)
{
    toy_disturb();
    return atomic_load((_Atomic int64_t *)a);
}

void toy_store(void *a, int64_t v)
{
    toy_disturb();
    atomic_store((_Atomic int64_t *)a, v);
}

int64_t toy_add(void *a, int64_t delta)
{
    toy_disturb();
    return atomic_fetch_add((_Atomic int64_t *)a, delta) + delta;
}

bool toy_cas(void *a, int64_t old, int64_t v)
{
    toy_disturb();
    return atomic_compare_exchange_strong((_Atomic int64_t *)a, &old, v);
}

int64_t toy_swap(void *a, int64_t v)
{
    toy_disturb();
    return atomic_exchange((_Atomic int64_t *)a, v);
}
