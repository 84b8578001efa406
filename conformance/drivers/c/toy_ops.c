/* SPDX-License-Identifier: BSD-3-Clause */
/* toy_ops.c - a whole runtime on threads and one lock: the smallest example of a table.
 *
 * Owns: goroutines, a virtual clock, channels, select, locks.  Not here: panics, atomics
 * (the kit's ready.h), timers, faults, heap, controlled mode, speed.
 *
 * Idea: a goroutine is a thread, and `big` guards what goroutines share.  To wait is to
 * look again after each change; every operation is a change and wakes all who wait: slow,
 * but nobody is forgotten.  Channels need more, or a poll would miss what a waiter is about
 * to do.  So a select that waits (send and receive are selects of one case) stands in a
 * line and sleeps until somebody who changed something has done one of its cases.
 *
 *   I1  No case of a select in the line can proceed while `big` is free.
 *   I2  running counts who neither stands in the line nor has looked in vain since the last
 *       change.  At 0 the clock jumps to wake_ns, the earliest deadline of those who
 *       looked, or it is a deadlock.
 *   I3  `big` is free when an operation panics.
 */
#include <pthread.h>
#include <stdlib.h>

#include "ready.h"

static pthread_mutex_t big = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned alive = 1, running = 1, changes; /* this and what follows: guarded by big */
static int64_t wake_ns = INT64_MAX;
static _Atomic int64_t clock_ns; /* read without big, too */
static struct choice *line;

struct choice { /* a select under way */
    struct gl_case *cases;
    int n, taken; /* -1: none yet */
    pthread_cond_t done;
    struct choice *next;
};

struct chan {
    size_t size;
    int64_t cap, len, first;
    bool closed;
    unsigned char buf[];
};

/* A lock, wait group, once, condition variable or atomic: each uses its part. */
struct object {
    _Atomic int64_t value; /* of an atomic or wait group; once: whether done */
    enum gl_kind kind;
    bool claimed;            /* a writer is in, or waits for the readers to leave */
    int64_t readers, queued; /* in, and due to get in before another writer does */
    int64_t tickets, called; /* of a cond: given, and let go; wg: called counts the zeros */
    struct object *mutex;    /* of a cond */
};

static void change(void)
{
    changes++;
    running = alive;
    for (struct choice *s = line; s != NULL; s = s->next)
        running -= s->taken < 0;
    wake_ns = INT64_MAX;
    pthread_cond_broadcast(&changed);
}

static void rest(void)
{
    if (--running == 0) {
        clock_ns = wake_ns;
        if (clock_ns == INT64_MAX)
            ready_fatal("all goroutines are asleep - deadlock!");
        change();
    }
}

static void look_again(void)
{
    unsigned seen = changes;
    rest();
    while (changes == seen)
        pthread_cond_wait(&changed, &big);
}

static unsigned char *cell(struct chan *c, int64_t i)
{
    return c->buf + (size_t)(i % c->cap) * c->size;
}

/* Does k with somebody in the line who has the other end of it. */
static bool meet(const struct chan *c, struct gl_case *k)
{
    for (struct choice *s = line; s != NULL; s = s->next)
        for (int i = 0; s->taken < 0 && i < s->n; i++) {
            struct gl_case *o = &s->cases[i];
            if (o->ch != c || o->send == k->send)
                continue;
            ready_copy(k->send ? o->elem : k->elem, k->send ? k->elem : o->elem, c->size);
            s->taken = i;
            pthread_cond_signal(&s->done);
            return o->ok = true;
        }
    return false;
}

/* Does k, if that is possible; a newcomer may meet somebody in the line.  ok: it was not
 * refused because the channel is closed. */
static bool proceed(struct gl_case *k, bool is_new)
{
    struct chan *c = k->ch;
    if (c == NULL)
        return false;
    k->ok = !c->closed || (!k->send && c->len > 0);
    if (k->ok && c->len == (k->send ? c->cap : 0))
        return is_new && meet(c, k);
    if (k->ok && k->send) {
        ready_copy(cell(c, c->first + c->len++), k->elem, c->size);
    } else if (k->ok) {
        ready_copy(k->elem, cell(c, c->first++), c->size);
        c->len--;
    } else if (!k->send) {
        ready_copy(k->elem, NULL, c->size);
    }
    return true;
}

/* Takes the first case that can proceed, in an order where all are equally likely. */
static bool choose(struct choice *s, bool is_new)
{
    int order[64];
    ready_shuffle(order, s->n);
    for (int i = 0; i < s->n && s->taken < 0; i++)
        if (proceed(&s->cases[order[i]], is_new))
            s->taken = order[i];
    if (s->taken >= 0)
        pthread_cond_signal(&s->done);
    return s->taken >= 0;
}

/* Every operation enters, which gives its object, and leaves. */
static void *enter(void *object)
{
    ready_disturb();
    pthread_mutex_lock(&big);
    return object;
}

/* First come first served (I1); what was done for one may help another. */
static void leave(void)
{
    for (struct choice *s = line; s != NULL;)
        s = s->taken < 0 && choose(s, false) ? line : s->next;
    change();
    pthread_mutex_unlock(&big);
}

static void end(void)
{
    enter(NULL);
    if (--alive == 0)
        ready_fatal("no goroutines (main called runtime.Goexit) - deadlock!");
    rest();
    pthread_mutex_unlock(&big);
}

static void go(gl_fn fn, void *arg)
{
    enter(NULL);
    alive++;
    leave();
    ready_thread(fn, arg, end);
}

static int start(gl_fn fn, void *arg)
{
    ready_main(fn, arg, end);
    return 0;
}

static int64_t now_ns(void)
{
    return clock_ns;
}

static void sleep_ns(int64_t d)
{
    enter(NULL);
    int64_t deadline = d < INT64_MAX - clock_ns ? clock_ns + d : INT64_MAX - 1;
    for (; clock_ns < deadline; look_again())
        wake_ns = deadline < wake_ns ? deadline : wake_ns;
    leave();
}

/* ---- channels ---- */

static void *chan_make(size_t size, int64_t cap)
{
    struct chan *c = NULL;
    if (cap >= 0 && (size == 0 || cap <= (1 << 30) / (int64_t)size))
        c = calloc(1, sizeof *c + (size_t)cap * size);
    if (c == NULL)
        ready_panic(GL_MAKECHAN_SIZE);
    *c = (struct chan){.size = size, .cap = cap};
    return c;
}

static int chan_select(struct gl_case *cases, int n, bool has_default)
{
    struct choice s = {cases, n, -1, PTHREAD_COND_INITIALIZER, NULL}, **last = &line;
    enter(NULL);
    if (!choose(&s, true) && !has_default) {
        while (*last != NULL)
            last = &(*last)->next;
        *last = &s;
        rest();
        while (s.taken < 0)
            pthread_cond_wait(&s.done, &big);
        for (last = &line; *last != &s;)
            last = &(*last)->next;
        *last = s.next;
    }
    leave();
    if (s.taken >= 0 && cases[s.taken].send && !cases[s.taken].ok)
        ready_panic(GL_SEND_CLOSED);
    return s.taken;
}

static void chan_close(void *ch)
{
    if (ch == NULL)
        ready_panic(GL_CLOSE_NIL);
    struct chan *c = enter(ch);
    bool again = c->closed;
    c->closed = true;
    leave();
    if (again)
        ready_panic(GL_CLOSE_CLOSED);
}

static int64_t chan_len(void *ch)
{
    struct chan *c = enter(ch);
    int64_t len = c == NULL ? 0 : c->len;
    leave();
    return len;
}

static int64_t chan_cap(void *ch)
{
    return ch == NULL ? 0 : ((struct chan *)ch)->cap;
}

/* ---- locks and the like ---- */

static void *create(enum gl_kind kind, void *mutex)
{
    struct object *o = ready_alloc(sizeof *o);
    *o = (struct object){.kind = kind, .mutex = mutex};
    return o;
}

static void lock(void *m)
{
    struct object *o = enter(m);
    while (o->claimed || o->queued > 0)
        look_again();
    o->claimed = true;
    while (o->readers > 0)
        look_again();
    leave();
}

static bool trylock(void *m)
{
    struct object *o = enter(m);
    bool ok = !o->claimed && o->readers + o->queued == 0;
    o->claimed |= ok;
    leave();
    return ok;
}

static void unlock(void *m)
{
    struct object *o = enter(m);
    if (!o->claimed)
        ready_fatal(o->kind == GL_RWMUTEX ? "sync: Unlock of unlocked RWMutex"
                                          : "sync: unlock of unlocked mutex");
    o->claimed = false;
    leave();
}

static void rlock(void *m)
{
    struct object *o = enter(m);
    o->queued++;
    while (o->claimed)
        look_again();
    o->queued--;
    o->readers++;
    leave();
}

static bool tryrlock(void *m)
{
    struct object *o = enter(m);
    bool ok = !o->claimed;
    o->readers += ok;
    leave();
    return ok;
}

static void runlock(void *m)
{
    struct object *o = enter(m);
    if (--o->readers < 0)
        ready_fatal("sync: RUnlock of unlocked RWMutex");
    leave();
}

static void cond_wait(void *c)
{
    struct object *o = enter(c);
    int64_t ticket = o->tickets++; /* before the unlock: no signal after it is missed */
    leave();
    unlock(o->mutex);
    enter(o);
    while (o->called <= ticket)
        look_again();
    leave();
    lock(o->mutex);
}

static void cond_signal(void *c)
{
    struct object *o = enter(c);
    o->called += o->called < o->tickets;
    leave();
}

static void cond_broadcast(void *c)
{
    struct object *o = enter(c);
    o->called = o->tickets;
    leave();
}

static void wg_add(void *w, int64_t delta)
{
    struct object *o = enter(w);
    o->value += delta;
    bool negative = o->value < 0;
    o->called += o->value == 0;
    leave();
    if (negative)
        ready_panic(GL_WG_NEGATIVE);
}

static void wg_wait(void *w)
{
    struct object *o = enter(w);
    int64_t round = o->called;
    while (o->value > 0 && o->called == round)
        look_again();
    leave();
}

const struct gl_ops gl_ops = {
    .name = "toy",
    .version = "2",
    .caps = "chan select mutex rwmutex wg once cond atomic var sleep panic recover goexit "
            "exit elem ptr make one faketime noise parallel die deadlock",
    .max_goroutines = 100,
    .start = start,
    .go = go,
    .exit = _Exit,
    .now_ns = now_ns,
    .sleep_ns = sleep_ns,
    .chan_make = chan_make,
    .chan_free = free,
    .chan_close = chan_close,
    .chan_len = chan_len,
    .chan_cap = chan_cap,
    .select = chan_select,
    .create = create,
    .mutex_lock = lock,
    .mutex_unlock = unlock,
    .mutex_trylock = trylock,
    .rw_lock = lock,
    .rw_unlock = unlock,
    .rw_trylock = trylock,
    .rw_rlock = rlock,
    .rw_runlock = runlock,
    .rw_tryrlock = tryrlock,
    .cond_wait = cond_wait,
    .cond_signal = cond_signal,
    .cond_broadcast = cond_broadcast,
    .wg_add = wg_add,
    .wg_wait = wg_wait,
    READY_FRAMES,
    READY_DERIVED,
    READY_ATOMICS,
};
